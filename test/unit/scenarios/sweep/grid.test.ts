/** The runs of a sweep. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pointsOf, pointText, runKey, runsOf } from '../../../../src/scenarios/sweep/grid.js';
import { parseParameters } from '../../../../src/scenarios/sweep/parameters.js';

describe('the grid', () => {
  it('is every value of one with every value of the others, the first changing fastest', () => {
    expect(pointsOf(parseParameters(['a=1,2', 'b=x,y']))).toEqual([
      [1, 'x'],
      [2, 'x'],
      [1, 'y'],
      [2, 'y'],
    ]);
  });

  it('is run in every variant, one seed after the other', () => {
    const runs = runsOf(parseParameters(['a=1,2']), ['v', 'w'], [7, 8]);
    expect(runs.map(({ point, variant, seed }) => `${seed}${variant}${point}`)).toEqual([
      '7v1',
      '7v2',
      '7w1',
      '7w2',
      '8v1',
      '8v2',
      '8w1',
      '8w2',
    ]);
  });

  it('has as many runs as the product says, and none twice', () => {
    const size = fc.integer({ min: 1, max: 6 });
    fc.assert(
      fc.property(size, size, size, size, (a, b, variants, seeds) => {
        const parameters = parseParameters([`a=1..${a}/1`, `b=1..${b}/1`]);
        const names = Array.from({ length: variants }, (_, index) => `v${index}`);
        const runs = runsOf(
          parameters,
          names,
          Array.from({ length: seeds }, (_, index) => index),
        );
        expect(new Set(runs.map(runKey)).size).toBe(a * b * variants * seeds);
      }),
    );
  });

  it('with more runs than a sweep may have is refused, and the error says how many', () => {
    const parameters = parseParameters(['a=1..100/1', 'b=1..51/1']);
    expect(() => runsOf(parameters, ['v'], [1, 2])).toThrow(
      '5100 points × 1 variants × 2 seeds are 10200 runs, and a sweep has at most 10000',
    );
    expect(runsOf(parseParameters(['a=1..100/1', 'b=1..50/1']), ['v'], [1, 2])).toHaveLength(10_000);
  });

  it('names its points', () => {
    expect(pointText(parseParameters(['load.scale=1', 'timeline.0.for=2s']), [0.5, '2s'])).toBe(
      'load.scale=0.5, timeline.0.for=2s',
    );
  });
});
