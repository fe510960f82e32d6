/** The wait before a retry: by jitter and number, its bounds, and how it spreads those who failed together. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import {
  BACKOFF_DEFAULTS,
  type BackoffOptions,
  backoffMs,
  JITTERS,
  type JitterName,
} from '../../../src/policies/backoff.js';

const NAMES = Object.keys(JITTERS) as JitterName[];

/** Draws the same number again and again. */
const always = (drawn: number): Random => ({ next: () => drawn }) as unknown as Random;

const ENVOY: Omit<BackoffOptions, 'jitter'> = { baseMs: 25, maxMs: 250 };

describe('the wait', () => {
  it.each<[JitterName, number, least: number, most: number]>([
    ['none', 1, 25, 25],
    ['none', 2, 50, 50],
    ['none', 4, 200, 200],
    ['none', 5, 250, 250],
    ['none', 30, 250, 250],
    ['full', 1, 0, 25],
    ['full', 3, 0, 100],
    ['full', 5, 0, 250],
    ['equal', 1, 12.5, 25],
    ['equal', 3, 50, 100],
    ['equal', 9, 125, 250],
    ['envoy', 1, 0, 25],
    ['envoy', 2, 0, 75],
    ['envoy', 3, 0, 175],
    ['envoy', 4, 0, 250],
  ])('with jitter %s before retry %i is from %d to %d ms', (jitter, retry, least, most) => {
    const options = { ...ENVOY, jitter };
    expect(backoffMs(options, retry, 7, always(0))).toBe(least);
    expect(backoffMs(options, retry, 7, always(0.5))).toBeCloseTo((least + most) / 2);
    expect(backoffMs(options, retry, 7, always(1))).toBe(most);
  });

  it.each([
    [1, 25, 75],
    [2, 25, 120],
    [3, 25, 250],
  ])('with decorrelated jitter before retry %i is from %d to %d ms', (retry, least, most) => {
    // The wait before: none that counts, 40 ms, 200 ms.
    const previousMs = [9_999, 40, 200][retry - 1]!;
    const options = { ...ENVOY, jitter: 'decorrelated' } as const;
    expect(backoffMs(options, retry, previousMs, always(0))).toBe(least);
    expect(backoffMs(options, retry, previousMs, always(1))).toBe(most);
  });

  it('is by default drawn up to 25 ms before the first retry, and never above 250 ms', () => {
    expect(backoffMs(BACKOFF_DEFAULTS, 1, 0, always(1))).toBe(25);
    expect(backoffMs(BACKOFF_DEFAULTS, 50, 0, always(1))).toBe(250);
  });

  it('is a number from 0 to its bound, whatever the options and however late the retry', () => {
    const ms = fc.oneof(fc.constant(0), fc.double({ min: 0.001, max: 1e6, noNaN: true }));
    fc.assert(
      fc.property(
        fc.constantFrom(...NAMES),
        ms,
        ms,
        fc.integer({ min: 1, max: 5_000 }),
        fc.integer(),
        (jitter, baseMs, maxMs, retry, seed) => {
          const waitMs = backoffMs(
            { jitter, baseMs, maxMs },
            retry,
            Math.min(baseMs, maxMs),
            new Random(seed),
          );
          expect(waitMs).toBeGreaterThanOrEqual(0);
          expect(waitMs).toBeLessThanOrEqual(maxMs);
        },
      ),
    );
  });

  it('is nothing with a base of nothing, at any retry', () => {
    for (const jitter of NAMES)
      expect(backoffMs({ jitter, baseMs: 0, maxMs: 250 }, 2_000, 0, always(0.9))).toBe(0);
  });
});

describe('decorrelated jitter', () => {
  it('stays between the base and three times the wait before, and below its bound, along the whole row', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = new Random(seed);
        const options = { jitter: 'decorrelated', baseMs: 25, maxMs: 2_000 } as const;
        let previousMs = 25;
        for (let retry = 1; retry <= 30; retry++) {
          const waitMs = backoffMs(options, retry, previousMs, random);
          expect(waitMs).toBeGreaterThanOrEqual(25);
          expect(waitMs).toBeLessThanOrEqual(Math.min(2_000, 3 * previousMs));
          previousMs = waitMs;
        }
      }),
    );
  });
});

describe('a thousand that failed together', () => {
  const busiestTenth = (jitter: JitterName): number => {
    const random = new Random(3);
    const tenths = new Array<number>(10).fill(0);
    for (let client = 0; client < 1_000; client++) {
      const waitMs = backoffMs({ jitter, baseMs: 100, maxMs: 100 }, 1, 0, random);
      tenths[Math.min(9, Math.floor(waitMs / 10))]!++;
    }
    return Math.max(...tenths);
  };

  it('come back together without jitter, and spread with it', () => {
    expect(busiestTenth('none')).toBe(1_000);
    expect(busiestTenth('equal')).toBeLessThan(250);
    expect(busiestTenth('full')).toBeLessThan(130);
  });
});
