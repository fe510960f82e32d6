/** What is kept of a run of a sweep: the values that were asked for, and whether it came back. */
import { type Expression, evaluate, refsIn } from '../../core/thresholds.js';
import { metricValue } from '../metrics.js';
import type { VariantResult } from '../result.js';
import type { SweepRun } from './grid.js';
import type { SweepMetric } from './sweep-plan.js';

/** `null`: it has no value, as a latency of nobody. `never`: when it happened, and it did not. */
export type Measured = number | 'never' | null;

export interface MeasuredRun extends SweepRun {
  /** In the order of the metrics. */
  readonly values: readonly Measured[];
  readonly recovered: boolean;
}

/** Service is good with so many good answers: as `recovered` and `recovery` have it. */
const GOOD_AVAILABILITY = 0.99;

/**
 * Whether service was good when the cause was gone: in the window `after`; where there is none, for 3 s after it had
 * failed, or always.
 */
export const hasRecovered = ({ windows: { after }, recoveredMs }: VariantResult): boolean =>
  after === undefined ? recoveredMs !== null : (after.availability ?? 0) >= GOOD_AVAILABILITY;

/** Of those who were answered: where nobody was, a latency of 0 would be the best of all. */
const nobodyAnswered = (result: VariantResult, expression: Expression): boolean =>
  refsIn(expression).some(
    ({ metric, window, selector }) =>
      metric.startsWith('latency.') && metricValue(result, 'latency.max', window, selector) === 0,
  );

export const measureMetric = (result: VariantResult, { expression }: SweepMetric): Measured => {
  const value = nobodyAnswered(result, expression)
    ? Number.NaN
    : evaluate(expression, ({ metric, window, selector }) => metricValue(result, metric, window, selector));
  if (Number.isNaN(value)) return null;
  return Number.isFinite(value) ? value : 'never';
};

export const toMeasuredRun = (
  run: SweepRun,
  result: VariantResult,
  metrics: readonly SweepMetric[],
): MeasuredRun => ({
  ...run,
  values: metrics.map((metric) => measureMetric(result, metric)),
  recovered: hasRecovered(result),
});
