/**
 * Whatever a timeline can do, by hand while a run goes on.
 *
 *     POST /timeline    an entry without `at`, such as { "disrupt": "kill", "on": "gateway-1", "for": "2s" }
 *                       → 202 { action }: it is begun, and events tell what becomes of it; 422 (not valid).
 *                       A push to the gateway is answered as the gateway does: 202, 409, 422, 423
 *     GET  /actions     what an entry can do here: its keys, whom it can be done to, and why not what cannot be done
 */
import type { FastifyInstance } from 'fastify';
import { ACTIONS, type TimelineEntry } from '../timeline/timeline.js';
import { type ActionWorld, actionForms, explainImpossible } from './action-forms.js';
import { parseByHand } from './by-hand.js';
import type { GatewayAnswer } from './gateway-api.js';

/** @param body one in which one has been found. */
const actionOf = (body: unknown): string =>
  ACTIONS.find((action) => (body as Readonly<Record<string, unknown>>)[action] !== undefined) ?? '';

/** @param carryOut resolves with what somebody else says to it; `null`: it is begun. */
export const serveTimeline = (
  app: FastifyInstance,
  world: ActionWorld,
  carryOut: (entry: TimelineEntry) => Promise<GatewayAnswer | null>,
): void => {
  app.get('/actions', () => actionForms(world));
  app.post('/timeline', async ({ body }, reply) => {
    const entry = parseByHand(body, world.scope);
    const impossible = explainImpossible(actionOf(body), world);
    if (impossible !== null) throw Object.assign(new Error(impossible), { statusCode: 422 });
    const answer = await carryOut(entry);
    if (answer === null || answer.status < 400) return reply.code(202).send({ action: entry.action.type });
    return reply.code(answer.status).type(answer.type).send(answer.body);
  });
};
