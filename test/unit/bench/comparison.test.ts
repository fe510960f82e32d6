/** When a comparison is decided, by which metric, and what a benchmark concludes from it. */
import { describe, expect, it } from 'vitest';
import { compareTrials, judgeCost } from '../../../src/bench/compare.js';
import type { Round } from '../../../src/bench/measure.js';
import { BENCH_CATALOGUE, toTargetResult } from '../../../src/bench/metrics.js';
import { checkBenchThresholds, judgeBench, notesOn, OTHERS } from '../../../src/bench/verdict.js';
import { parseThreshold } from '../../../src/core/thresholds.js';

const ROUND: Round = {
  durationMs: 2_000,
  rps: 10_000,
  errorRatio: 0,
  answered: 20_000,
  statuses: { 200: 20_000 },
  errors: {},
  latencyMs: { p50: 4, p90: 6, p99: 10, max: 30 },
  cpuMs: 0.05,
  cores: 1,
  memoryBytes: 100 * 1024 ** 2,
  generatorCores: 0.4,
};

const round = (fields: Partial<Round> = {}): Round => ({ ...ROUND, ...fields });

const paired = (count: number, target: Partial<Round>, against: Partial<Round> = {}) =>
  Array.from({ length: count }, () => ({
    target: [round(target), round(target)],
    against: [round(against), round(against)],
  }));

describe('a cost, at a tolerance of 5 %', () => {
  it.each([
    ['worse', 1.06, 1.2],
    ['undecided', 1.04, 1.06],
    ['undecided', 0.5, 2],
    ['equal', 0.96, 1.04],
    ['no-worse', 0.93, 1.02],
    ['better', 0.8, 0.95],
  ] as const)('is %s between %d and %d', (verdict, low, high) => {
    expect(judgeCost({ value: (low + high) / 2, low, high }, 0.05)).toBe(verdict);
  });
});

describe('a comparison', () => {
  it('is decided by processor time', () => {
    const comparison = compareTrials(paired(6, { cpuMs: 0.06, rps: 20_000 }), 0.05);
    expect(comparison).toMatchObject({ decidedBy: 'cpu', verdict: 'worse', trials: 6 });
    expect(comparison.ratios.find(({ metric }) => metric === 'cpu')?.value).toBeCloseTo(1.2);
  });

  it('is decided by the rate where processor time cannot be read, and a lower rate is worse', () => {
    const comparison = compareTrials(paired(6, { cpuMs: null, rps: 8_000 }), 0.05);
    expect(comparison).toMatchObject({ decidedBy: 'rps', verdict: 'worse' });
    expect(compareTrials(paired(6, { cpuMs: null, rps: 12_000 }), 0.05).verdict).toBe('better');
  });

  it('takes of a trial the median over its rounds, side by side', () => {
    // The machine got slower from round to round, for both; and one round was spoiled for one.
    const trial = {
      target: [round({ cpuMs: 0.055 }), round({ cpuMs: 0.3 }), round({ cpuMs: 0.11 })],
      against: [round({ cpuMs: 0.05 }), round({ cpuMs: 0.07 }), round({ cpuMs: 0.1 })],
    };
    const { ratios } = compareTrials([trial], 0.05);
    expect(ratios.find(({ metric }) => metric === 'cpu')?.value).toBeCloseTo(1.1);
  });

  it('with too few trials is undecided, and gives no bounds', () => {
    const comparison = compareTrials(paired(3, { cpuMs: 0.2 }), 0.05);
    expect(comparison.verdict).toBe('undecided');
    expect(comparison.ratios[0]).toMatchObject({ low: null, high: null });
  });
});

describe('a benchmark', () => {
  const threshold = (text: string) =>
    parseThreshold(text, { metrics: BENCH_CATALOGUE, variants: OTHERS, windows: [] });
  const judge = (rounds: Round[], texts: string[] = [], against: Round[] | null = null) => {
    const own = toTargetResult('gateway', [rounds]);
    const other = against === null ? null : toTargetResult('other', [against]);
    const thresholds = texts.map(threshold);
    const results = checkBenchThresholds(thresholds, own, { baseline: other, against: other });
    return judgeBench({
      targets: other === null ? [own] : [own, other],
      comparison: null,
      thresholds,
      results,
    });
  };

  it.each([
    ['rps > 5000', 'pass'],
    ['rps > 50000', 'fail'],
    ['latency.p99 < 20ms', 'pass'],
    ['latency.p99 < 5ms', 'fail'],
    ['cpu < 60us', 'pass'],
    ['cpu < 40us', 'fail'],
    ['memory < 128MiB', 'pass'],
    ['memory < 64MiB', 'fail'],
    ['errors < 1%', 'pass'],
    ['cpu < 1.2 * baseline', 'pass'],
    ['cpu < 1.2 * baseline.cpu', 'pass'],
    ['rps > 0.9 * against', 'pass'],
    ['rps > 1.1 * against', 'fail'],
  ])('with %s is judged %s', (text, verdict) => {
    expect(judge([ROUND, ROUND, ROUND], [text], [ROUND]).verdict).toBe(verdict);
  });

  it('is inconclusive about what was not measured', () => {
    expect(judge([round({ cpuMs: null })], ['cpu < 1s']).verdict).toBe('inconclusive');
    expect(judge([ROUND], ['cpu < 1.2 * baseline']).verdict, 'there is no baseline').toBe('inconclusive');
    expect(judge([round({ cpuMs: null })], ['cpu < 1s', 'rps > 1000000']).verdict, 'and yet too slow').toBe(
      'fail',
    );
  });

  it('is judged by the median: one bad round fails nothing', () => {
    expect(judge([ROUND, ROUND, round({ rps: 100 })], ['rps > 5000']).verdict).toBe('pass');
  });

  it.each([
    ['errors', 'errors < 1%', { errorRatio: 1 }],
    ['the highest latency', 'latency.max < 1s', { latencyMs: { ...ROUND.latencyMs, max: 5_000 } }],
    ['memory', 'memory < 1GiB', { memoryBytes: 2 * 1024 ** 3 }],
  ])('is judged by the worst trial where %s count', (_name, text, bad) => {
    const target = toTargetResult('gateway', [
      [ROUND, ROUND],
      [ROUND, round(bad)],
      [ROUND, ROUND],
    ]);
    const thresholds = [threshold(text)];
    const results = checkBenchThresholds(thresholds, target, { baseline: null, against: null });
    expect(judgeBench({ targets: [target], comparison: null, thresholds, results }).verdict).toBe('fail');
  });

  it('is invalid when requests failed, unless a threshold speaks of errors', () => {
    const failing = round({ errorRatio: 0.02, statuses: { 200: 19_600, 503: 400 } });
    expect(judge([failing]).verdict).toBe('invalid');
    expect(judge([failing]).reasons[0]).toContain('503');
    expect(judge([failing], ['errors < 5%']).verdict).toBe('pass');
    expect(judge([failing], ['errors < 1%']).verdict).toBe('fail');
    expect(judge([failing], ['rps > 1000000']).verdict, 'what was measured is too slow anyway').toBe('fail');
    expect(judge([ROUND], ['errors < 5%'], [failing]).verdict, 'it speaks of the own errors').toBe('invalid');
    expect(judge([ROUND], ['errors < 2 * against'], [failing]).verdict).toBe('pass');
  });

  it.each([
    ['worse', 'fail', 'costs more'],
    ['undecided', 'inconclusive', 'undecided'],
  ] as const)('that is %s than the other is judged %s', (_name, verdict, says) => {
    const targets = [toTargetResult('a', [[ROUND]]), toTargetResult('b', [[ROUND]])];
    const count = says === 'costs more' ? 6 : 3;
    const comparison = compareTrials(paired(count, { cpuMs: 0.06 }), 0.05);
    const judged = judgeBench({ targets, comparison, thresholds: [], results: [] });
    expect(judged.verdict).toBe(verdict);
    expect(judged.reasons[0]).toContain(says);
  });

  it('notes a load that was the limit, a baseline of another machine, and processes that were not started anew', () => {
    const host = { node: 'v20', platform: 'linux', cpu: 'A', cpus: 2 };
    const target = toTargetResult('gateway', [[ROUND]]);
    const limit = 'was the limit';
    expect(notesOn([target], null, host, true)).toEqual([]);
    for (const fields of [{ generatorCores: 0.99 }, { cores: 0.6 }]) {
      expect(notesOn([toTargetResult('gateway', [[round(fields)]])], null, host, true)[0]).toContain(limit);
    }
    const baseline = { host: { ...host, cpu: 'B' } } as Parameters<typeof notesOn>[1];
    expect(notesOn([target], baseline, host, true)[0]).toContain('--against');
    expect(notesOn([target, target], null, host, false)[0]).toContain('not their code');
  });
});
