/** The centre of measurements and its interval, against tables and an example of the literature. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateCentre, leastMeasurements } from '../../../src/core/statistics.js';

/** Powers of two: every average of two is another, so an end of the interval says which one it is. */
const distinct = (n: number): number[] => Array.from({ length: n }, (_, index) => 2 ** index);

const averagesOf = (values: readonly number[]): number[] =>
  values.flatMap((one, index) => values.slice(index).map((other) => (one + other) / 2)).sort((a, b) => a - b);

describe('the interval', () => {
  /** Critical values of the signed-rank statistic, two-sided 5 % (Wilcoxon and Wilcox, 1964). */
  it.each([
    [6, 0],
    [7, 2],
    [8, 3],
    [9, 5],
    [10, 8],
    [11, 10],
    [12, 13],
    [13, 17],
    [14, 21],
    [15, 25],
    [16, 29],
    [17, 34],
    [18, 40],
    [19, 46],
    [20, 52],
  ])('of %d values begins behind as many averages as the table’s critical value: %d', (n, critical) => {
    const averages = averagesOf(distinct(n));
    const { low, high } = estimateCentre(distinct(n), 0.95);
    expect(averages.indexOf(low)).toBe(critical);
    expect(averages.indexOf(high)).toBe(averages.length - 1 - critical);
  });

  it('is that of Hollander and Wolfe for the depression scores of their chapter 3', () => {
    const before = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3];
    const after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
    const { value, low, high } = estimateCentre(
      after.map((score, index) => score - before[index]!),
      0.95,
    );
    expect(value).toBeCloseTo(-0.46, 3);
    expect(low).toBeCloseTo(-0.786, 3);
    expect(high).toBeCloseTo(-0.01, 3);
  });

  it('is everything while there are too few values', () => {
    expect(leastMeasurements(0.95)).toBe(6);
    expect(estimateCentre([1, 2, 3, 4, 5], 0.95)).toMatchObject({
      value: 3,
      low: Number.NEGATIVE_INFINITY,
      high: Number.POSITIVE_INFINITY,
    });
  });

  it('holds the centre, turns round with the values, and moves with them', () => {
    const values = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 6, maxLength: 20 });
    fc.assert(
      fc.property(values, fc.integer({ min: -50, max: 50 }), (some, shift) => {
        const { value, low, high } = estimateCentre(some, 0.95);
        expect(low).toBeLessThanOrEqual(value);
        expect(high).toBeGreaterThanOrEqual(value);
        const turned = estimateCentre(
          some.map((one) => -one),
          0.95,
        );
        expect(turned.low + high).toBe(0);
        const moved = estimateCentre(
          some.map((one) => one + shift),
          0.95,
        );
        expect(moved.low).toBeCloseTo(low + shift, 9);
      }),
    );
  });
});
