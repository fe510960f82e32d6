/**
 * The workers of a run, and what is done to one of them by hand that is no fault.
 *
 *     GET  /workers                every worker as it stands
 *     POST /workers/:id/kill       SIGKILL: it dies, and comes back as after any death → 202; 404, 409 (it is down)
 *     POST /workers/:id/restart    drained for a second at most, ended, and started anew → 202; 404, 409 (none is to run there)
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { thereAre } from '../../core/nearest.js';
import type { Fleet } from '../../upstream/fleet.js';
import type { EntryScope } from '../timeline/timeline.js';

const problem = (reply: FastifyReply, status: number, detail: string) => {
  reply.code(status).type('application/problem+json');
  return { type: 'about:blank', status, title: 'Nothing was done', detail };
};

export const serveWorkers = (app: FastifyInstance, fleet: Fleet, scope: () => EntryScope): void => {
  app.get('/workers', () => fleet.status());
  const order = (name: string, act: (worker: string) => boolean, why: string): void => {
    app.post<{ Params: { id: string } }>(`/workers/:id/${name}`, ({ params: { id } }, reply) => {
      const { workers, own } = scope();
      if (!workers.includes(id)) return problem(reply, 404, `there is no ${id}${thereAre(id, workers)}`);
      if (own) return problem(reply, 409, `${id} is an upstream of your own: it is yours to ${name}`);
      if (!act(id)) return problem(reply, 409, `${id} ${why}`);
      return reply.code(202).send({ worker: id });
    });
  };
  order('kill', (worker) => fleet.kill(worker), 'is down already');
  order('restart', (worker) => fleet.restart(worker), 'does not run, and is not to');
};
