/** What may be said of two shares, and of two groups of values: against published figures. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chanceOfSeparation, estimateShareDifference, normalQuantile } from '../../../src/core/statistics.js';

describe('a quantile of the normal distribution', () => {
  it.each([
    [0.5, 0],
    [0.975, 1.959964],
    [0.995, 2.575829],
    [0.9995, 3.290527],
    [0.025, -1.959964],
  ])('of %s is %s', (share, quantile) => {
    expect(normalQuantile(share)).toBeCloseTo(quantile, 5);
  });
});

describe('the difference of two shares', () => {
  // Table II of Newcombe 1998, method 10.
  it.each([
    [56, 70, 48, 80, 0.0524, 0.3339],
    [9, 10, 3, 10, 0.1705, 0.809],
    [6, 7, 2, 7, 0.0582, 0.8062],
    [5, 56, 0, 29, -0.0381, 0.1926],
    [0, 10, 0, 20, -0.1611, 0.2775],
    [10, 10, 0, 20, 0.6791, 1],
  ])('%s/%s less %s/%s', (count, of, otherCount, otherOf, low, high) => {
    const estimate = estimateShareDifference({ count, of }, { count: otherCount, of: otherOf }, 0.95);
    expect(estimate.value).toBeCloseTo(count / of - otherCount / otherOf, 10);
    expect(estimate.low).toBeCloseTo(low, 3);
    expect(estimate.high).toBeCloseTo(high, 3);
  });

  it('is within its interval, and the other way round its opposite', () => {
    const share = fc
      .integer({ min: 1, max: 5_000 })
      .chain((of) => fc.record({ count: fc.integer({ min: 0, max: of }), of: fc.constant(of) }));
    fc.assert(
      fc.property(share, share, (one, other) => {
        const { value, low, high } = estimateShareDifference(one, other, 0.95);
        expect(low).toBeLessThanOrEqual(value + 1e-12);
        expect(high).toBeGreaterThanOrEqual(value - 1e-12);
        const opposite = estimateShareDifference(other, one, 0.95);
        expect(opposite.low).toBeCloseTo(-high, 9);
        expect(opposite.high).toBeCloseTo(-low, 9);
      }),
    );
  });
});

describe('the chance that two groups of equals part', () => {
  it.each([
    [1, 1, 1],
    [3, 3, 0.1],
    [4, 4, 2 / 70],
    [3, 5, 2 / 56],
    [8, 8, 2 / 12_870],
    [1, 39, 2 / 40],
  ])('%s and %s', (one, other, chance) => {
    expect(chanceOfSeparation(one, other)).toBeCloseTo(chance, 12);
    expect(chanceOfSeparation(other, one)).toBeCloseTo(chance, 12);
  });
});
