/** What a benchmark proves, by its thresholds and its comparison, and whether it measured what it was meant to. */
import { medianOf } from '../core/statistics.js';
import {
  checkThreshold,
  observedText,
  refsOf,
  type Threshold,
  type ThresholdResult,
} from '../core/thresholds.js';
import { formatRatio } from '../core/units.js';
import { judgedValue } from './metrics.js';
import { outcomesText } from './report.js';
import type { BenchResult, Comparison, TargetResult } from './result.js';

/** With more requests than this failing in a trial, the figures are those of failing. */
const MAX_ERROR_RATIO = 0.01;

/** Above this the load generator may have been the limit. */
const GENERATOR_LIMIT_CORES = 0.95;

/** A target less busy than this waited for load: whoever loads it, or stands behind it, was the limit. */
const BUSY_CORES = 0.9;

type BenchVerdict = BenchResult['verdict'];

export interface Judgement {
  readonly verdict: BenchVerdict;
  readonly reasons: string[];
}

/** Names by which a threshold takes the same metric from elsewhere. */
export const OTHERS = ['baseline', 'against'] as const;

export const checkBenchThresholds = (
  thresholds: readonly Threshold[],
  own: TargetResult,
  others: Readonly<Record<(typeof OTHERS)[number], TargetResult | null>>,
): ThresholdResult[] =>
  thresholds.map((threshold) =>
    checkThreshold(threshold, ({ variant, metric }) =>
      judgedValue(variant === '' ? own : others[variant as 'baseline'], metric),
    ),
  );

/** @returns why the figures of a target mean nothing, where they do. */
const spoiltReason = ({ name, trials, summary }: TargetResult): string | null => {
  const errors = summary.errors?.max ?? 1;
  if (errors <= MAX_ERROR_RATIO) return null;
  return (
    `${name}: in a trial ${formatRatio(errors)} of the requests got no good answer (${outcomesText(trials.flat())}), so ` +
    'the figures are those of failing; a threshold on errors allows it'
  );
};

const comparisonReason = ({
  verdict,
  ratios,
  decidedBy,
  tolerance,
  confidence,
}: Comparison): string | null => {
  const ratio = ratios.find(({ metric }) => metric === decidedBy);
  const interval =
    ratio === undefined
      ? 'nothing could be compared'
      : `${decidedBy} is ${ratio.value.toFixed(3)} of the other ` +
        `(${formatRatio(confidence)} between ${ratio.low?.toFixed(3) ?? 'any'} and ${ratio.high?.toFixed(3) ?? 'any'})`;
  if (verdict === 'worse') {
    return `${decidedBy === 'cpu' ? 'costs more' : 'slower'}, by more than ${formatRatio(tolerance)}: ${interval}`;
  }
  if (verdict === 'undecided')
    return `undecided at a tolerance of ${formatRatio(tolerance)}: ${interval}; use more trials (--max-trials), or a quieter machine`;
  return null;
};

const thresholdReason = (result: ThresholdResult): string => `${result.expression}: ${observedText(result)}`;

export interface Judged {
  readonly targets: readonly TargetResult[];
  readonly comparison: Comparison | null;
  readonly thresholds: readonly Threshold[];
  /** In the order of the thresholds. */
  readonly results: readonly ThresholdResult[];
}

/**
 * A threshold that fails on measured values fails the benchmark, whatever else. Without one on its errors, a target that
 * fails requests makes it invalid. What could not be measured or told makes it inconclusive.
 */
export const judgeBench = ({ targets, comparison, thresholds, results }: Judged): Judgement => {
  const missed = results.filter(({ pass }) => !pass);
  // Both sides are infinite or not numbers where there was nothing to measure.
  const unmeasured = missed.filter(({ observed, expected }) => observed === null || expected === null);
  const failed = missed.filter((result) => !unmeasured.includes(result));
  const judgedOnErrors = thresholds.flatMap(refsOf).filter(({ metric }) => metric === 'errors');
  const spoilt = targets
    .filter(
      (_target, index) => !judgedOnErrors.some(({ variant }) => variant === (index === 0 ? '' : 'against')),
    )
    .map(spoiltReason)
    .filter((reason) => reason !== null);
  const compared = comparison === null ? null : comparisonReason(comparison);
  const reasons = [
    ...failed.map(thresholdReason),
    ...spoilt,
    ...(compared === null ? [] : [compared]),
    ...unmeasured.map((result) => `${thresholdReason(result)}: it was not measured`),
  ];
  if (failed.length > 0) return { verdict: 'fail', reasons };
  if (spoilt.length > 0) return { verdict: 'invalid', reasons };
  if (comparison?.verdict === 'worse') return { verdict: 'fail', reasons };
  return {
    verdict: comparison?.verdict === 'undecided' || unmeasured.length > 0 ? 'inconclusive' : 'pass',
    reasons,
  };
};

/**
 * What a reader must know to read the figures right.
 * @param started every target was started anew for each trial.
 */
export const notesOn = (
  targets: readonly TargetResult[],
  baseline: BenchResult | null,
  host: BenchResult['host'],
  started: boolean,
): string[] => {
  const notes: string[] = [];
  for (const { name, trials, summary } of targets) {
    const rounds = trials.flat();
    const cores = rounds.map((round) => round.cores).filter((busy) => busy !== null);
    const waited = cores.length > 0 && medianOf(cores) < BUSY_CORES;
    if (waited || medianOf(rounds.map(({ generatorCores }) => generatorCores)) > GENERATOR_LIMIT_CORES) {
      notes.push(
        `${name}: could have done more; the load, or what stands behind it, was the limit. Its rate is at least this, ` +
          'its cost is right',
      );
    }
    if (summary.cpu === null) {
      notes.push(
        `${name}: processor time and memory cannot be read (not on this machine, another user's, or not Linux)`,
      );
    }
  }
  if (targets.length > 1 && !started) {
    notes.push(
      'what was compared is the processes at these addresses, not their code: two processes of one program differ by up ' +
        'to a tenth',
    );
  }
  if (baseline !== null && (baseline.host.cpu !== host.cpu || baseline.host.node !== host.node)) {
    notes.push(
      `the baseline was measured on ${baseline.host.cpu}, Node ${baseline.host.node}; this on ${host.cpu}, Node ` +
        `${host.node}: compare with --against instead, which measures both at once`,
    );
  }
  return notes;
};
