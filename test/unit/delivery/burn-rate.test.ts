/**
 * The multiwindow, multi-burn-rate alert: the workbook's numbers, what each of the two windows is for, and the minimums
 * without which a single failure would be an alert.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BurnRate,
  type BurnRateOptions,
  describeBurning,
  findUnreachable,
  scaleWindows,
  WORKBOOK_WINDOWS,
} from '../../../src/delivery/burn-rate.js';

/** A budget of a quarter, so that rates are exact: half of the results failing is a rate of 2. */
const OPTIONS: BurnRateOptions = {
  objectiveRatio: 0.75,
  windows: [{ longMs: 12_000, factor: 2 }],
  minResults: 1,
  minFailures: 1,
};

const SHORT_MS = 1_000;

const burnRate = (options: Partial<BurnRateOptions> = {}): BurnRate =>
  new BurnRate({ ...OPTIONS, ...options });

describe("the workbook's windows", () => {
  it.each([
    ['2 % in an hour', 0, 0.02],
    ['5 % in six hours', 1, 0.05],
  ])('spend %s of a budget of 30 days', (_name, index, spent) => {
    const { longMs, factor } = WORKBOOK_WINDOWS[index]!;
    expect((factor * longMs) / (30 * 24 * 3_600_000)).toBeCloseTo(spent);
  });

  it('are scaled together: with an hour of 5 s, six hours are 30 s', () => {
    expect(scaleWindows(WORKBOOK_WINDOWS, 5_000)).toEqual([
      { longMs: 5_000, factor: 14.4 },
      { longMs: 30_000, factor: 6 },
    ]);
  });
});

describe('a burn rate', () => {
  it.each([
    ['at the factor is not above it', 20, 10, null],
    ['above the factor burns', 20, 11, { results: 20, failures: 11, longRate: 2.2, shortRate: 2.2 }],
    ['of failures alone is as high as it gets', 4, 4, { longRate: 4 }],
    ['without failures is none', 20, 0, null],
    ['without results is none', 0, 0, null],
  ])('%s', (_name, results, failures, expected) => {
    const rate = burnRate();
    rate.onResults(results, failures, 0);
    const burning = rate.burning(0);
    if (expected === null) expect(burning).toBeNull();
    else expect(burning).toMatchObject(expected);
  });

  it('is not over the limit any more when the failures have stopped for a short window', () => {
    const rate = burnRate();
    rate.onResults(100, 100, 0);
    rate.onResults(10, 0, SHORT_MS - 1);
    expect(rate.burning(SHORT_MS - 1)).not.toBeNull();
    rate.onResults(10, 0, 2 * SHORT_MS);
    expect(rate.countsOf(0, 2 * SHORT_MS), 'the long window still knows').toEqual({
      results: 120,
      failures: 100,
    });
    expect(rate.burning(2 * SHORT_MS)).toBeNull();
  });

  it('is not over the limit for a moment of failures after a long good time', () => {
    const rate = burnRate();
    for (let nowMs = 0; nowMs < 11_000; nowMs += 100) rate.onResults(10, 0, nowMs);
    rate.onResults(100, 100, 11_000);
    expect(rate.burning(11_000), '100 of 1200 in the long window').toBeNull();
  });

  it('is over the limit of the slower window alone when it burns slowly', () => {
    const rate = burnRate({
      windows: [
        { longMs: 12_000, factor: 3 },
        { longMs: 72_000, factor: 1.5 },
      ],
    });
    for (let nowMs = 0; nowMs < 30_000; nowMs += 100) rate.onResults(2, 1, nowMs);
    expect(rate.burning(29_900)).toMatchObject({ window: 1, factor: 1.5, longRate: 2 });
  });

  it('forgets what is older than its long window', () => {
    const rate = burnRate();
    rate.onResults(100, 100, 0);
    expect(rate.countsOf(0, 11_899)).toEqual({ results: 100, failures: 100 });
    expect(rate.countsOf(0, 12_000)).toEqual({ results: 0, failures: 0 });
  });

  it.each([
    ['results', { minResults: 20 }, 19, 19],
    ['failures', { minFailures: 3 }, 2, 2],
  ])('is none of few %s', (_name, options, results, failures) => {
    const rate = burnRate(options);
    rate.onResults(results, failures, 0);
    expect(rate.burning(0)).toBeNull();
    rate.onResult(false, 0);
    expect(rate.burning(0)).not.toBeNull();
  });

  it('says in words what it rests on', () => {
    const rate = burnRate();
    rate.onResults(20, 15, 0);
    expect(describeBurning(rate.burning(0)!)).toBe(
      '15 of 20 results failed within 12s: the error budget burns 3 times too fast ' +
        '(and 3 times within 1s), where 2 times is the limit',
    );
  });

  it('is that of the results in both windows, whatever they are', () => {
    const results = fc.array(fc.tuple(fc.nat({ max: 800 }), fc.nat({ max: 5 }), fc.nat({ max: 5 })), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(results, fc.nat({ max: 15_000 }), (steps, laterMs) => {
        const rate = burnRate({ minResults: 3, minFailures: 2 });
        const told: { bucket: number; results: number; failures: number }[] = [];
        let nowMs = 0;
        for (const [pauseMs, good, bad] of steps) {
          nowMs += pauseMs;
          rate.onResults(good + bad, bad, nowMs);
          told.push({ bucket: Math.floor(nowMs / 100), results: good + bad, failures: bad });
        }
        nowMs += laterMs;
        const sum = (buckets: number) => {
          const within = told.filter(({ bucket }) => bucket > Math.floor(nowMs / 100) - buckets);
          const all = within.reduce((total, one) => total + one.results, 0);
          const failures = within.reduce((total, one) => total + one.failures, 0);
          return { all, failures, isAbove: failures * 2 > all };
        };
        const long = sum(120);
        const burns = long.all >= 3 && long.failures >= 2 && long.isAbove && sum(10).isAbove;
        expect(rate.burning(nowMs) !== null).toBe(burns);
      }),
      { numRuns: 500 },
    );
  });
});

describe('an objective', () => {
  it.each([
    [1, /leaves no budget/],
    [0, /leaves no budget/],
    [Number.NaN, /leaves no budget/],
    [
      0.93,
      /at most 14.3, when everything fails, and can never exceed 14.4; raise the objective above 93.06%/,
    ],
  ])('of %d is refused, and it says why', (objectiveRatio, message) => {
    expect(findUnreachable(objectiveRatio, WORKBOOK_WINDOWS)).toMatch(message);
    expect(() => burnRate({ objectiveRatio, windows: WORKBOOK_WINDOWS })).toThrow(message);
  });

  it('that some failures could exceed is fine', () => {
    expect(findUnreachable(0.94, WORKBOOK_WINDOWS)).toBeNull();
  });
});
