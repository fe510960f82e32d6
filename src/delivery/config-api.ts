/**
 * Config delivery over HTTP: what an operator, a script or a deployment tool talks to.
 *
 *     GET    /config            version, what is on its way, lock
 *     PUT    /config            { config, by, strategy…, breakGlass?, basedOn?, approve?, trial?, smokeTest? }
 *                               → 202, 409 (needs approval), 422 (not valid), 423 (locked)
 *     POST   /config/rollback   { by, strategy… } → 202, 409 (nothing to roll back)
 *     GET    /config/readers    which version each reader is meant to have, and which it runs
 *     PUT    /config/lock       { by, reason }
 *     DELETE /config/lock       ?by=
 *     GET    /config/audit      who asked for what, when, and what was decided
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { DocumentProblem } from '../core/document/document.js';
import { Count, Optional, Section, type Static, Type } from '../core/schema.js';
import type { ChangeOutcome } from './change-gate.js';
import type { ConfigDelivery } from './config-delivery.js';
import type { ConfigChange, ConfigLock } from './config-lock.js';
import type { ReaderState } from './readers.js';
import { resolveSmokeTest, SmokeTestProperties } from './smoke-test.js';
import {
  RollbackProperties,
  resolveRollbackStrategy,
  resolveStrategy,
  StrategyProperties,
} from './strategy.js';
import type { TrafficDelivery } from './traffic-delivery.js';
import {
  findStrategyProblems,
  resolveTrafficStrategy,
  TrafficStrategyProperties,
} from './traffic-strategy.js';
import { resolveTrial, TrialProperties } from './trial.js';

const By = Type.String({ minLength: 1, description: 'Who asks for it.' });

const PushProperties = {
  config: Type.Unknown(),
  by: By,
  breakGlass: Optional(Type.String({ minLength: 1, description: 'Why a lock is to be passed by.' })),
  basedOn: Optional(
    Count(1, 'The version it was made from; refused with 409 when another one is in force by now.'),
  ),
  approve: Optional(
    Type.String({
      minLength: 1,
      description: 'Why it is to go out although it changes much at once, or was made from another version.',
    }),
  ),
} as const;

const PushSchema = Section({ ...PushProperties, ...StrategyProperties, ...TrialProperties }, 'A push.');
const TrafficPushSchema = Section(
  { ...PushProperties, ...TrafficStrategyProperties, ...SmokeTestProperties },
  'A push.',
);
const RollbackSchema = Section({ by: By, ...RollbackProperties }, 'A rollback.');
const TrafficRollbackSchema = Section(
  { by: By },
  'A rollback: every request gets the version before, at once.',
);
const LockSchema = Section({ by: By, reason: Type.String({ minLength: 1 }) }, 'A lock.');
const UnlockSchema = Section({ by: By }, 'An unlock.');

const problemJson = (status: number, detail: string, problems?: readonly DocumentProblem[]) => ({
  type: 'about:blank',
  status,
  title: 'The config was not changed',
  detail,
  ...(problems && { problems }),
});

const answer = (reply: FastifyReply, outcome: ChangeOutcome) => {
  reply.code(outcome.status);
  return outcome.accepted ? { version: outcome.version } : problemJson(outcome.status, outcome.reason);
};

const changeOf = ({
  by,
  breakGlass = '',
  basedOn,
  approve,
}: Omit<ConfigChange, 'breakGlass'> & { readonly breakGlass?: string }): ConfigChange => ({
  by,
  breakGlass,
  ...(basedOn !== undefined && { basedOn }),
  ...(approve !== undefined && { approve }),
});

/** What a push needs to be told when there is no config in it. */
interface Refusing {
  refuseInvalid(by: string, reason: string): ChangeOutcome;
}

/** What a parser throws for what is no config: with `problems`, or with the status of an answer to whoever sent it. */
interface ParseError {
  readonly problems?: readonly DocumentProblem[];
  readonly statusCode?: number;
  readonly message: string;
}

/** In one line, for events and the audit: the first thing that is wrong, and how many more there are. */
const summarize = ({ problems, message }: ParseError): string => {
  const [first] = problems ?? [];
  if (first === undefined) return message.split('\n', 1)[0]!;
  const { path, line, column, message: what } = first;
  const more = problems!.length > 1 ? ` (and ${problems!.length - 1} more)` : '';
  return `${line}:${column}: ${path === '' ? '' : `${path}: `}${what}${more}`;
};

const refuseParsed = (reply: FastifyReply, delivery: Refusing, by: string, error: ParseError) => {
  delivery.refuseInvalid(by, summarize(error));
  reply.code(422);
  return problemJson(422, error.message, error.problems);
};

/** Pushes what was sent, or says where in it something is wrong. */
const pushParsed = async <Config>(
  reply: FastifyReply,
  { delivery, by, parse }: { delivery: Refusing; by: string; parse: () => Config },
  push: (config: Config) => ChangeOutcome | Promise<ChangeOutcome>,
) => {
  let config: Config;
  try {
    config = parse();
  } catch (error) {
    const { problems, statusCode } = error as ParseError;
    if (problems === undefined && statusCode !== 422) throw error;
    return refuseParsed(reply, delivery, by, error as ParseError);
  }
  return answer(reply, await push(config));
};

/** The part that does not depend on how a config goes out. */
interface Lockable {
  readonly lock: ConfigLock;
  lockConfig(by: string, reason: string): void;
  unlockConfig(by: string): void;
}

const serveLock = (app: FastifyInstance, delivery: Lockable): void => {
  app.get('/config/audit', () => delivery.lock.audit);
  app.put<{ Body: Static<typeof LockSchema> }>(
    '/config/lock',
    { schema: { body: LockSchema } },
    ({ body }, reply) => {
      delivery.lockConfig(body.by, body.reason);
      return reply.code(204).send();
    },
  );
  app.delete<{ Querystring: Static<typeof UnlockSchema> }>(
    '/config/lock',
    { schema: { querystring: UnlockSchema } },
    ({ query }, reply) => {
      delivery.unlockConfig(query.by);
      return reply.code(204).send();
    },
  );
};

/**
 * Serves the delivery to a set of readers.
 * @param parse makes a config of what was sent, or throws; an error may carry `problems` with line and column.
 * @param nowMs for how long readers have been behind or silent; without it they are not served.
 */
export const serveConfig = <Config>(
  app: FastifyInstance,
  delivery: ConfigDelivery<Config>,
  parse: (sent: unknown) => Config,
  nowMs?: () => number,
): void => {
  app.get('/config', () => ({
    version: delivery.version,
    underWay: delivery.underWay,
    locked: delivery.lock.locked,
    config: delivery.config,
  }));
  if (nowMs !== undefined) app.get('/config/readers', () => delivery.register.list(nowMs()));
  app.put<{ Body: Static<typeof PushSchema> }>(
    '/config',
    { schema: { body: PushSchema } },
    ({ body }, reply) =>
      pushParsed(reply, { delivery, by: body.by, parse: () => parse(body.config) }, (config) => {
        const trial = resolveTrial(body);
        const [strategy, change] = [resolveStrategy(body), changeOf(body)];
        return trial === null
          ? delivery.push(config, strategy, change)
          : delivery.pushTried(config, strategy, change, trial);
      }),
  );
  app.post<{ Body: Static<typeof RollbackSchema> }>(
    '/config/rollback',
    { schema: { body: RollbackSchema } },
    ({ body }, reply) => answer(reply, delivery.rollback(resolveRollbackStrategy(body), body.by, 'ordered')),
  );
  serveLock(app, delivery);
};

/**
 * Serves the delivery to a reader that serves the requests itself.
 * @param parse as for `serveConfig`, and told whether somebody approves of what a guard would object to.
 * @param readers the processes behind that reader, if they are known one by one.
 */
export const serveTrafficConfig = <Config>(
  app: FastifyInstance,
  delivery: TrafficDelivery<Config>,
  parse: (sent: unknown, approved: boolean) => Config,
  readers?: () => readonly ReaderState[],
): void => {
  app.get('/config', () => ({
    version: delivery.version,
    underWay: delivery.underWay,
    rollout: delivery.status,
    locked: delivery.lock.locked,
    config: delivery.config,
  }));
  if (readers !== undefined) app.get('/config/readers', readers);
  app.put<{ Body: Static<typeof TrafficPushSchema> }>(
    '/config',
    { schema: { body: TrafficPushSchema } },
    ({ body }, reply) => {
      const problems = findStrategyProblems(body);
      if (problems.length > 0) {
        const lines = problems.map(({ path, message }) => `${path.join('.')}: ${message}`);
        return refuseParsed(reply, delivery, body.by, { message: lines.join('\n') });
      }
      const parsed = () => parse(body.config, body.approve !== undefined);
      return pushParsed(reply, { delivery, by: body.by, parse: parsed }, (config) =>
        delivery.pushTested(config, resolveTrafficStrategy(body), changeOf(body), resolveSmokeTest(body)),
      );
    },
  );
  app.post<{ Body: Static<typeof TrafficRollbackSchema> }>(
    '/config/rollback',
    { schema: { body: TrafficRollbackSchema } },
    ({ body }, reply) => answer(reply, delivery.rollback(body.by, 'ordered')),
  );
  serveLock(app, delivery);
};
