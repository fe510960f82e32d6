/**
 * How much is offered, by hand while a run goes on. What is changed are the stages of the load; users of a population are
 * as many as they were.
 *
 *     GET /load    { rateRps, scale }: what is offered at this moment, and by what the plan is multiplied; `scale` is null
 *                  while a rate is in its place
 *     PUT /load    { "scale": 2 }, of the plan's rates, or { "rate": "120/s" }, in their place; from now on
 *                  → 200 as GET; 400, 409 (there are no stages), 422 (more than the generator can send)
 */
import type { FastifyInstance } from 'fastify';
import { Optional, Rate, Section, type Static, Type } from '../../core/schema.js';
import { parseRateRps } from '../../core/units.js';
import { MAX_LOAD_RPS } from '../clients/arrivals.js';
import type { World } from '../world.js';

const LoadOrderSchema = Section(
  {
    scale: Optional(
      Type.Number({
        minimum: 0,
        description: 'Every rate of the plan is multiplied by this; 0: nothing is sent.',
      }),
    ),
    rate: Optional(Rate('Requests a second, in place of the plan’s.')),
  },
  'What is offered from now on: `scale` or `rate`.',
);

const refusal = (statusCode: number, detail: string): Error =>
  Object.assign(new Error(detail), { statusCode });

export const serveLoad = (app: FastifyInstance, world: Pick<World, 'load' | 'changeLoad'>): void => {
  const answer = () => {
    const { offeredRps, change } = world.load();
    return { rateRps: Number(offeredRps.toFixed(2)), scale: change.rateRps === null ? change.scale : null };
  };
  app.get('/load', answer);
  app.put<{ Body: Static<typeof LoadOrderSchema> }>(
    '/load',
    { schema: { body: LoadOrderSchema } },
    ({ body: { scale, rate } }) => {
      if ((scale === undefined) === (rate === undefined))
        throw refusal(422, 'give `scale`, of the plan’s rates, or `rate`, in their place');
      const { highestRps } = world.load();
      if (highestRps === null) throw refusal(409, 'the load is a population alone: it has no rate to change');
      const rateRps = rate === undefined ? null : parseRateRps(rate);
      const highest = rateRps ?? highestRps * (scale ?? 1);
      if (highest > MAX_LOAD_RPS) {
        const detail = `at most ${MAX_LOAD_RPS}/s, or the generator falls behind; this comes to ${Math.round(highest)}/s`;
        throw refusal(422, detail);
      }
      world.changeLoad({ scale: scale ?? 1, rateRps });
      return answer();
    },
  );
};
