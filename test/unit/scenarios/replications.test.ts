/** The same run with other seeds: middle and range, thresholds over all, and what differs by more than chance. */
import fc from 'fast-check';
import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { WHOLE_RUN } from '../../../src/scenarios/metrics/metrics.js';
import {
  isComplete,
  judgeDifferences,
  type Replication,
  summarizeReplications,
  withoutSeries,
} from '../../../src/scenarios/replications/replications.js';
import { renderReport } from '../../../src/scenarios/report/report.js';
import { type Result, ResultSchema } from '../../../src/scenarios/result.js';
import { result, resultEvent, threshold, variantResult, windowResult } from '../../support/records.js';

const latency = (p99: number) => ({ p50: p99, p95: p99, p99, max: p99 });

const variant = (name: string, availability: number, p99 = 100, pass = true) =>
  variantResult({
    name,
    verdict: pass ? 'pass' : 'fail',
    reasons: pass ? [] : ['availability > 99%: observed 50%, expected > 99%'],
    windows: {
      after: windowResult({ availability, latencyMs: latency(p99) }),
      [WHOLE_RUN]: windowResult(),
    },
    thresholds: [threshold({ pass })],
  });

/** One seed for each value: `slow` is as good as it says, `fast` is 0.1 better. */
const replicationsOf = (values: readonly number[]): Replication[] =>
  values.map((value, index) => ({
    seed: 42 + index,
    variants: [variant('slow', value, 200 + index, index > 0), variant('fast', value + 0.1, 100 + index)],
  }));

const SEVEN = replicationsOf([0.5, 0.7, 0.6, 0.55, 0.65, 0.72, 0.58]);

const documentOf = (replications: readonly Replication[]): Result =>
  result([...replications[0]!.variants], {
    verdict: 'fail',
    replications: summarizeReplications(replications),
  });

describe('replications', () => {
  it('have the median and the range of each metric in each window', () => {
    const [slow] = summarizeReplications(SEVEN).variants;
    const of = (metric: string, window?: string) =>
      slow!.metrics.find((one) => one.metric === metric && one.window === window);
    expect(of('availability', 'after')).toMatchObject({ median: 0.6, min: 0.5, max: 0.72, measured: 7 });
    expect(of('latency.p99', 'after')).toMatchObject({ median: 203, min: 200, max: 206 });
    expect(of('recovered')).toMatchObject({ median: 0, measured: 7 });
  });

  it('have no latency where nobody was answered', () => {
    const replications = [{ seed: 1, variants: [variant('slow', 0, 0)] }];
    const [slow] = summarizeReplications(replications).variants;
    expect(
      slow!.metrics.find(({ metric, window }) => metric === 'latency.p99' && window === 'after'),
    ).toMatchObject({ median: null, measured: 0 });
  });

  it('pass only when all do, and say how many did', () => {
    const summary = summarizeReplications(SEVEN);
    expect(summary.verdicts).toEqual(['fail', ...new Array(6).fill('pass')]);
    expect(summary.variants.map(({ passed }) => passed)).toEqual([6, 7]);
    expect(summary.variants[0]!.thresholds).toEqual([{ expression: 'availability > 99%', passed: 6 }]);
    expect(summary.reasons).toEqual(['seed 42, slow: availability > 99%: observed 50%, expected > 99%']);
  });

  it('compare every two variants in every named window', () => {
    const { comparisons } = summarizeReplications(SEVEN);
    expect(comparisons.map(({ from, to, metric, window }) => [from, to, metric, window])).toEqual([
      ['slow', 'fast', 'availability', 'after'],
      ['slow', 'fast', 'latency.p99', 'after'],
    ]);
    expect(comparisons[0]).toMatchObject({ pairs: 7, differs: true });
    expect(comparisons[0]!.difference).toBeCloseTo(0.1);
    expect(comparisons[1]).toMatchObject({ difference: -100, low: -100, high: -100, differs: true });
  });

  it('keep a result valid by its schema', () => {
    const errors = [...Compile(ResultSchema).Errors(JSON.parse(JSON.stringify(documentOf(SEVEN))))];
    expect(errors).toEqual([]);
  });

  it('are complete when every variant is there, to the end', () => {
    expect(isComplete(SEVEN[0]!, 2)).toBe(true);
    expect(isComplete(SEVEN[0]!, 3)).toBe(false);
    const partial = { seed: 1, variants: [variantResult({ partial: true })] };
    expect(isComplete(partial, 1)).toBe(false);
  });

  it('are kept without what is large', () => {
    const whole = variantResult({ events: [resultEvent(1, 'run.noted', { text: 'x' })] });
    expect(withoutSeries(whole)).toEqual({ ...whole, series: [], events: [], requests: [] });
  });
});

describe('a difference', () => {
  it('needs six pairs to be told from chance', () => {
    expect(judgeDifferences([1, 1, 1, 1, 1])).toMatchObject({ pairs: 5, low: null, differs: null });
    expect(judgeDifferences([1, 2, 3, 4, 5, 6])).toMatchObject({ low: 1, high: 6, differs: true });
    expect(judgeDifferences([])).toMatchObject({ pairs: 0, difference: null, differs: null });
  });

  it('is none where both are the same, or where it goes both ways', () => {
    expect(judgeDifferences([0, 0, 0, 0, 0, 0]).differs).toBe(false);
    expect(judgeDifferences([1, -1, 2, -2, 3, -3]).differs).toBe(false);
  });

  it('is the same with its sign turned round when the variants are exchanged', () => {
    const values = fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 1, maxLength: 15 });
    fc.assert(
      fc.property(values, (some) => {
        const there = judgeDifferences(some);
        const back = judgeDifferences(some.map((one) => -one));
        expect(back.differs).toBe(there.differs);
        expect(back.difference! + there.difference!).toBe(0);
      }),
    );
  });

  it('is said of equal variants in no more than about one of twenty comparisons', () => {
    const random = new Random(1);
    const trials = 2_000;
    let said = 0;
    for (let trial = 0; trial < trials; trial++) {
      const differences = Array.from({ length: 10 }, () => random.exponential(1) - random.exponential(1));
      if (judgeDifferences(differences).differs) said++;
    }
    // The test of ten pairs errs in 4.9 % of the cases; three standard deviations of the count are 1.5 %.
    expect(said / trials).toBeLessThan(0.065);
    expect(said / trials).toBeGreaterThan(0.03);
  });
});

describe('the report', () => {
  const PLAIN = { color: false, interrupted: false };

  it('has medians with their ranges, thresholds with their counts, and the differences', () => {
    const text = renderReport(documentOf(SEVEN), PLAIN);
    expect(text).toContain('7 replications, seeds 42 to 48');
    expect(text).toMatch(/^availability, after +60% \(50% to 72%\) +70% \(60% to 82%\)$/m);
    expect(text).toMatch(/^good again +not needed +not needed$/m);
    expect(text).toContain('✗ availability > 99%  held in 6 of 7');
    expect(text).toContain('slow → fast: availability[after] +10%');
    expect(text).toContain('slow → fast: latency.p99[after] -100ms (-100ms to -100ms)');
    expect(text).toContain('paired by seed, Wilcoxon signed-rank, each at 95% by itself');
    expect(text).toContain('6 of 7 replications passed');
    expect(text).toContain('seed 42, slow: availability > 99%: observed 50%');
  });

  it('says that there are too few to tell', () => {
    const text = renderReport(documentOf(SEVEN.slice(0, 3)), PLAIN);
    expect(text).toContain('takes at least 6 replications at 95%; there are 3');
    expect(text).not.toContain('Differences by more than chance');
  });
});
