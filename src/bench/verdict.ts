/** What a benchmark proves: first whether it measured what it was meant to, then its comparison and its thresholds. */
import { checkThreshold, type Threshold, type ThresholdResult } from '../core/thresholds.js';
import { formatRatio } from '../core/units.js';
import { medianOfMetric } from './metrics.js';
import type { BenchResult, Comparison, TargetResult } from './result.js';

/** With more requests than this failing, the figures are those of failing. */
const MAX_ERROR_RATIO = 0.01;

/** Above this the load generator may have been the limit. */
const GENERATOR_LIMIT_CORES = 0.95;

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
      medianOfMetric(variant === '' ? own : others[variant as 'baseline'], metric),
    ),
  );

const namesIn = (counts: readonly Readonly<Record<string, number>>[]): string =>
  [...new Set(counts.flatMap(Object.keys))].join(', ');

const spoiltReasons = (targets: readonly TargetResult[], errorsJudged: boolean): string[] =>
  targets.flatMap(({ name, trials, summary }) => {
    const reasons: string[] = [];
    const rounds = trials.flat();
    const lost = rounds.reduce((sum, round) => sum + round.lost, 0);
    if (lost > 0) {
      reasons.push(
        `${name}: ${lost} requests vanished, because connections were closed without an answer; latencies are wrong ` +
          'from then on. Let the target keep its connections (nginx: keepalive_requests)',
      );
    }
    const errors = summary.errors?.median ?? 0;
    if (errors > MAX_ERROR_RATIO && !errorsJudged) {
      const kinds = namesIn(rounds.map((round) => round.errors));
      const statuses = namesIn(rounds.map((round) => round.statuses));
      reasons.push(
        `${name}: ${formatRatio(errors)} of the requests got no good answer (statuses: ${statuses || 'none'}; ` +
          `errors: ${kinds || 'none'}), so the figures are those of failing; a threshold on errors allows it`,
      );
    }
    return reasons;
  });

const comparisonReason = ({ verdict, ratios, decidedBy, tolerance }: Comparison): string | null => {
  const ratio = ratios.find(({ metric }) => metric === decidedBy);
  const interval =
    ratio === undefined
      ? 'nothing could be compared'
      : `${decidedBy} is ${ratio.value.toFixed(3)} of the other ` +
        `(95% between ${ratio.low?.toFixed(3) ?? 'any'} and ${ratio.high?.toFixed(3) ?? 'any'})`;
  if (verdict === 'worse') return `slower by more than ${formatRatio(tolerance)}: ${interval}`;
  if (verdict === 'undecided')
    return `undecided at a tolerance of ${formatRatio(tolerance)}: ${interval}; use more trials (--max-trials), or a quieter machine`;
  return null;
};

export const judgeBench = (
  targets: readonly TargetResult[],
  comparison: Comparison | null,
  thresholds: readonly ThresholdResult[],
): Judgement => {
  const errorsJudged = thresholds.some(({ expression }) => /\berrors\b/.test(expression));
  const spoilt = spoiltReasons(targets, errorsJudged);
  if (spoilt.length > 0) return { verdict: 'invalid', reasons: spoilt };
  const failed = thresholds
    .filter(({ pass }) => !pass)
    .map(
      ({ expression, observedText, expectedText }) =>
        `${expression}: observed ${observedText}, expected ${/[<>=!]+/.exec(expression)![0]} ${expectedText}`,
    );
  const compared = comparison === null ? null : comparisonReason(comparison);
  const reasons = compared === null ? failed : [compared, ...failed];
  if (failed.length > 0 || comparison?.verdict === 'worse') return { verdict: 'fail', reasons };
  return { verdict: comparison?.verdict === 'undecided' ? 'inconclusive' : 'pass', reasons };
};

/** What a reader must know to read the figures right. */
export const notesOn = (
  targets: readonly TargetResult[],
  baseline: BenchResult | null,
  host: BenchResult['host'],
): string[] => {
  const notes: string[] = [];
  for (const { name, trials, summary } of targets) {
    if (trials.flat().some(({ generatorCores }) => generatorCores > GENERATOR_LIMIT_CORES)) {
      notes.push(
        `${name}: the load generator was busy all the time; its rate is at least this, its cost is right`,
      );
    }
    if (summary.cpu === null) {
      notes.push(
        `${name}: processor time and memory cannot be read (not on this machine, another user's, or not Linux)`,
      );
    }
  }
  if (baseline !== null && (baseline.host.cpu !== host.cpu || baseline.host.node !== host.node)) {
    notes.push(
      `the baseline was measured on ${baseline.host.cpu}, Node ${baseline.host.node}; this on ${host.cpu}, Node ` +
        `${host.node}: compare with --against instead, which measures both at once`,
    );
  }
  return notes;
};
