/** When the load grew, told from chance. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/core/random.js';
import { findLoadGrowths } from '../../../../src/scenarios/incident/load-growth.js';
import { TICK_MS } from '../../../../src/scenarios/monitoring/ticks.js';

/** Poisson arrivals at a rate that may change. */
const arrivals = (seed: number, rateAt: (s: number) => number, seconds = 20) => {
  const random = new Random(seed);
  const ticks = Array.from({ length: (seconds * 1_000) / TICK_MS }, () => ({ requests: 0 }));
  for (let s = random.exponential(1 / rateAt(0)); s < seconds; s += random.exponential(1 / rateAt(s))) {
    ticks[Math.floor((s * 1_000) / TICK_MS)]!.requests++;
  }
  return ticks;
};

describe('a growth of the load', () => {
  it('is found soon, with when it began and how much it was', () => {
    const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });
    fc.assert(
      fc.property(seeds, (seed) => {
        const [first, ...more] = findLoadGrowths(arrivals(seed, (s) => (s < 8 ? 224 : 480)));
        expect(more).toEqual([]);
        expect(Math.abs(first!.atMs - 8_000)).toBeLessThanOrEqual(1_500);
        expect(first!.knownMs - 8_000).toBeLessThan(1_500);
        expect(first!.fromRps).toBeGreaterThan(150);
        expect(first!.fromRps).toBeLessThan(300);
        expect(first!.toRps).toBeGreaterThan(240);
      }),
      { numRuns: 50 },
    );
  });

  it('is not found where there is none, at any rate', () => {
    const rates = fc.constantFrom(5, 50, 200, 1_000);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), rates, (seed, rate) => {
        expect(findLoadGrowths(arrivals(seed, () => rate, 30)).length).toBe(0);
      }),
      { numRuns: 50, seed: 42 },
    );
  });

  it('is not found where the load falls', () => {
    expect(findLoadGrowths(arrivals(1, (s) => (s < 8 ? 480 : 224)))).toEqual([]);
  });

  it('is several on a ramp', () => {
    const found = findLoadGrowths(arrivals(2, (s) => 100 + 60 * s));
    expect(found.length).toBeGreaterThan(1);
    expect(found.map(({ fromRps }) => fromRps)).toEqual(
      found.map(({ fromRps }) => fromRps).sort((a, b) => a - b),
    );
  });
});
