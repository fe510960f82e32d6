/** Gradient2: growth while times are short, the gradient when they are not, and a long run that forgets. */
import { describe, expect, it } from 'vitest';
import {
  GRADIENT2_DEFAULTS,
  Gradient2Limit,
  type Gradient2Options,
} from '../../../../src/policies/limits/gradient2.js';

const make = (options: Partial<Gradient2Options> = {}): Gradient2Limit =>
  new Gradient2Limit({ ...GRADIENT2_DEFAULTS, minLimit: 1, ...options });

const feed = (limit: Gradient2Limit, rttMs: number, count = 1, inFlight = 1_000): void => {
  for (let done = 0; done < count; done++) limit.onSample({ nowMs: 0, rttMs, inFlight, dropped: false });
};

/** Ten samples of 100 ms without load: the long run is 100 ms, the limit has not moved. */
const knowing = (options: Partial<Gradient2Options> = {}): Gradient2Limit => {
  const limit = make(options);
  feed(limit, 100, 10, 0);
  return limit;
};

describe('Gradient2', () => {
  it('grows by a fifth of the queue it allows with each request that is fast', () => {
    const limit = make();
    const seen = [1, 2, 3, 4].map(() => {
      feed(limit, 100);
      return limit.limitAt();
    });
    // 20.8, 21.6, 22.4, 23.2.
    expect(seen).toEqual([20, 21, 22, 23]);
  });

  // The long run after the sample is 100 + (rtt − 100) · 2 / 601; without smoothing and queue the limit is 20 · gradient.
  it.each<[rttMs: number, expected: number]>([
    [150, 20],
    [160, 18],
    [200, 15],
    [300, 10],
    [3_000, 10],
  ])('at a sample of %i ms over a long run of 100 ms goes to %i', (rttMs, expected) => {
    const limit = knowing({ queueSize: 0, smoothing: 1 });
    feed(limit, rttMs);
    expect(limit.limitAt()).toBe(expected);
  });

  it('averages the long run over its window: of three samples, half of the way to the new one', () => {
    const limit = knowing({ queueSize: 0, smoothing: 1, longWindow: 3 });
    feed(limit, 400);
    // 1.5 · 250 / 400 · 20 = 18.75
    expect(limit.limitAt()).toBe(18);
  });

  it('moves by a fifth of the way: 0.8 · 20 + 0.2 · (10 + 4) = 18.8', () => {
    const limit = knowing();
    feed(limit, 3_000);
    expect(limit.limitAt()).toBe(18);
  });

  it('takes a dropped request for the steepest gradient, and its time for nothing', () => {
    const limit = knowing();
    limit.onSample({ nowMs: 0, rttMs: 1, inFlight: 1, dropped: true });
    expect(limit.limitAt()).toBe(18);
  });

  it('learns nothing when less than half of the limit is used', () => {
    const limit = knowing();
    feed(limit, 3_000, 1, 9);
    expect(limit.limitAt()).toBe(20);
    feed(limit, 3_000, 1, 10);
    expect(limit.limitAt()).toBe(18);
  });

  it('stays within its bounds, 20 and 200 by default', () => {
    const limit = new Gradient2Limit(GRADIENT2_DEFAULTS);
    feed(limit, 100, 10, 0);
    feed(limit, 3_000, 5);
    expect(limit.limitAt()).toBe(20);
    feed(limit, 100, 1_000);
    expect(limit.limitAt()).toBe(200);
  });

  it('forgets an overload that is over faster than its average would', () => {
    const limit = make();
    feed(limit, 1_000, 10, 0);
    feed(limit, 100, 40, 0);
    // The average alone would still be near 890 ms, and would find 1,000 ms quite normal.
    feed(limit, 1_000);
    expect(limit.limitAt()).toBe(18);
  });
});
