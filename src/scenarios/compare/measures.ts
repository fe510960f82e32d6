/** What two results say of the same variant, side by side, before anything is judged. */
import type { Kind } from '../../core/values.js';
import { type Measured, toNumber } from '../measure/measured.js';
import { findMetric, WHOLE_RUN } from '../metrics/metrics.js';
import { measuredOf, RUN_METRICS, WINDOW_METRICS } from '../replications/replications.js';
import type { Result, VariantResult } from '../result.js';
import type { OfSide, ThresholdChange } from './comparison-schema.js';

/** One variant of one result: a run, or several with their ranges. */
export interface VariantSide {
  readonly variant: VariantResult;
  /** `null`: one run. */
  readonly replicated: NonNullable<Result['replications']>['variants'][number] | null;
  readonly runs: number;
}

export const variantSides = (result: Result): VariantSide[] =>
  result.variants.map((variant) => ({
    variant,
    replicated: result.replications?.variants.find(({ name }) => name === variant.name) ?? null,
    runs: result.replications?.seeds.length ?? 1,
  }));

/** A metric over a window, or over the run as a whole. */
export interface Subject {
  readonly metric: string;
  /** Empty: the run as a whole, always. */
  readonly window: string;
  readonly kind: Kind;
}

/** Named windows that both have, or the whole run where they have none. */
const sharedWindows = (before: VariantResult, after: VariantResult): string[] => {
  const shared = Object.keys(before.windows).filter((window) => after.windows[window] !== undefined);
  const named = shared.filter((window) => window !== WHOLE_RUN);
  return named.length > 0 ? named : shared;
};

export const subjectsOf = (before: VariantResult, after: VariantResult): Subject[] => [
  ...sharedWindows(before, after).flatMap((window) =>
    WINDOW_METRICS.map((metric) => ({ metric, window, kind: findMetric(metric)!.kind })),
  ),
  ...RUN_METRICS.map((metric) => ({ metric, window: '', kind: findMetric(metric)!.kind })),
];

export const sideOf = ({ variant, replicated }: VariantSide, { metric, window }: Subject): OfSide => {
  if (replicated === null) {
    const value = measuredOf(variant, metric, window);
    return { value, runs: value === null ? 0 : 1 };
  }
  const spread = replicated.metrics.find((one) => one.metric === metric && (one.window ?? '') === window);
  if (spread === undefined) return { value: null, runs: 0 };
  return { value: spread.median, min: spread.min, max: spread.max, runs: spread.measured };
};

/** `null` where one side has no number. */
export const differenceOf = (before: Measured, after: Measured): number | null =>
  typeof before === 'number' && typeof after === 'number' ? after - before : null;

const heldBy = ({ variant, replicated, runs }: VariantSide): Map<string, { held: number; runs: number }> =>
  new Map(
    replicated === null
      ? variant.thresholds.map(({ expression, pass }) => [expression, { held: pass ? 1 : 0, runs: 1 }])
      : replicated.thresholds.map(({ expression, passed }) => [expression, { held: passed, runs }]),
  );

/** Thresholds that did not hold as often as before, or held more often. */
export const thresholdChanges = (before: VariantSide, after: VariantSide): ThresholdChange[] => {
  const now = heldBy(after);
  return [...heldBy(before)].flatMap(([expression, was]) => {
    const is = now.get(expression);
    return is === undefined || is.held / is.runs === was.held / was.runs
      ? []
      : [{ expression, before: was, after: is }];
  });
};

/** The range of a side as numbers: what never happened is later than everything. @returns `null`: it has no value. */
export const rangeOf = ({ value, min = value, max = value }: OfSide): { min: number; max: number } | null => {
  if (min === null || max === null) return null;
  return { min: toNumber(min), max: toNumber(max) };
};
