/**
 * The power of two choices (Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 2001): of two
 * upstreams drawn at random, the one with fewer requests in flight.
 */
import type { Random } from '../../core/random.js';
import type { Selector } from './selector.js';

export const p2c = (random: Random): Selector => ({
  select: (available) => {
    if (available.length === 1) return available[0]!;
    const first = random.below(available.length);
    // Without replacement: the second is drawn from the others.
    const second = (first + 1 + random.below(available.length - 1)) % available.length;
    const [a, b] = [available[first]!, available[second]!];
    return b.load < a.load ? b : a;
  },
});
