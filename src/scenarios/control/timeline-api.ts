/**
 * Whatever a timeline can do, by hand while a run goes on.
 *
 *     POST /timeline    an entry without `at`, such as { "disrupt": "kill", "on": "gateway-1", "for": "2s" }
 *                       → 202 { action }: it is begun, and events tell what becomes of it; 422 (not valid).
 *                       A push to the gateway is answered as the gateway does: 202, 409, 422, 423
 */
import type { FastifyInstance } from 'fastify';
import type { EntryScope, TimelineEntry } from '../timeline/timeline.js';
import { parseByHand } from './by-hand.js';
import type { GatewayAnswer } from './gateway-api.js';

/** @param carryOut resolves with what somebody else says to it; `null`: it is begun. */
export const serveTimeline = (
  app: FastifyInstance,
  scope: () => EntryScope,
  carryOut: (entry: TimelineEntry) => Promise<GatewayAnswer | null>,
): void => {
  app.post('/timeline', async ({ body }, reply) => {
    const entry = parseByHand(body, scope());
    const answer = await carryOut(entry);
    if (answer === null || answer.status < 400) return reply.code(202).send({ action: entry.action.type });
    return reply.code(answer.status).type(answer.type).send(answer.body);
  });
};
