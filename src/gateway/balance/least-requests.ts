/**
 * The upstream with the fewest requests in flight for its weight, by a full scan: the highest `weight / (load + 1)`, as
 * in Envoy's LEAST_REQUEST where weights differ; among equals one at random. Sharp, and therefore dangerous: an upstream
 * that fails fast always looks the least busy.
 */
import { type BalancerParts, ownWeight } from './parts.js';
import type { Selector } from './selector.js';

export const leastRequests = ({ random, weightOf = ownWeight }: BalancerParts): Selector => ({
  select: (available, { nowMs }) => {
    let best = available[0]!;
    let lowest = Number.POSITIVE_INFINITY;
    let ties = 0;
    for (const upstream of available) {
      // Infinite at weight 0, so last of all.
      const crowding = (upstream.load + 1) / weightOf(upstream, nowMs);
      if (crowding > lowest) continue;
      // Each of n equals is kept with probability 1/n, so all are equally likely in the end.
      if (crowding < lowest) ties = 1;
      else if (random.below(++ties) !== 0) continue;
      lowest = crowding;
      best = upstream;
    }
    return best;
  },
});
