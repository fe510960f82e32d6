/**
 * One at random, each in proportion to its weight. Knows nothing and so cannot be misled; the price is that it sends two
 * requests in a row to one upstream as readily as to two.
 */
import { type BalancerParts, ownWeight, totalWeight } from './parts.js';
import type { Selector } from './selector.js';

export const weightedRandom = ({ random, weightOf = ownWeight }: BalancerParts): Selector => ({
  select: (available, { nowMs }) => {
    const total = totalWeight(available, weightOf, nowMs);
    if (total === 0) return available[random.below(available.length)]!;
    let point = random.next() * total;
    // Rounding may leave the point just beyond the end: it then belongs to the last that has a weight.
    let chosen = available[0]!;
    for (const upstream of available) {
      const weight = weightOf(upstream, nowMs);
      if (weight === 0) continue;
      chosen = upstream;
      point -= weight;
      if (point < 0) break;
    }
    return chosen;
  },
});
