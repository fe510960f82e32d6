/** Values of metrics over several runs: what there is of each, and its middle and range. */
import { Section, type Static, Type } from '../../core/schema.js';
import { medianOf } from '../../core/statistics.js';
import type { MetricRef } from '../../core/thresholds.js';
import { metricValue } from '../metrics/metrics.js';
import type { VariantResult } from '../result.js';

export const MeasuredSchema = Type.Union([Type.Number(), Type.Literal('never'), Type.Null()], {
  description:
    'In the base unit of its kind: shares from 0 to 1, milliseconds, bytes, per second. never: it did not happen; null: it has no value.',
});

export type Measured = Static<typeof MeasuredSchema>;

/** Parts of a section that tells of several runs. */
export const SPREAD = {
  median: MeasuredSchema,
  min: MeasuredSchema,
  max: MeasuredSchema,
  measured: Type.Number({ description: 'Runs in which it has a value.' }),
};

export const SpreadSchema = Section(SPREAD, 'Over the seeds.');
export type Spread = Static<typeof SpreadSchema>;

/** Infinity: it never happened; NaN: it has no value, as the latency of answers where there was none. */
export const valueIn = (
  result: VariantResult,
  { metric, window, selector }: Pick<MetricRef, 'metric' | 'window' | 'selector'>,
): number => {
  const value = (name: string): number => metricValue(result, name, window, selector);
  // Where nobody was answered, a latency of 0 would be the best of all.
  return metric.startsWith('latency.') && value('latency.max') === 0 ? Number.NaN : value(metric);
};

export const toMeasured = (value: number): Measured => {
  if (Number.isNaN(value)) return null;
  return Number.isFinite(value) ? value : 'never';
};

/** What never happened is later than everything. */
export const toNumber = (value: Exclude<Measured, null>): number =>
  value === 'never' ? Number.POSITIVE_INFINITY : value;

/** Runs without a value are left out. */
export const summarizeMeasured = (values: readonly Measured[]): Spread => {
  const known = values.filter((value) => value !== null).map(toNumber);
  if (known.length === 0) return { median: null, min: null, max: null, measured: 0 };
  return {
    median: toMeasured(medianOf(known)),
    min: toMeasured(Math.min(...known)),
    max: toMeasured(Math.max(...known)),
    measured: known.length,
  };
};
