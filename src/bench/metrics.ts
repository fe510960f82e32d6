/** Every metric of a benchmark: its name in thresholds, what it counts, and where it is in a round. */
import { medianOf, summarize } from '../core/statistics.js';
import type { MetricCatalogue } from '../core/thresholds.js';
import type { Kind } from '../core/values.js';
import type { Round } from './measure.js';
import type { TargetResult } from './result.js';

export type BenchMetric = keyof TargetResult['summary'];

interface MetricSpec {
  readonly kind: Kind;
  /** Of two values, the lower is the better. */
  readonly lowerIsBetter: boolean;
  readonly label: string;
  readonly value: (round: Round) => number | null;
  /**
   * What a trial has of its rounds; default their median, and thresholds judge the median of the trials. With another,
   * they judge the highest: no trial may spoil what the others keep.
   */
  readonly ofTrial?: (values: readonly number[]) => number;
}

const highest = (values: readonly number[]): number => Math.max(...values);

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

export const BENCH_METRICS: Readonly<Record<BenchMetric, MetricSpec>> = {
  rps: { kind: 'count', lowerIsBetter: false, label: 'good answers a second', value: ({ rps }) => rps },
  cpu: {
    kind: 'duration',
    lowerIsBetter: true,
    label: 'processor time per request',
    value: ({ cpuMs }) => cpuMs,
  },
  'latency.p50': {
    kind: 'duration',
    lowerIsBetter: true,
    label: 'latency p50',
    value: ({ latencyMs }) => latencyMs.p50,
  },
  'latency.p90': {
    kind: 'duration',
    lowerIsBetter: true,
    label: 'latency p90',
    value: ({ latencyMs }) => latencyMs.p90,
  },
  'latency.p99': {
    kind: 'duration',
    lowerIsBetter: true,
    label: 'latency p99',
    value: ({ latencyMs }) => latencyMs.p99,
  },
  'latency.max': {
    kind: 'duration',
    lowerIsBetter: true,
    label: 'latency max',
    value: ({ latencyMs }) => latencyMs.max,
    ofTrial: highest,
  },
  memory: {
    kind: 'size',
    lowerIsBetter: true,
    label: 'peak memory',
    value: ({ memoryBytes }) => memoryBytes,
    ofTrial: highest,
  },
  errors: {
    kind: 'ratio',
    lowerIsBetter: true,
    label: 'requests without a good answer',
    value: ({ errorRatio }) => errorRatio,
    ofTrial: mean,
  },
};

export const BENCH_METRIC_NAMES = Object.keys(BENCH_METRICS) as readonly BenchMetric[];

const isMetric = (name: string): name is BenchMetric => Object.hasOwn(BENCH_METRICS, name);

/** Metrics as thresholds name them. */
export const BENCH_CATALOGUE: MetricCatalogue = {
  find: (name) =>
    isMetric(name) ? { kind: BENCH_METRICS[name].kind, windowed: false, example: name } : undefined,
  examples: BENCH_METRIC_NAMES,
};

/** @param trials the rounds of each trial. */
export const toTargetResult = (name: string, trials: readonly (readonly Round[])[]): TargetResult => {
  const summaryOf = (metric: BenchMetric): TargetResult['summary'][BenchMetric] => {
    const { value, ofTrial = medianOf } = BENCH_METRICS[metric];
    const ofTrials = trials
      .map((rounds) => rounds.map(value).filter((measured) => measured !== null))
      .filter((values) => values.length > 0)
      .map(ofTrial);
    return ofTrials.length === 0 ? null : summarize(ofTrials);
  };
  const summary = Object.fromEntries(BENCH_METRIC_NAMES.map((metric) => [metric, summaryOf(metric)]));
  return {
    name,
    trials: trials.map((rounds) => rounds.map((round) => ({ ...round }))),
    summary: summary as unknown as TargetResult['summary'],
  };
};

/** What a threshold compares; `NaN` when it was not measured. */
export const judgedValue = (target: TargetResult | null, metric: string): number => {
  if (target === null || !isMetric(metric)) return Number.NaN;
  const summary = target.summary[metric];
  return (BENCH_METRICS[metric].ofTrial === undefined ? summary?.median : summary?.max) ?? Number.NaN;
};
