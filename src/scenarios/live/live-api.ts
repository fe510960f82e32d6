/**
 * The API of a lab, or of a run that is watched: what there is to choose from, what is to run, and, while something runs,
 * its control API (`control/control.ts`).
 *
 *     GET  /state        { state, scenario, variant }: lab, run or idle
 *     GET  /scenarios    the bundled ones, with their variants and how long they take
 *     GET  /catalog      every fault, every policy, with its parameters and what it does
 *     GET  /schema       JSON Schema of scenario files
 *     POST /run          { scenario, variants?, engine?, seed? } → 202; it takes the place of what runs
 *     POST /lab          → 202; back to the lab
 *     POST /stop         → 202; what runs is ended, of a scenario with what was measured so far
 *     GET  /result       of the last scenario that was run here; 404: there is none
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { UserError } from '../../core/errors.js';
import { OneOf, Optional, Section, type Static, Type } from '../../core/schema.js';
import { buildControl, type Control, orderServer } from '../control/control.js';
import { ENGINES } from '../engines.js';
import type { Result } from '../result.js';
import { ScenarioSchema } from '../scenario.js';
import type { Stage } from '../timeline/perform.js';
import type { ScenarioAnswer } from './api.js';
import { makeCatalog } from './catalog.js';
import { serveLearning } from './learn-api.js';
import type { Learning } from './learning.js';

const RunOrderSchema = Section(
  {
    scenario: Type.String({ minLength: 1, description: 'Name of a bundled one, or of a lesson.' }),
    variants: Optional(
      Type.Array(Type.String({ minLength: 1 }), { minItems: 1, description: 'Only these; default all.' }),
    ),
    engine: Optional(OneOf(ENGINES, 'Default real.')),
    seed: Optional(
      Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1, description: 'Instead of the one in the file.' }),
    ),
  },
  'A scenario to run.',
);

export type WrittenRunOrder = Static<typeof RunOrderSchema>;

export interface LiveState {
  readonly state: 'lab' | 'run' | 'idle';
  readonly scenario: string | null;
}

/** Who decides what runs. */
export interface Host {
  readonly state: LiveState;
  /** Of the last scenario that was run; `null`: none was. */
  readonly result: Result | null;
  /** @throws UserError for what there is not; nothing has been stopped then. */
  run(order: WrittenRunOrder): Promise<void>;
  /** @throws UserError where there is no lab. */
  lab(): Promise<void>;
  stop(): Promise<void>;
}

/** Routes that do not need anything to run, by the first part of their path. */
const OWN = ['state', 'scenarios', 'catalog', 'schema', 'run', 'lab', 'stop', 'result'] as const;

/** Routes of the lessons and challenges (`learn-api.ts`), which do not need it either. */
const LEARN = ['lessons', 'challenges'] as const;

const NEEDS_NO_RUN: readonly string[] = [...OWN, ...LEARN];

const accepted = (reply: FastifyReply, state: LiveState) => reply.code(202).send(state);

/** Every route of the API that does not need anything to run. */
export const serveOwn = (
  app: FastifyInstance,
  host: Host,
  scenarios: () => Promise<readonly ScenarioAnswer[]>,
): void => {
  const catalog = makeCatalog();
  app.get('/state', () => host.state);
  app.get('/scenarios', () => scenarios());
  app.get('/catalog', () => catalog);
  app.get('/schema', () => ScenarioSchema);
  app.get('/result', () => {
    const { result } = host;
    if (result === null) throw Object.assign(new Error('nothing was run here yet'), { statusCode: 404 });
    return result;
  });
  const order = async (what: Promise<void>, reply: FastifyReply) => {
    try {
      await what;
    } catch (error) {
      if (error instanceof UserError) throw Object.assign(new Error(error.message), { statusCode: 422 });
      throw error;
    }
    return accepted(reply, host.state);
  };
  app.post<{ Body: WrittenRunOrder }>('/run', { schema: { body: RunOrderSchema } }, ({ body }, reply) =>
    order(host.run(body), reply),
  );
  app.post('/lab', (_request, reply) => order(host.lab(), reply));
  app.post('/stop', (_request, reply) => order(host.stop(), reply));
};

export class LiveApi {
  readonly #own: FastifyInstance;
  /** Where nothing runs, what is asked of a run is answered with that. */
  readonly #nobody: FastifyInstance;
  #control: FastifyInstance | null = null;

  private constructor(own: FastifyInstance, nobody: FastifyInstance) {
    this.#own = own;
    this.#nobody = nobody;
  }

  /** @param learning `null`: there is nothing to learn here, as beside a single run. */
  static async make(
    host: Host,
    scenarios: () => Promise<readonly ScenarioAnswer[]>,
    learning: Learning | null = null,
  ): Promise<LiveApi> {
    const own = orderServer();
    serveOwn(own, host, scenarios);
    if (learning !== null) serveLearning(own, learning);
    const detail = 'nothing runs; POST /api/lab begins the lab';
    const nobody = orderServer(() => ({ status: 409, detail }));
    await Promise.all([own.ready(), nobody.ready()]);
    return new LiveApi(own, nobody);
  }

  /** Opens a run; until it is closed, orders go there. */
  readonly open = async (stage: Stage): Promise<Control> => {
    const control = buildControl(stage);
    await control.ready();
    this.#control = control;
    return {
      address: '/api/',
      close: async () => {
        if (this.#control === control) this.#control = null;
        await control.close();
      },
    };
  };

  readonly handle = (request: IncomingMessage, response: ServerResponse): void => {
    const [, first = ''] = request.url?.split(/[/?]/, 2) ?? [];
    const app = NEEDS_NO_RUN.includes(first) ? this.#own : (this.#control ?? this.#nobody);
    app.routing(request, response);
  };

  async close(): Promise<void> {
    await Promise.all([this.#own.close(), this.#nobody.close()]);
  }
}
