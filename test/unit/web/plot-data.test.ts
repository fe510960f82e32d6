/** What charts draw, reckoned: stacks, tops of axes, the point of a moment, and lines that can be told from each other. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lineStyle, OUTCOMES, outcomeOf } from '../../../src/web/app/parts/palette.js';
import {
  highest,
  indexAt,
  MAX_TABLE_ROWS,
  niceCeiling,
  stackUp,
  tableIndexes,
} from '../../../src/web/app/parts/plot-data.js';

describe('a stack', () => {
  it('adds up from the bottom, and takes a gap for nothing', () => {
    expect(
      stackUp([
        [1, 2, null],
        [3, null, 5],
      ]),
    ).toEqual([
      [1, 2, 0],
      [4, 2, 5],
    ]);
    expect(stackUp([])).toEqual([]);
  });
});

describe('the top of an axis', () => {
  it('is round, not below what is drawn, and at most twice as high', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e9, noNaN: true }), (value) => {
        const top = niceCeiling(value);
        expect(top).toBeGreaterThanOrEqual(value * (1 - 1e-12));
        expect(top).toBeLessThanOrEqual(value * 2);
      }),
    );
  });

  it('is above nothing where there is nothing', () => {
    expect(niceCeiling(0)).toBe(1);
    expect(niceCeiling(Number.NaN)).toBe(1);
    expect(highest([[null, null], []])).toBe(0);
  });
});

describe('the point of a moment', () => {
  it('is the nearest', () => {
    const sorted = fc.uniqueArray(fc.integer({ min: 0, max: 1_000 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(sorted, fc.double({ min: -10, max: 1_010, noNaN: true }), (unsorted, atS) => {
        const times = unsorted.toSorted((a, b) => a - b);
        const distances = times.map((time) => Math.abs(time - atS));
        expect(distances[indexAt(times, atS)]).toBe(Math.min(...distances));
      }),
    );
  });

  it('is the first of none', () => {
    expect(indexAt([], 5)).toBe(0);
  });
});

describe('the table of a curve', () => {
  it('has all points of a short one, and every n-th of a long one', () => {
    expect(tableIndexes(3)).toEqual({ step: 1, indexes: [0, 1, 2] });
    const { step, indexes } = tableIndexes(2_400);
    expect(indexes.length).toBeLessThanOrEqual(MAX_TABLE_ROWS);
    expect(indexes.slice(0, 2)).toEqual([0, step]);
    expect(indexes.at(-1)).toBeLessThan(2_400);
  });
});

describe('what is drawn', () => {
  it('is never told by colour alone', () => {
    expect(new Set(OUTCOMES.map(({ pattern }) => pattern)).size).toBe(OUTCOMES.length);
    const lines = Array.from({ length: 8 }, (_, index) => lineStyle(index));
    expect(new Set(lines.map(({ dash }) => dash.join())).size).toBe(8);
    expect(new Set(lines.map(({ color }) => color)).size).toBe(8);
  });

  it.each([
    ['200', 'ok'],
    ['304', 'ok'],
    ['502', '502'],
    ['429', 'other'],
    ['500', 'other'],
    ['none', 'none'],
    ['0', 'none'],
  ])('takes status %s for %s', (status, outcome) => expect(outcomeOf(status)).toBe(outcome));
});
