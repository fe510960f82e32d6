/** What holds for every limit algorithm, whatever it is fed with. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/core/random.js';
import type { LimitAlgorithm } from '../../../../src/policies/limits/limit-algorithm.js';
import { LIMIT_ALGORITHMS } from '../../../../src/policies/limits/limit-algorithms.js';

const MIN = 2;
const MAX = 30;

const BOUNDED: Readonly<Record<keyof typeof LIMIT_ALGORITHMS, (seed: number) => LimitAlgorithm>> = {
  fixed: (seed) => LIMIT_ALGORITHMS.fixed({ limit: 7 }, new Random(seed)),
  aimd: (seed) => LIMIT_ALGORITHMS.aimd({ initialLimit: 10, minLimit: MIN, maxLimit: MAX }, new Random(seed)),
  vegas: (seed) =>
    LIMIT_ALGORITHMS.vegas({ initialLimit: 10, minLimit: MIN, maxLimit: MAX }, new Random(seed)),
  gradient2: (seed) =>
    LIMIT_ALGORITHMS.gradient2({ initialLimit: 10, minLimit: MIN, maxLimit: MAX }, new Random(seed)),
  gradient: (seed) =>
    LIMIT_ALGORITHMS.gradient(
      { minConcurrency: MIN, maxLimit: MAX, requestCount: 3, minRttIntervalMs: 500 },
      new Random(seed),
    ),
};

const samples = fc.array(
  fc.record({
    gapMs: fc.double({ min: 0, max: 50, noNaN: true }),
    // A clock may stand still between two moments.
    rttMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 10_000, noNaN: true })),
    inFlight: fc.integer({ min: 1, max: 200 }),
    dropped: fc.boolean(),
  }),
  { maxLength: 300 },
);

describe.each(Object.entries(BOUNDED))('%s', (_name, make) => {
  it('always says a whole number within its bounds, and the same one for the same seed', () => {
    fc.assert(
      fc.property(samples, fc.integer(), (fed, seed) => {
        const [one, other] = [make(seed), make(seed)];
        let nowMs = 0;
        for (const { gapMs, ...sample } of fed) {
          nowMs += gapMs;
          one.onSample({ nowMs, ...sample });
          other.onSample({ nowMs, ...sample });
          const limit = one.limitAt(nowMs);
          expect(Number.isInteger(limit)).toBe(true);
          expect(limit).toBeGreaterThanOrEqual(MIN);
          expect(limit).toBeLessThanOrEqual(MAX);
          expect(other.limitAt(nowMs)).toBe(limit);
        }
      }),
    );
  });
});

describe('a fixed limit', () => {
  it('is what somebody has set, whatever happens', () => {
    const limit = LIMIT_ALGORITHMS.fixed({ limit: 7 }, new Random(1));
    limit.onSample({ nowMs: 0, rttMs: 10_000, inFlight: 7, dropped: true });
    expect(limit.limitAt(1)).toBe(7);
  });
});
