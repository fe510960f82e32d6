/**
 * Faults by hand while a run goes on, checked by the same functions as a timeline's.
 *
 *     GET    /faults    what is at work, by worker
 *     POST   /faults    { inject, on, for?, …the fault's parameters }, as in a timeline, without `at`
 *                       → 200 { injected, down }: on whom, and who is down and cannot get it; 422 (not valid)
 *     DELETE /faults    ?fault=NAME&on=WORKER (or a cluster); either may be left out or `all`
 *                       → 200 { healed }; 422 (no such fault, no such worker, one that cannot be healed)
 *
 * A fault that outlasts its process is given to a worker that is down too: it begins when the worker is back.
 */
import type { FastifyInstance } from 'fastify';
import { explainTooLong } from '../core/document/durations.js';
import { dotted } from '../core/document/positions.js';
import { checkSchema } from '../core/document/schema-problems.js';
import type { Fleet, WorkerStatus } from '../upstream/fleet.js';
import {
  type Action,
  checkEntry,
  type EntryScope,
  resolveEntry,
  TimelineEntrySchema,
  type TimelineEntrySection,
} from './timeline.js';

type Order<Type extends 'inject' | 'heal'> = Extract<Action, { type: Type }>;

const refusal = (detail: string): Error => Object.assign(new Error(detail), { statusCode: 422 });

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @throws an error with status 422, as Fastify wants it, that says all that is wrong. */
const parseOrder = <Type extends 'inject' | 'heal'>(
  type: Type,
  sent: unknown,
  scope: Pick<EntryScope, 'workers' | 'clusters'>,
): Order<Type> => {
  if (!isObject(sent)) throw refusal(`expected an object such as { "${type}": "slow", "on": "worker-1" }`);
  if (sent.at !== undefined) throw refusal('at: it happens now; a moment belongs into a timeline');
  if (sent[type] === undefined) throw refusal(`missing \`${type}\`, the name of a fault`);
  const entry = { at: '0s', ...sent } as TimelineEntrySection;
  const ofForm = checkSchema(entry, TimelineEntrySchema).map(
    ({ path, message }) => `${dotted(path)}: ${message}`,
  );
  if (ofForm.length > 0) throw refusal(ofForm.join('\n'));
  const tooLong = entry.for === undefined ? null : explainTooLong(entry.for);
  if (tooLong !== null) throw refusal(`for: ${tooLong}`);
  const whole = { ...scope, gateway: {} };
  const ofSense = checkEntry(entry, whole).map(({ key, path = [], message }) => {
    const place = dotted([...(key === '' ? [] : [key]), ...path]);
    return place === '' ? message : `${place}: ${message}`;
  });
  if (ofSense.length > 0) throw refusal(ofSense.join('\n'));
  return resolveEntry(entry, whole).action as Order<Type>;
};

const atWork = (status: readonly WorkerStatus[]) =>
  status.flatMap(({ worker, faults }) => faults.map((injection) => ({ worker, ...injection })));

/** @param clusters names for several workers, as in the scenario. */
export const serveFaults = (
  app: FastifyInstance,
  fleet: Fleet,
  clusters: EntryScope['clusters'] = {},
): void => {
  const scope = () => ({ workers: fleet.status().map(({ worker }) => worker), clusters });
  app.get('/faults', () => atWork(fleet.status()));
  app.post('/faults', ({ body }) => {
    const order = parseOrder('inject', body, scope());
    const injected = order.workers.filter((worker) => fleet.inject(worker, order.injection));
    return { injected, down: order.workers.filter((worker) => !injected.includes(worker)) };
  });
  app.delete<{ Querystring: { fault?: string; on?: string } }>(
    '/faults',
    ({ query: { fault = 'all', on = 'all', ...unknown } }) => {
      const order = parseOrder('heal', { heal: fault, on, ...unknown }, scope());
      const before = fleet.status();
      for (const worker of order.workers) fleet.heal(worker, order.fault);
      const left = new Set(fleet.status().flatMap(({ faults }) => faults));
      const healed = before.flatMap(({ worker, faults }) =>
        faults
          .filter((injection) => !left.has(injection))
          .map((injection) => ({ worker, fault: injection.fault })),
      );
      return { healed };
    },
  );
};
