/** What the textbook says of adaptive limits, and of how they fail, in front of a worker with 8 slots of 50 ms. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/core/random.js';
import { GradientLimit } from '../../../../src/policies/limits/gradient.js';
import type { LimitAlgorithm } from '../../../../src/policies/limits/limit-algorithm.js';
import { LIMIT_ALGORITHMS } from '../../../../src/policies/limits/limit-algorithms.js';
import {
  CAPACITY_RPS,
  goodputRps,
  type Load,
  mean,
  SLOTS,
  underLimit,
} from '../../../support/simulated-worker.js';

const random = (): Random => new Random(3);

/** Half of what the worker can do for 5 s, then for 3 s twice as much as it can; an answer after 100 ms is too late. */
const SURGE: Load = {
  rateRps: (nowMs) => (nowMs < 5_000 ? CAPACITY_RPS / 2 : 2 * CAPACITY_RPS),
  durationMs: 8_000,
  patienceMs: 100,
};
const SETTLED_MS = 6_000;
/** The last requests need not be answered when the run ends. */
const END_MS = 7_800;

/** AIMD sees nothing but drops and its timeout, so it has to be told what is too slow. */
const AIMD = { timeoutMs: 75 };
/** Its own allowance, half as much again as the slots and 4 more, would be as much as the minimum of 20. */
const GRADIENT2 = { tolerance: 1, queueSize: 1 };

interface Expected {
  readonly limit: readonly [least: number, most: number];
  readonly goodput: number;
}

const ADAPTIVE: readonly (readonly [
  name: string,
  make: (minLimit: number) => LimitAlgorithm,
  expected: Expected,
])[] = [
  [
    'aimd',
    (minLimit) => LIMIT_ALGORITHMS.aimd({ ...AIMD, minLimit }, random()),
    { limit: [SLOTS - 2, SLOTS + 2], goodput: 0.5 },
  ],
  // It lets 3 to 6 queue in the worker.
  [
    'vegas',
    (minLimit) => LIMIT_ALGORITHMS.vegas({ minLimit }, random()),
    { limit: [SLOTS + 2, SLOTS + 8], goodput: 0.7 },
  ],
  [
    'gradient2',
    (minLimit) => LIMIT_ALGORITHMS.gradient2({ ...GRADIENT2, minLimit }, random()),
    { limit: [SLOTS, SLOTS + 4], goodput: 0.9 },
  ],
];

describe.each(ADAPTIVE)('%s in a surge', (_name, make, expected) => {
  it('protects nothing with a minimum of 20: every answer waits behind twelve others, and comes too late', () => {
    const run = underLimit(make(20), SURGE);
    expect(Math.min(...run.limits)).toBe(20);
    expect(goodputRps(run, SURGE, SETTLED_MS, END_MS)).toBeLessThan(0.05 * CAPACITY_RPS);
  });

  it('with a minimum of 1 finds about as many as there are slots, and answers come in time', () => {
    const run = underLimit(make(1), SURGE);
    const [least, most] = expected.limit;
    const settled = mean(run.limits.slice(SETTLED_MS / 10));
    expect(settled).toBeGreaterThan(least);
    expect(settled).toBeLessThan(most);
    expect(goodputRps(run, SURGE, SETTLED_MS, END_MS)).toBeGreaterThan(expected.goodput * CAPACITY_RPS);
  });
});

describe('in an overload of two minutes', () => {
  const SIEGE: Load = { rateRps: 2 * CAPACITY_RPS, durationMs: 120_000, patienceMs: 100 };
  const limitsOf = (algorithm: LimitAlgorithm): readonly number[] =>
    underLimit(algorithm, SIEGE).limits.slice(6_000);

  it('Gradient2 takes the overload for the long run, and lets in several times as many as there are slots', () => {
    const limits = limitsOf(LIMIT_ALGORITHMS.gradient2({ minLimit: 1 }, random()));
    expect(mean(limits)).toBeGreaterThan(4 * SLOTS);
  });

  it('Vegas climbs when it measures under load what there is without load, and comes down again', () => {
    const limits = limitsOf(LIMIT_ALGORITHMS.vegas({}, random()));
    expect(Math.max(...limits)).toBeGreaterThan(3 * SLOTS);
    expect(mean(limits)).toBeLessThan(2 * SLOTS);
  });

  it('AIMD swings between 1 and three times the slots: each of those in flight takes its tenth', () => {
    const limits = limitsOf(LIMIT_ALGORITHMS.aimd({ ...AIMD, minLimit: 1 }, random()));
    expect(Math.min(...limits)).toBe(1);
    expect(Math.max(...limits)).toBeGreaterThan(2.5 * SLOTS);
  });
});

describe('Envoy’s gradient', () => {
  it('refuses a burst of requests in each minRTT window, though the worker could do them', () => {
    const load: Load = { rateRps: 0.6 * CAPACITY_RPS, durationMs: 20_000, patienceMs: 1_000 };
    const limit = new GradientLimit(
      {
        updateMs: 100,
        minRttIntervalMs: 4_000,
        jitter: 0.15,
        requestCount: 50,
        minConcurrency: 3,
        maxLimit: 1_000,
        percentile: 0.5,
        buffer: 0.25,
      },
      random(),
    );
    /** By request: whether it came while the gateway measured. */
    const measuring: boolean[] = [];
    const run = underLimit(limit, load, () => measuring.push(limit.measuring));
    const refused = (inWindow: boolean): number => {
      const those = run.sent.filter((_, index) => measuring[index] === inWindow);
      return those.filter((request) => request.refused).length / those.length;
    };
    expect(refused(true)).toBeGreaterThan(0.3);
    expect(refused(false)).toBeLessThan(0.01);
  });
});
