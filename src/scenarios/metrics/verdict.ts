/**
 * What a run proves. Before its thresholds count for anything, the machine must have kept up (else *inconclusive*) and
 * the time before the fault must have been good (else *invalid*).
 */

import { checkThreshold, observedText, refsOf, type Threshold, variantsOf } from '../../core/thresholds.js';
import { formatDuration, formatRatio } from '../../core/units.js';
import type { Result, VariantResult, Verdict } from '../result.js';
import { besideAt } from '../targets/names.js';
import { metricValue, needsGateway } from './metrics.js';

/**
 * When a machine has spoiled a run. Each limit is paired with what a quiet and a loaded two-core machine showed; the
 * figures are in docs/architecture.md.
 */
export const MACHINE_LIMITS = {
  /** A send this much later than planned is late… */
  lateSendMs: 20,
  /** …and in no window may more than this share be. */
  lateSendShare: 0.01,
  /** A probe that needs 2 ms of processor at the workers' priority and waits longer than that is starved… */
  starvedMs: 2,
  /** …and in no window may more than this share be. */
  starvedShare: 0.75,
  /** The gateway's event loop may not stall longer while no fault is in the gateway. */
  gatewayStallMs: 250,
} as const;

/** What the machine did wrong, and what to do about it. */
export const machineProblems = (machine: VariantResult['machine']): string[] => {
  if (machine === null) return [];
  const problems: string[] = [];
  const advice = 'close other programs, lower the load (--set load.scale=0.5), and run it again';
  if (machine.lateSends === null || machine.starvedSamples === null) {
    problems.push(
      'the run was not watched: there is no measurement of the sends, or none of the workers’ share of the processors',
    );
  }
  if ((machine.lateSends ?? 0) > MACHINE_LIMITS.lateSendShare) {
    problems.push(
      `the load generator starved: ${formatRatio(machine.lateSends!)} of the sends in a window were more than ` +
        `${MACHINE_LIMITS.lateSendMs}ms late; ${advice}`,
    );
  }
  if ((machine.starvedSamples ?? 0) > MACHINE_LIMITS.starvedShare) {
    problems.push(
      `the workers starved: at their priority, ${formatRatio(machine.starvedSamples!)} of the probes in a window ` +
        `waited for a processor longer than they used it; ${advice}`,
    );
  }
  if (machine.gatewayStallMs > MACHINE_LIMITS.gatewayStallMs) {
    problems.push(
      `the gateway starved: its event loop stood still for ${formatDuration(machine.gatewayStallMs)} with no fault ` +
        `in it; ${advice}`,
    );
  }
  return problems;
};

export type CheckedThresholds = Pick<VariantResult, 'thresholds' | 'skippedThresholds'>;

/** A threshold that names no variant is about its own, which is under the empty name. */
const OWN = '';

/** @returns `null`: it can be checked. */
const whyUnchecked = (
  threshold: Threshold,
  find: (name: string) => VariantResult | undefined,
): string | null => {
  const missing = variantsOf(threshold).find((name) => find(name) === undefined);
  if (missing !== undefined) return `variant ${missing} was not run`;
  for (const { variant, metric } of refsOf(threshold)) {
    const target = find(variant)?.target;
    if (target !== undefined && needsGateway(metric)) {
      return `only the built-in gateway tells ${metric}, and ${target} stands in its place`;
    }
  }
  return null;
};

/**
 * Thresholds of one variant against what it and the others at its target measured; those about a variant not run are
 * skipped, and those about what only the built-in gateway tells where another stands in its place.
 */
export const checkThresholds = (
  thresholds: readonly Threshold[],
  variant: VariantResult,
  measured: readonly VariantResult[],
): CheckedThresholds => {
  const find = (name: string): VariantResult | undefined =>
    name === OWN ? variant : measured.find((other) => other.name === besideAt(variant.name, name));
  const checked: CheckedThresholds = { thresholds: [], skippedThresholds: [] };
  for (const threshold of thresholds) {
    const reason = whyUnchecked(threshold, find);
    if (reason !== null) {
      checked.skippedThresholds.push({ expression: threshold.text, reason });
      continue;
    }
    const result = checkThreshold(threshold, ({ variant: name, metric, window, selector }) =>
      metricValue(find(name)!, metric, window, selector),
    );
    checked.thresholds.push(result);
  }
  return checked;
};

export interface Judgement {
  readonly verdict: Verdict;
  readonly reasons: string[];
}

/** @param minBaselineAvailability what the window `baseline`, where there is one, must reach. */
export const judge = (variant: VariantResult, minBaselineAvailability: number): Judgement => {
  if (variant.partial) return { verdict: 'inconclusive', reasons: ['the run was interrupted'] };
  const problems = machineProblems(variant.machine);
  if (problems.length > 0) return { verdict: 'inconclusive', reasons: problems };
  const baseline = variant.windows.baseline?.availability;
  if (baseline !== undefined && baseline !== null && baseline < minBaselineAvailability) {
    const reason =
      `availability in the window baseline was ${formatRatio(baseline)}, below ` +
      `${formatRatio(minBaselineAvailability)}: it was bad before anything happened`;
    return { verdict: 'invalid', reasons: [reason] };
  }
  const failed = variant.thresholds.filter(({ pass }) => !pass);
  return {
    verdict: failed.length === 0 ? 'pass' : 'fail',
    reasons: failed.map((one) => `${one.expression}: ${observedText(one)}`),
  };
};

const SEVERITY: readonly Verdict[] = ['pass', 'fail', 'invalid', 'inconclusive'];

/** A run is as good as its worst variant: a failure among starved variants may be the machine's. */
export const overallVerdict = (variants: Result['variants']): Verdict =>
  variants.reduce<Verdict>(
    (worst, { verdict }) => (SEVERITY.indexOf(verdict) > SEVERITY.indexOf(worst) ? verdict : worst),
    'pass',
  );
