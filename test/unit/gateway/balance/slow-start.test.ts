/** Slow start: Envoy's formula. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SLOW_START_DEFAULTS, slowStartWeight } from '../../../../src/gateway/balance/slow-start.js';

const OPTIONS = { ...SLOW_START_DEFAULTS, windowMs: 60_000 };

describe('a weight of 10', () => {
  it.each<readonly [upForMs: number, aggression: number, expected: number]>([
    [0, 1, 1],
    [3_000, 1, 1],
    [6_000, 1, 1],
    [15_000, 1, 2.5],
    [30_000, 1, 5],
    [60_000, 1, 10],
    [90_000, 1, 10],
    // √(1/4)
    [15_000, 2, 5],
    // (1/2)²
    [30_000, 0.5, 2.5],
    // A clock that was set back is no reason for a weight below the least.
    [-5_000, 1, 1],
    [-5_000, 2, 1],
  ])('after %i ms of a minute, with aggression %d, is %d', (upForMs, aggression, expected) => {
    expect(slowStartWeight(10, upForMs, { ...OPTIONS, aggression })).toBeCloseTo(expected);
  });

  it('is whole at once without a window', () => {
    expect(slowStartWeight(10, 0, { ...OPTIONS, windowMs: 0 })).toBe(10);
  });
});

describe('a weight', () => {
  it('only grows, from its least part to the whole', () => {
    const times = fc.tuple(fc.nat(100_000), fc.nat(100_000));
    const aggression = fc.double({ min: 0.1, max: 10, noNaN: true });
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 100, noNaN: true }),
        times,
        aggression,
        (weight, [one, other], by) => {
          const options = { ...OPTIONS, aggression: by };
          const earlier = slowStartWeight(weight, Math.min(one, other), options);
          const later = slowStartWeight(weight, Math.max(one, other), options);
          expect(earlier).toBeLessThanOrEqual(later);
          expect(earlier).toBeGreaterThanOrEqual(weight * 0.1);
          expect(later).toBeLessThanOrEqual(weight);
        },
      ),
    );
  });
});
