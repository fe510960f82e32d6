/** What is kept of a run of a sweep: the values that were asked for, and whether it came back. */
import { evaluate } from '../../core/thresholds.js';
import { type Measured, toMeasured, valueIn } from '../measure/measured.js';
import { hasRecovered } from '../report/cascade.js';
import type { VariantResult } from '../result.js';
import type { SweepRun } from './grid.js';
import type { SweepMetric } from './sweep-plan.js';

export interface MeasuredRun extends SweepRun {
  /** In the order of the metrics. */
  readonly values: readonly Measured[];
  readonly recovered: boolean;
}

export const measureMetric = (result: VariantResult, { expression }: SweepMetric): Measured =>
  toMeasured(evaluate(expression, (ref) => valueIn(result, ref)));

export const toMeasuredRun = (
  run: SweepRun,
  result: VariantResult,
  metrics: readonly SweepMetric[],
): MeasuredRun => ({
  ...run,
  values: metrics.map((metric) => measureMetric(result, metric)),
  recovered: hasRecovered(result),
});
