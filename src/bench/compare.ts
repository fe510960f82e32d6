/**
 * One target against another, from trials in which both were measured side by side: the ratio of what they cost, with an
 * interval, and what may be said of it. A verdict needs the whole interval on one side of the tolerance; what
 * does not have that is undecided, and more trials are made. Not being worse is enough to stop: `no-worse` may be
 * equal or better, and telling which would take more trials than a check has a use for.
 */
import type { Estimate } from '../core/statistics.js';
import type { Round } from './measure.js';
import { BENCH_METRICS, type BenchMetric } from './metrics.js';
import type { Comparison, ComparisonVerdict } from './result.js';
import { estimateRatio, medianRatio } from './statistics.js';

/** One in twenty comparisons may be off: the usual convention, and the tolerance makes it rarer. */
export const CONFIDENCE = 0.95;

/**
 * The confidence of one look at the trials, when there may be several before a verdict: each look may be off, so all
 * together must share the doubt (Bonferroni).
 */
export const confidenceOfLook = (looks: number): number => 1 - (1 - CONFIDENCE) / looks;

/** Of the rounds of a trial, this share at least must have a value on both sides. */
const MEASURED_SHARE = 0.5;

/** The rounds of one trial; those of one index were measured next to each other. */
export interface PairedTrial {
  readonly target: readonly Round[];
  readonly against: readonly Round[];
}

const COMPARED: readonly BenchMetric[] = ['cpu', 'rps', 'latency.p50', 'latency.p99', 'memory'];

/** @returns the ratio of a trial: the median over its rounds, side by side; `null` where too few have a value. */
export const trialRatio = ({ target, against }: PairedTrial, metric: BenchMetric): number | null => {
  const { value } = BENCH_METRICS[metric];
  const ratios = target.flatMap((round, index) => {
    const [a, b] = [value(round), value(against[index]!)];
    return a === null || b === null || a <= 0 || b <= 0 ? [] : [a / b];
  });
  return ratios.length < target.length * MEASURED_SHARE ? null : medianRatio(ratios);
};

/** @param cost the ratio as a cost: above 1 the target costs more. */
export const judgeCost = ({ low, high }: Estimate, tolerance: number): ComparisonVerdict => {
  const bound = 1 + tolerance;
  if (low > bound) return 'worse';
  if (high > bound) return 'undecided';
  if (high < 1 / bound) return 'better';
  return low >= 1 / bound ? 'equal' : 'no-worse';
};

const asCost = ({ value, low, high }: Estimate, metric: BenchMetric): Estimate =>
  BENCH_METRICS[metric].lowerIsBetter
    ? { value, low, high }
    : { value: 1 / value, low: 1 / high, high: 1 / low };

const finiteOrNull = (value: number): number | null => (Number.isFinite(value) ? value : null);

/**
 * @param tolerance a cost up to this share higher still counts as equal.
 * @param confidence of the intervals; default 95 %.
 * Processor time per request decides, since it is what the code costs, whoever else is on the machine; where it cannot
 * be read on both sides, requests a second do.
 */
export const compareTrials = (
  trials: readonly PairedTrial[],
  tolerance: number,
  confidence: number = CONFIDENCE,
): Comparison => {
  const estimates = COMPARED.map((metric) => ({
    metric,
    ratios: trials.flatMap((trial) => trialRatio(trial, metric) ?? []),
  }))
    .filter(({ ratios }) => ratios.length === trials.length)
    .map(({ metric, ratios }) => ({ metric, estimate: estimateRatio(ratios, confidence) }));
  const deciding =
    estimates.find(({ metric }) => metric === 'cpu') ?? estimates.find(({ metric }) => metric === 'rps');
  return {
    decidedBy: deciding?.metric ?? 'rps',
    tolerance,
    confidence,
    trials: trials.length,
    verdict:
      deciding === undefined ? 'undecided' : judgeCost(asCost(deciding.estimate, deciding.metric), tolerance),
    ratios: estimates.map(({ metric, estimate: { value, low, high } }) => ({
      metric,
      value,
      low: low === 0 ? null : low,
      high: finiteOrNull(high),
    })),
  };
};
