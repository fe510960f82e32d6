/** What may be said of a ratio after some noisy trials: the estimate, its interval, and how often that is right. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateRatio } from '../../../src/bench/statistics.js';
import { Random } from '../../../src/core/random.js';
import { medianOf, summarize } from '../../../src/core/statistics.js';

describe('the middle', () => {
  it.each([
    [[3], 3],
    [[1, 9], 5],
    [[9, 1, 2], 2],
    [[4, 1, 3, 2], 2.5],
  ])('of %j is %d', (values, expected) => {
    expect(medianOf(values)).toBe(expected);
  });

  it('comes with the spread', () => {
    expect(summarize([5, 1, 3])).toEqual({ median: 3, min: 1, max: 5 });
  });
});

describe('the estimate of a ratio', () => {
  it('is the ratio when every trial says the same', () => {
    const estimate = estimateRatio(new Array(8).fill(1.15), 0.95);
    expect(estimate.value).toBeCloseTo(1.15);
    expect(estimate.low).toBeCloseTo(1.15);
    expect(estimate.high).toBeCloseTo(1.15);
  });

  it('says nothing with fewer trials than 95 % needs', () => {
    const five = estimateRatio([1.1, 1.2, 1.1, 1.2, 1.1], 0.95);
    expect(five).toMatchObject({ low: 0, high: Number.POSITIVE_INFINITY });
    expect(estimateRatio([1.1, 1.2, 1.1, 1.2, 1.1, 1.2], 0.95).low).toBeCloseTo(1.1);
  });

  // Critical values of the signed-rank test at 5 %, two-sided, as statistical tables print them.
  it.each([
    [6, 0],
    [7, 2],
    [8, 3],
    [9, 5],
    [10, 8],
    [12, 13],
    [15, 25],
    [20, 52],
    [24, 81],
  ])('from %d trials leaves out what the tables of the signed-rank test say, %d averages', (n, critical) => {
    // Powers of a base so large that every average of two logarithms is a value of its own, in a known order.
    const logs = Array.from({ length: n }, (_, index) => 1.5 ** index);
    const averages = logs
      .flatMap((a, index) => logs.slice(index).map((b) => (a + b) / 2))
      .toSorted((a, b) => a - b);
    const SCALE = 1e-4;
    const { low, high } = estimateRatio(
      logs.toReversed().map((log) => Math.exp(log * SCALE)),
      0.95,
    );
    expect(Math.log(low) / SCALE).toBeCloseTo(averages[critical]!, 6);
    expect(Math.log(high) / SCALE).toBeCloseTo(averages.at(-1 - critical)!, 6);
  });

  it('is moved little by one trial of twelve that a neighbour spoiled', () => {
    const quiet = [1, 1.01, 0.99, 1.02, 0.98, 1, 1.01, 0.99, 1.02, 0.98, 1];
    const { value, low, high } = estimateRatio([...quiet, 3], 0.95);
    expect(value).toBeCloseTo(1, 1);
    expect(low).toBeGreaterThan(0.97);
    expect(high).toBeLessThan(1.05);
  });

  it('turns round when the sides are exchanged', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.1, max: 10, noNaN: true }), { minLength: 1, maxLength: 25 }),
        (ratios) => {
          const [a, b] = [
            estimateRatio(ratios, 0.95),
            estimateRatio(
              ratios.map((ratio) => 1 / ratio),
              0.95,
            ),
          ];
          expect(a.value * b.value).toBeCloseTo(1);
          if (ratios.length >= 6) expect(a.low * b.high).toBeCloseTo(1);
          expect(a.low).toBeLessThanOrEqual(a.value);
          expect(a.high).toBeGreaterThanOrEqual(a.value);
        },
      ),
    );
  });

  it('holds the truth in about 95 of 100 tries', () => {
    const random = new Random(7);
    const TRIES = 400;
    let held = 0;
    for (let attempt = 0; attempt < TRIES; attempt++) {
      // Noise with a long tail on either side, as a busy machine makes it.
      const ratios = Array.from(
        { length: 9 },
        () => 1.1 * Math.exp(random.exponential(0.03) - random.exponential(0.03)),
      );
      const { low, high } = estimateRatio(ratios, 0.95);
      if (low <= 1.1 && high >= 1.1) held++;
    }
    expect(held / TRIES, 'seed 7').toBeGreaterThan(0.92);
  });
});
