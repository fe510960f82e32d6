/** Priority levels and panic, with the examples of Envoy's documentation. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { levelAt, loadOfLevels, PRIORITY_DEFAULTS } from '../../../../src/gateway/balance/priorities.js';

/** Levels of a hundred upstreams each. */
const levelsOf = (percents: readonly number[]) => percents.map((healthy) => ({ healthy, total: 100 }));

describe('the shares of levels', () => {
  // Envoy, "Priority levels": healthy percent of each level, traffic percent of each level.
  it.each<readonly [healthy: number[], traffic: number[]]>([
    [
      [100, 100],
      [100, 0],
    ],
    [
      [72, 100],
      [100, 0],
    ],
    [
      [71, 100],
      [99, 1],
    ],
    [
      [50, 100],
      [70, 30],
    ],
    [
      [25, 100],
      [35, 65],
    ],
    [
      [0, 100],
      [0, 100],
    ],
    [
      [72, 72],
      [100, 0],
    ],
    [
      [71, 71],
      [99, 1],
    ],
    [
      [50, 50],
      [70, 30],
    ],
    [
      [25, 25],
      [50, 50],
    ],
    [
      [100, 100, 100],
      [100, 0, 0],
    ],
    [
      [72, 72, 100],
      [100, 0, 0],
    ],
    [
      [71, 71, 100],
      [99, 1, 0],
    ],
    [
      [50, 50, 100],
      [70, 30, 0],
    ],
    [
      [25, 100, 100],
      [35, 65, 0],
    ],
    [
      [25, 25, 100],
      [35, 35, 30],
    ],
    [
      [25, 25, 20],
      [36, 36, 28],
    ],
    // The sum that is normalised: 28 % and 42 %, with its own factor.
    [
      [20, 30],
      [40, 60],
    ],
  ])('that are healthy to %j percent are %j percent', (healthy, traffic) => {
    // Without panic, as those tables are; in total panic, sizes would count.
    const loads = loadOfLevels(levelsOf(healthy), { ...PRIORITY_DEFAULTS, panicThreshold: 0 });
    // Envoy's percents are whole.
    for (const [level, { share }] of loads.entries()) {
      expect(Math.abs(share * 100 - traffic[level]!)).toBeLessThanOrEqual(0.75);
    }
  });

  it('are exact at the edge: five of seven carry all', () => {
    const [first, second] = loadOfLevels([
      { healthy: 5, total: 7 },
      { healthy: 7, total: 7 },
    ]);
    expect(first!.share).toBeCloseTo(1, 9);
    expect(second!.share).toBeCloseTo(0, 9);
  });

  it('add up to 1, none is negative, whatever the levels', () => {
    const level = fc
      .tuple(fc.nat(20), fc.nat(20))
      .map(([healthy, down]) => ({ healthy, total: healthy + down }));
    fc.assert(
      fc.property(fc.array(level, { minLength: 1, maxLength: 5 }), (levels) => {
        const loads = loadOfLevels(levels);
        expect(loads.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
        for (const { share } of loads) expect(share).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe('panic', () => {
  // Envoy, "Panic threshold", where its table agrees with its formula.
  it.each<readonly [healthy: number[], traffic: number[], panics: boolean[]]>([
    [
      [72, 72],
      [100, 0],
      [false, false],
    ],
    [
      [71, 71],
      [99, 1],
      [false, false],
    ],
    [
      [50, 60],
      [70, 30],
      [false, false],
    ],
    [
      [25, 100],
      [35, 65],
      [false, false],
    ],
    [
      [0, 100],
      [0, 100],
      [false, false],
    ],
    [
      [25, 25],
      [50, 50],
      [true, true],
    ],
    [
      [5, 65],
      [7, 93],
      [true, false],
    ],
    [
      [0, 0],
      [50, 50],
      [true, true],
    ],
    // 35 + 35 + 30 is enough, though each level has little.
    [
      [25, 25, 300 / 14],
      [35, 35, 30],
      [false, false, false],
    ],
    [[49], [100], [true]],
    [[50], [100], [false]],
  ])('of levels healthy to %j percent: traffic %j, panics %j', (healthy, traffic, panics) => {
    const loads = loadOfLevels(levelsOf(healthy));
    expect(loads.map((load) => load.panics)).toEqual(panics);
    expect(loads.map(({ uses }) => uses)).toEqual(panics.map((panic) => (panic ? 'all' : 'healthy')));
    for (const [level, { share }] of loads.entries()) {
      expect(Math.abs(share * 100 - traffic[level]!)).toBeLessThanOrEqual(0.75);
    }
  });

  it('is not brought about by rounding: sevenths that just suffice', () => {
    const loads = loadOfLevels([2, 2, 1].map((healthy) => ({ healthy, total: 7 })));
    expect(loads.map(({ panics }) => panics)).toEqual([false, false, false]);
    expect(loads[2]!.share).toBeCloseTo(0.2);
  });

  it('of all levels shares by their size, since their health says nothing any more', () => {
    const [large, small] = loadOfLevels([
      { healthy: 0, total: 9 },
      { healthy: 1, total: 3 },
    ]);
    expect(large).toEqual({ share: 0.75, panics: true, uses: 'all' });
    expect(small).toEqual({ share: 0.25, panics: true, uses: 'all' });
  });

  it('is never with a threshold of 0: none healthy is then nobody to send to', () => {
    const options = { ...PRIORITY_DEFAULTS, panicThreshold: 0 };
    expect(loadOfLevels([{ healthy: 0, total: 4 }], options)).toEqual([
      { share: 1, panics: false, uses: 'healthy' },
    ]);
  });

  it('uses nobody where it is set to fail traffic', () => {
    const options = { ...PRIORITY_DEFAULTS, failTrafficOnPanic: true };
    const [first, second] = loadOfLevels(levelsOf([5, 65]), options);
    expect(first!.uses).toBe('none');
    expect(second!.uses).toBe('healthy');
  });

  it('does not divide by a level that is empty', () => {
    expect(loadOfLevels([{ healthy: 0, total: 0 }])).toEqual([{ share: 1, panics: true, uses: 'all' }]);
  });
});

describe('the level of a request', () => {
  it.each([
    [0, 0],
    [0.349, 0],
    [0.351, 1],
    [0.999999, 1],
  ])('at %d is %i, of 35 and 65 percent', (point, expected) => {
    expect(levelAt(loadOfLevels(levelsOf([25, 100])), point)).toBe(expected);
  });

  it('is never one that gets nothing', () => {
    const rounded = [0.35, 0.6499999, 0].map((share) => ({ share, panics: false, uses: 'healthy' as const }));
    expect(levelAt(rounded, 1 - Number.EPSILON)).toBe(1);
    const loads = loadOfLevels(levelsOf([0, 100, 100]));
    expect(levelAt(loads, 0)).toBe(1);
    expect(levelAt(loads, 1 - Number.EPSILON)).toBe(1);
  });
});
