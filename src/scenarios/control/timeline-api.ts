/**
 * Whatever a timeline can do, by hand while a run goes on.
 *
 *     POST /timeline    an entry without `at`, such as { "disrupt": "kill", "on": "gateway-1", "for": "2s" }
 *                       → 202 { action }: it is begun, and events tell what becomes of it; 422 (not valid)
 */
import type { FastifyInstance } from 'fastify';
import type { EntryScope, TimelineEntry } from '../timeline/timeline.js';
import { parseByHand } from './by-hand.js';

export const serveTimeline = (
  app: FastifyInstance,
  scope: () => EntryScope,
  carryOut: (entry: TimelineEntry) => void,
): void => {
  app.post('/timeline', ({ body }, reply) => {
    const entry = parseByHand(body, scope());
    carryOut(entry);
    return reply.code(202).send({ action: entry.action.type });
  });
};
