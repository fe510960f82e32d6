/** Two results side by side: what changed, by which rule, and when nothing may be said. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findProblems } from '../../../../src/core/validate.js';
import { compareResults, leastRuns } from '../../../../src/scenarios/compare/compare.js';
import {
  renderComparison,
  renderComparisonMarkdown,
} from '../../../../src/scenarios/compare/comparison-report.js';
import {
  type ComparisonResult,
  ComparisonResultSchema,
  type Measure,
} from '../../../../src/scenarios/compare/comparison-schema.js';
import { WHOLE_RUN } from '../../../../src/scenarios/metrics/metrics.js';
import { summarizeReplications } from '../../../../src/scenarios/replications/replications.js';
import type { Result, VariantResult } from '../../../../src/scenarios/result.js';
import { result, threshold, variantResult, windowResult } from '../../../support/records.js';

const variant = (availability: number, fields: Partial<VariantResult> = {}): VariantResult =>
  variantResult({
    windows: {
      outage: windowResult({
        requests: 1_000,
        availability,
        latencyMs: { p50: 10, p95: 20, p99: 30, max: 40 },
      }),
      [WHOLE_RUN]: windowResult(),
    },
    ...fields,
  });

const compare = (before: Result, after: Result): ComparisonResult => {
  const compared = compareResults(
    { file: 'before.json', result: before },
    { file: 'after.json', result: after },
  );
  expect(findProblems(ComparisonResultSchema, compared)).toEqual([]);
  return compared;
};

const measureOf = ({ variants }: ComparisonResult, metric: string, window?: string): Measure =>
  variants[0]!.measures.find((one) => one.metric === metric && one.window === window)!;

/** The same run with several seeds, by the availability in the outage of each. */
const replicated = (availabilities: readonly number[]): Result => {
  const variants = availabilities.map((availability) => variant(availability));
  const replications = summarizeReplications(
    variants.map((one, index) => ({ seed: 42 + index, variants: [one] })),
  );
  return result([variants[0]!], { replications });
};

describe('one run on each side', () => {
  it.each([
    ['far below', 0.99, 0.5, 'worse', 'worse'],
    ['far above', 0.5, 0.99, 'better', 'better'],
    ['as far as chance goes', 0.5, 0.52, 'none', 'same'],
    ['equal', 0.5, 0.5, 'none', 'same'],
  ] as const)('is judged by its requests: %s', (_how, before, after, change, verdict) => {
    const compared = compare(result([variant(before)]), result([variant(after)]));
    expect(compared).toMatchObject({ rule: 'requests', verdict, judged: 1 });
    const measure = measureOf(compared, 'availability', 'outage');
    expect(measure.change).toBe(change);
    expect(measure.low! <= after - before && after - before <= measure.high!).toBe(true);
  });

  it('is not judged by what is no share of requests', () => {
    const slow = windowResult({
      requests: 1_000,
      latencyMs: { p50: 1_000, p95: 2_000, p99: 3_000, max: 4_000 },
    });
    const after = variant(1, { windows: { outage: slow, [WHOLE_RUN]: windowResult() }, crashes: 9 });
    const compared = compare(result([variant(1)]), result([after]));
    expect(compared.verdict).toBe('same');
    expect(measureOf(compared, 'latency.p99', 'outage')).toMatchObject({
      difference: 2_970,
      change: 'unknown',
    });
    expect(measureOf(compared, 'crashes')).toMatchObject({ difference: 9, change: 'unknown' });
  });

  it('asks for more where more is asked at once', () => {
    // Of one question beyond noise, of many not.
    const [before, after] = [variant(0.5), variant(0.546)];
    expect(compare(result([before]), result([after])).verdict).toBe('better');
    const many = (one: VariantResult) =>
      result(Array.from({ length: 20 }, (_, index) => ({ ...one, name: `v${index}` })));
    expect(compare(many(before), many(after))).toMatchObject({ verdict: 'same', judged: 20 });
  });
});

describe('several runs on each side', () => {
  const low = [0.1, 0.2, 0.15, 0.12, 0.17, 0.19, 0.11, 0.13];
  const high = low.map((share) => share + 0.5);

  it('have changed where their ranges do not meet', () => {
    const compared = compare(replicated(low), replicated(high));
    expect(compared).toMatchObject({ rule: 'replications', verdict: 'better' });
    expect(measureOf(compared, 'availability', 'outage')).toMatchObject({
      before: { min: 0.1, max: 0.2, runs: 8 },
      change: 'better',
    });
    expect(compare(replicated(high), replicated(low)).verdict).toBe('worse');
  });

  it('have not, where they do', () => {
    const compared = compare(replicated(low), replicated(low.map((share) => share + 0.05)));
    expect(measureOf(compared, 'availability', 'outage').change).toBe('none');
    expect(compared.verdict).toBe('same');
  });

  it('are too few, where ranges part by chance', () => {
    const compared = compare(replicated(low.slice(0, 3)), replicated(high.slice(0, 3)));
    expect(measureOf(compared, 'availability', 'outage').change).toBe('undecided');
    expect(compared.leastRuns).toBeGreaterThan(3);
    expect(compared.verdict).toBe('undecided');
    expect(compared.reasons[0]).toMatch(/^too few runs: it takes \d+ on each side/);
    expect(compared.reasons.join('\n')).toContain(': availability[outage] is undecided');
  });

  it('cannot be compared with one run, which has no range', () => {
    const compared = compare(replicated(low), result([variant(0.9)]));
    expect(measureOf(compared, 'availability', 'outage').change).toBe('undecided');
    expect(compared.notes.join('\n')).toContain('only one side has replications');
  });
});

describe('how many runs it takes', () => {
  it.each([
    [0.05, 4],
    [0.01, 5],
    [0.001, 7],
  ])('at a chance of %s is %s on each side', (chance, runs) => {
    expect(leastRuns(chance)).toBe(runs);
  });
});

describe('a comparison', () => {
  it('is undecided where a run was spoilt or interrupted', () => {
    const spoilt = result([variant(0.1)], { verdict: 'inconclusive' });
    expect(compare(result([variant(0.9)]), spoilt)).toMatchObject({
      verdict: 'undecided',
      reasons: ['after.json is inconclusive'],
    });
    const partial = result([variant(0.1, { partial: true })]);
    expect(compare(partial, result([variant(0.9)])).reasons).toEqual([
      'before.json is of an interrupted run',
    ]);
  });

  it('is of what both have', () => {
    const before = result([variant(1, { name: 'a' }), variant(1, { name: 'b' })]);
    const after = result([variant(1, { name: 'b' }), variant(1, { name: 'c' })]);
    const { variants, onlyBefore, onlyAfter } = compare(before, after);
    expect(variants.map(({ name }) => name)).toEqual(['b']);
    expect([onlyBefore, onlyAfter]).toEqual([['a'], ['c']]);
  });

  it('has the thresholds that hold no more, or again', () => {
    const held = threshold({ expression: 'crashes == 0' });
    const broken = { ...held, pass: false };
    const other = threshold({ expression: 'availability > 1%' });
    const before = result([variant(1, { thresholds: [held, other] })]);
    const after = result([variant(1, { thresholds: [broken, other] })]);
    const { variants } = compare(before, after);
    expect(variants[0]!.thresholds.map(({ expression }) => expression)).toEqual(['crashes == 0']);
    expect(renderComparison(compare(before, after), false)).toContain('crashes == 0: does not hold any more');
  });

  it('says whose verdict has turned, where nothing that is judged has', () => {
    const [before, after] = [variant(1), variant(1, { verdict: 'fail' })];
    const { verdict, reasons } = compare(result([before]), result([after]));
    expect(verdict).toBe('same');
    expect(reasons).toEqual([expect.stringMatching(/: pass before, fail now, by thresholds/)]);
  });

  it('decides nothing about two scenarios', () => {
    const other = result([variant(0.1)]);
    const renamed = { ...other, scenario: { ...other.scenario, name: 'another' } };
    const { verdict, reasons } = compare(result([variant(1)]), renamed);
    expect(verdict).toBe('undecided');
    expect(reasons[0]).toContain('different scenarios');
    expect(reasons[0]).toContain('another');
  });

  it('says what else is different', () => {
    const after = result([variant(1)], { engine: 'virtual', seed: 7 });
    const notes = compare(result([variant(1)]), after).notes.join('\n');
    expect(notes).toContain('different engines: real and virtual');
    expect(notes).toContain('different seeds, so different arrivals: 42 and 7');
  });

  it('says when nothing is', () => {
    const { notes, verdict } = compare(result([variant(0.7)]), result([variant(0.7)]));
    expect(notes).toEqual(['every value is the same, to the last digit']);
    expect(verdict).toBe('same');
  });

  it('the other way round has the other verdict', () => {
    const OTHER = { worse: 'better', better: 'worse', same: 'same', undecided: 'undecided' } as const;
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(share, share, (one, other) => {
        const [before, after] = [result([variant(one)]), result([variant(other)])];
        expect(compare(after, before).verdict).toBe(OTHER[compare(before, after).verdict]);
      }),
    );
  });
});

describe('as text', () => {
  const compared = compare(result([variant(0.99)]), result([variant(0.5)], { verdict: 'fail' }));

  it('lists what changed, with its interval, and counts the rest', () => {
    const text = renderComparison(compared, false);
    expect(text).toMatch(/availability\[outage\] +99% +50% +-49% \(-5\d\.?\d?% to -4\d\.?\d?%\) +WORSE/);
    expect(text).toMatch(/\d+ of 13 metrics read the same/);
    expect(text).toMatch(/^WORSE\n {2}default: availability\[outage\] is worse$/m);
    expect(text).toContain('Newcombe 1998');
  });

  it('is the same in Markdown', () => {
    const text = renderComparisonMarkdown(compared);
    expect(text).toMatch(/^### WORSE: small, `before\.json` and `after\.json`\n\n- default: availability/);
    expect(text).toMatch(/\| availability\[outage\] \| 99% \| 50% \| .* \| \*\*worse\*\* \|/);
  });
});
