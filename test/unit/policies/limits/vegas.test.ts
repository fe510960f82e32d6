/** Vegas: the queue that it infers, what it does about it, and how it finds out what a request takes without load. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/core/random.js';
import type { LimitSample } from '../../../../src/policies/limits/limit-algorithm.js';
import { VEGAS_DEFAULTS, VegasLimit, type VegasOptions } from '../../../../src/policies/limits/vegas.js';

const NEVER_PROBES = { probeMultiplier: 1e9 };

/** Knows that a request without load takes 100 ms. */
const knowing = (options: Partial<VegasOptions> = {}): VegasLimit => {
  const vegas = new VegasLimit({ ...VEGAS_DEFAULTS, ...NEVER_PROBES, ...options }, new Random(1));
  vegas.onSample({ nowMs: 0, rttMs: 100, inFlight: 1, dropped: false });
  return vegas;
};

const sample = (rttMs: number, more: Partial<LimitSample> = {}): LimitSample => ({
  nowMs: 0,
  rttMs,
  inFlight: 1_000,
  dropped: false,
  ...more,
});

describe('Vegas', () => {
  // queue = ceil(limit · (1 − 100 / rtt)); alpha, beta and threshold are 3, 6 and 1 below a limit of 100, then twice that.
  it.each<[limit: number, rttMs: number, queue: number, expected: number]>([
    [20, 100, 0, 26],
    [20, 105, 1, 26],
    [20, 110, 2, 21],
    [20, 117, 3, 20],
    [20, 140, 6, 20],
    [20, 160, 8, 19],
    [100, 100, 0, 112],
    [100, 105, 5, 102],
    [100, 110, 10, 100],
    [100, 200, 50, 98],
    [1000, 100, 0, 1000],
  ])(
    'at a limit of %i takes %i ms for a queue of %i, and goes to %i',
    (initialLimit, rttMs, _queue, expected) => {
      const vegas = knowing({ initialLimit });
      vegas.onSample(sample(rttMs));
      expect(vegas.limitAt()).toBe(expected);
    },
  );

  it('does not move for the request that taught it what there is without load', () => {
    expect(knowing().limitAt()).toBe(20);
  });

  it('learns nothing from slow requests when less than half of the limit is used', () => {
    const vegas = knowing();
    vegas.onSample(sample(1_000, { inFlight: 9 }));
    expect(vegas.limitAt()).toBe(20);
    vegas.onSample(sample(1_000, { inFlight: 10 }));
    expect(vegas.limitAt()).toBe(19);
  });

  it('shrinks after a drop, and does not take a refusal of 1 ms for what a request takes', () => {
    const vegas = knowing();
    vegas.onSample(sample(1, { dropped: true, inFlight: 1 }));
    expect(vegas.limitAt()).toBe(19);
    vegas.onSample(sample(100));
    expect(vegas.limitAt(), '100 ms still means that nothing queues').toBe(25);
  });

  it('never goes below its minimum', () => {
    const vegas = knowing({ initialLimit: 3, minLimit: 2 });
    for (let count = 0; count < 5; count++) vegas.onSample(sample(1, { dropped: true }));
    expect(vegas.limitAt()).toBe(2);
  });

  it('measures anew what there is without load, within half of and the whole of multiplier times limit', () => {
    const vegas = knowing({ probeMultiplier: 5, initialLimit: 20 });
    // At 200 ms half of the limit seems to queue; once 200 ms are what there is without load, nothing does.
    let samples = 1;
    for (; vegas.limitAt() <= 20 && samples < 200; samples++) vegas.onSample(sample(200, { inFlight: 10 }));
    // Until then it has shrunk to 12, where 6 queue.
    expect(samples).toBeGreaterThanOrEqual(0.5 * 5 * 12);
    expect(samples).toBeLessThanOrEqual(5 * 12 + 4);
  });
});
