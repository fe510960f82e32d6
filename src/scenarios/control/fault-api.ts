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
import type { Fleet, WorkerStatus } from '../../upstream/fleet.js';
import type { Action, EntryScope } from '../timeline/timeline.js';
import { parseByHand } from './by-hand.js';

type Order<Type extends 'inject' | 'heal'> = Extract<Action, { type: Type }>;

const atWork = (status: readonly WorkerStatus[]) =>
  status.flatMap(({ worker, faults }) => faults.map((injection) => ({ worker, ...injection })));

export const serveFaults = (app: FastifyInstance, fleet: Fleet, scope: () => EntryScope): void => {
  app.get('/faults', () => atWork(fleet.status()));
  app.post('/faults', ({ body }) => {
    const order = parseByHand(body, scope(), 'inject').action as Order<'inject'>;
    const injected = order.workers.filter((worker) => fleet.inject(worker, order.injection));
    return { injected, down: order.workers.filter((worker) => !injected.includes(worker)) };
  });
  app.delete<{ Querystring: { fault?: string; on?: string } }>(
    '/faults',
    ({ query: { fault = 'all', on = 'all', ...unknown } }) => {
      const { action } = parseByHand({ heal: fault, on, ...unknown }, scope(), 'heal');
      const order = action as Order<'heal'>;
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
