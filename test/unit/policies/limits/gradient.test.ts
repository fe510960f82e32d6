/** Envoy's gradient: what it makes of the times between two updates, and when it holds the limit down to measure. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/core/random.js';
import {
  GRADIENT_DEFAULTS,
  GradientLimit,
  type GradientOptions,
} from '../../../../src/policies/limits/gradient.js';

const make = (options: Partial<GradientOptions> = {}, seed = 1): GradientLimit =>
  new GradientLimit(
    { ...GRADIENT_DEFAULTS, jitter: 0, requestCount: 3, minConcurrency: 4, ...options },
    new Random(seed),
  );

const feed = (limit: GradientLimit, nowMs: number, ...rttsMs: number[]): void => {
  for (const rttMs of rttsMs) limit.onSample({ nowMs, rttMs, inFlight: 1, dropped: false });
};

/** Has measured a minRTT of 100 ms; the window ended at 100 ms. */
const measured = (options: Partial<GradientOptions> = {}, seed = 1): GradientLimit => {
  const limit = make(options, seed);
  feed(limit, 100, 100, 100, 100);
  return limit;
};

describe('an update', () => {
  it('scales by minRTT · 1.25 / sampleRTT, between 0.5 and 2, and adds a square root for bursts', () => {
    const limit = measured();
    const limits = [125, 125, 62.5, 250, 1_000, 10].map((rttMs, index) => {
      feed(limit, 110 + 100 * index, rttMs);
      return limit.limitAt(200 + 100 * index);
    });
    // 4 + 2, 6 + 2.4, 16 + 4, 10 + 3.2, 6.5 + 2.5, 18 + 4.2
    expect(limits).toEqual([6, 8, 20, 13, 9, 22]);
  });

  it('comes when it is due, and takes the median of all since the last one', () => {
    const limit = measured();
    feed(limit, 150, 10, 10_000, 125);
    expect(limit.limitAt(199)).toBe(4);
    expect(limit.limitAt(200)).toBe(6);
  });

  it('without a sample leaves the limit as it is', () => {
    const limit = measured();
    expect(limit.limitAt(10_000)).toBe(4);
  });

  it('takes no notice of what was dropped, which may have been refused in no time', () => {
    const limit = measured();
    limit.onSample({ nowMs: 150, rttMs: 0.1, inFlight: 1, dropped: true });
    expect(limit.limitAt(200)).toBe(4);
  });

  it('keeps the latest of more times than it has room for', () => {
    const limit = measured({ updateMs: 1_000 });
    feed(limit, 150, ...Array.from({ length: 2_000 }, () => 10_000));
    feed(limit, 160, ...Array.from({ length: 1_024 }, () => 125));
    expect(limit.limitAt(1_100)).toBe(6);
  });
});

describe('a minRTT window', () => {
  it('is what it begins with: the limit is the minimum until enough have been answered', () => {
    const limit = make();
    feed(limit, 5_000, 100, 100);
    expect(limit.limitAt(5_000)).toBe(4);
    expect(limit.measuring).toBe(true);
    feed(limit, 5_001, 100);
    expect(limit.measuring).toBe(false);
  });

  it('holds the limit down when the interval is over, and gives it back when it has measured', () => {
    const limit = measured({ minRttIntervalMs: 1_000 });
    feed(limit, 150, 62.5);
    expect(limit.limitAt(1_099)).toBe(10);
    expect(limit.limitAt(1_100)).toBe(4);
    feed(limit, 1_300, 200, 200, 200);
    expect(limit.limitAt(1_300)).toBe(10);
    // 200 ms are the minRTT now: 250 ms are fine, and 10 + √10 = 13.2.
    feed(limit, 1_350, 250);
    expect(limit.limitAt(1_400)).toBe(13);
  });

  it('takes no notice of requests that began before it, under load', () => {
    const limit = measured({ minRttIntervalMs: 1_000 });
    limit.limitAt(1_100);
    feed(limit, 1_150, 51, 51, 51);
    expect(limit.measuring).toBe(true);
    feed(limit, 1_150, 50, 50, 50);
    expect(limit.measuring).toBe(false);
  });

  it('does not count what was answered before it', () => {
    const limit = measured({ minRttIntervalMs: 1_050 });
    limit.limitAt(1_100);
    feed(limit, 1_110, 5, 5);
    limit.limitAt(1_150);
    feed(limit, 1_160, 5);
    expect(limit.measuring).toBe(true);
  });

  it('comes early when five updates in a row leave the limit at its minimum', () => {
    const limit = measured();
    for (let update = 0; update < 4; update++) {
      feed(limit, 110 + 100 * update, 1_000);
      limit.limitAt(200 + 100 * update);
      expect(limit.measuring).toBe(false);
    }
    feed(limit, 510, 1_000);
    limit.limitAt(600);
    expect(limit.measuring).toBe(true);
  });

  it('comes up to 15 % later than the interval, at another time for another seed', () => {
    const starts = [1, 2, 3, 4].map((seed) => {
      const limit = measured({ minRttIntervalMs: 1_000, jitter: 0.15 }, seed);
      let nowMs = 100;
      while (!limit.measuring) limit.limitAt(++nowMs);
      return nowMs - 100;
    });
    for (const start of starts) {
      expect(start).toBeGreaterThanOrEqual(1_000);
      expect(start).toBeLessThanOrEqual(1_151);
    }
    expect(new Set(starts).size).toBeGreaterThan(1);
  });
});
