/**
 * The power of two choices (Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 2001): of two
 * upstreams drawn at random, the one with fewer requests in flight. Weights do not count: Envoy, too, leaves the two
 * choices where weights differ.
 */
import type { Random } from '../../core/random.js';
import type { BalancerParts } from './parts.js';
import type { Selector } from './selector.js';

/** Without replacement: an index drawn from the others. */
export const drawOther = (random: Random, first: number, count: number): number =>
  (first + 1 + random.below(count - 1)) % count;

export const p2c = ({ random }: BalancerParts): Selector => ({
  select: (available) => {
    if (available.length === 1) return available[0]!;
    const first = random.below(available.length);
    const a = available[first]!;
    const b = available[drawOther(random, first, available.length)]!;
    return b.load < a.load ? b : a;
  },
});
