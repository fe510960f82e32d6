/**
 * The upstream with the fewest requests in flight, by a full scan; among equals one at random. Sharp, and therefore
 * dangerous: an upstream that fails fast always looks the least busy.
 */
import type { Random } from '../../core/random.js';
import type { Selector } from './selector.js';

export const leastRequests = (random: Random): Selector => ({
  select: (available) => {
    let best = available[0]!;
    let ties = 1;
    for (const upstream of available.slice(1)) {
      if (upstream.load > best.load) continue;
      // Each of n equals is kept with probability 1/n, so all are equally likely in the end.
      if (upstream.load < best.load) ties = 1;
      else if (random.below(++ties) !== 0) continue;
      best = upstream;
    }
    return best;
  },
});
