/**
 * A run repeated with other seeds: the middle and the range of what came out, how often thresholds held, and which
 * variants differ by more than chance. All variants of a seed meet the same arrivals, so they are compared seed by seed.
 */
import { estimateCentre, leastMeasurements } from '../../core/statistics.js';
import type { Kind } from '../../core/values.js';
import { type Measured, summarizeMeasured, toMeasured, valueIn } from '../measure/measured.js';
import { findMetric, WHOLE_RUN } from '../metrics/metrics.js';
import { overallVerdict } from '../metrics/verdict.js';
import type { VariantResult } from '../result.js';
import type { Comparison, Replications, SpreadOf } from './schema.js';

/** More than any difference that matters needs; each is a run of its own. */
export const MAX_REPLICATIONS = 1_000;

/** One in twenty comparisons may be off: the usual convention. */
export const CONFIDENCE = 0.95;

/** Measured over windows. */
export const WINDOW_METRICS = [
  'availability',
  'goodput',
  'latency.p50',
  'latency.p95',
  'latency.p99',
  'latency.max',
  'amplification',
  'wasted',
] as const;

/** Measured over the run as a whole, always. */
export const RUN_METRICS = ['recovered', 'recovery', 'crashes', 'workers-lost', 'worker-seconds'] as const;

/** What variants are compared by. */
const COMPARED = ['availability', 'latency.p99'] as const;

/** All variants with one seed, their thresholds judged. */
export interface Replication {
  readonly seed: number;
  readonly variants: readonly VariantResult[];
}

/** The same without what is large and not looked at any more: series, events, sampled requests. */
export const withoutSeries = (variant: VariantResult): VariantResult => ({
  ...variant,
  series: [],
  events: [],
  requests: [],
});

/** @param window empty or `WHOLE_RUN`: the run as a whole. */
export const measuredOf = (result: VariantResult, metric: string, window: string): Measured =>
  toMeasured(valueIn(result, { metric, window: window === WHOLE_RUN ? '' : window, selector: {} }));

const spreadsOf = (runs: readonly VariantResult[]): SpreadOf[] => {
  const windows = Object.keys(runs[0]!.windows);
  const ofWindows = windows.flatMap((window) =>
    WINDOW_METRICS.map((metric) => ({
      ...{ metric, window, kind: findMetric(metric)!.kind },
      ...summarizeMeasured(runs.map((run) => measuredOf(run, metric, window))),
    })),
  );
  const ofRuns = RUN_METRICS.map((metric) => ({
    ...{ metric, kind: findMetric(metric)!.kind },
    ...summarizeMeasured(runs.map((run) => measuredOf(run, metric, ''))),
  }));
  return [...ofWindows, ...ofRuns];
};

/** What never happened on one side has no difference. */
const differencesOf = (from: readonly Measured[], to: readonly Measured[]): number[] =>
  from.flatMap((before, index) => {
    const after = to[index]!;
    return typeof before === 'number' && typeof after === 'number' ? [after - before] : [];
  });

/** @param differences of pairs. */
export const judgeDifferences = (
  differences: readonly number[],
): Pick<Comparison, 'pairs' | 'difference' | 'low' | 'high' | 'differs'> => {
  const pairs = differences.length;
  if (pairs === 0) return { pairs, difference: null, low: null, high: null, differs: null };
  const { value: difference, low, high } = estimateCentre(differences, CONFIDENCE);
  if (pairs < leastMeasurements(CONFIDENCE)) {
    return { pairs, difference, low: null, high: null, differs: null };
  }
  return { pairs, difference, low, high, differs: low > 0 || high < 0 };
};

const compare = (from: readonly VariantResult[], to: readonly VariantResult[]): Comparison[] => {
  const shared = Object.keys(from[0]!.windows).filter((window) => to[0]!.windows[window] !== undefined);
  const named = shared.filter((window) => window !== WHOLE_RUN);
  return (named.length > 0 ? named : shared).flatMap((window) =>
    COMPARED.map((metric) => {
      const values = (runs: readonly VariantResult[]) => runs.map((run) => measuredOf(run, metric, window));
      return {
        ...{ from: from[0]!.name, to: to[0]!.name, metric, window },
        kind: findMetric(metric)!.kind satisfies Kind,
        ...judgeDifferences(differencesOf(values(from), values(to))),
      };
    }),
  );
};

const thresholdsOf = (runs: readonly VariantResult[]): Replications['variants'][number]['thresholds'] =>
  runs[0]!.thresholds.map(({ expression }, index) => ({
    expression,
    passed: runs.filter(({ thresholds }) => thresholds[index]!.pass).length,
  }));

/** @param replications at least one, each of the same variants and to the end. */
export const summarizeReplications = (replications: readonly Replication[]): Replications => {
  const names = replications[0]!.variants.map(({ name }) => name);
  const runsOf = names.map((_, index) => replications.map(({ variants }) => variants[index]!));
  return {
    seeds: replications.map(({ seed }) => seed),
    verdicts: replications.map(({ variants }) => overallVerdict([...variants])),
    reasons: replications.flatMap(({ seed, variants }) =>
      variants.flatMap(({ name, reasons }) => reasons.map((reason) => `seed ${seed}, ${name}: ${reason}`)),
    ),
    variants: names.map((name, index) => {
      const runs = runsOf[index]!;
      return {
        name,
        passed: runs.filter(({ verdict }) => verdict === 'pass').length,
        metrics: spreadsOf(runs),
        thresholds: thresholdsOf(runs),
      };
    }),
    method: 'wilcoxon-signed-rank',
    confidence: CONFIDENCE,
    comparisons: runsOf.flatMap((from, index) => runsOf.slice(index + 1).flatMap((to) => compare(from, to))),
  };
};

/** All variants are there, and to the end. */
export const isComplete = ({ variants }: Replication, wanted: number): boolean =>
  variants.length === wanted && variants.every(({ partial }) => !partial);
