/** Whether a canary version does as well as the workers beside it. Pure: told what each did while it was watched. */
import { formatDuration, formatRatio } from '../../core/units.js';

/** What a worker has done since its process began; `exits`: since the run did. */
export interface Tally {
  /** Answers with a status below 500. */
  readonly answered: number;
  /** Answers with a status of 500 and above, and requests that got no whole answer. */
  readonly failed: number;
  readonly latencyTotalMs: number;
  readonly exits: number;
  readonly heapBytes: number;
}

/** Fewer answers say nothing about a latency. */
const MIN_ANSWERS = 20;

/** As many for each of the others show that there was enough to do: a fifth of it is not chance. */
const MANY_ANSWERS = 5 * MIN_ANSWERS;

/** Points of its answers that may fail beyond the others' share: less is chance with a few hundred requests. */
const MAX_FAILED_RATIO = 0.05;

/** Heap in use, of the limit, below which twice the others' is no sign of anything. */
const HEAP_RATIO = 0.5;

export interface Watched {
  readonly before: Tally;
  readonly after: Tally;
}

type Counted = 'answered' | 'failed' | 'latencyTotalMs';

/** A worker that was restarted meanwhile counts from its restart. */
const change = ({ before, after }: Watched, key: Counted): number =>
  after.answered < before.answered || after.failed < before.failed ? after[key] : after[key] - before[key];

const sum = (all: readonly Watched[], key: Counted): number =>
  all.reduce((total, one) => total + change(one, key), 0);

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

export interface CanaryLimits {
  /** Times the others' mean latency that are too many. */
  readonly slowdown: number;
  readonly heapLimitBytes: number;
}

/** One that holds on to its requests answers too few of them for a share to say anything. */
const failureReason = (canary: Watched, others: readonly Watched[]): string | null => {
  const failed = sum([canary], 'failed');
  const over = sum([canary], 'answered') + failed;
  const othersFailed = sum(others, 'failed');
  const othersOver = sum(others, 'answered') + othersFailed;
  if (over < MIN_ANSWERS) {
    const each = ratio(othersOver, others.length);
    return each < MANY_ANSWERS
      ? null
      : `it was done with ${Math.round(over)} requests, each of the others with ${Math.round(each)}`;
  }
  const share = ratio(failed, over);
  const othersShare = ratio(othersFailed, othersOver);
  return share > othersShare + MAX_FAILED_RATIO
    ? `${formatRatio(share)} of its requests failed, of the others’ ${formatRatio(othersShare)}`
    : null;
};

/** @returns why the version is not to go further; `null`: it may. */
export const judgeCanary = (
  canary: Watched,
  others: readonly Watched[],
  { slowdown, heapLimitBytes }: CanaryLimits,
): string | null => {
  const deaths = canary.after.exits - canary.before.exits;
  if (deaths > 0) return `it died ${deaths === 1 ? 'once' : `${deaths} times`}`;
  const failures = failureReason(canary, others);
  if (failures !== null) return failures;
  const othersHeap = ratio(
    others.reduce((total, { after }) => total + after.heapBytes, 0),
    others.length,
  );
  const { heapBytes } = canary.after;
  if (others.length > 0 && heapBytes > HEAP_RATIO * heapLimitBytes && heapBytes > 2 * othersHeap) {
    return `its heap is ${formatRatio(heapBytes / heapLimitBytes)} full, twice the others’`;
  }
  const answered = sum([canary], 'answered');
  const othersAnswered = sum(others, 'answered');
  if (answered < MIN_ANSWERS || othersAnswered < MIN_ANSWERS) return null;
  const meanMs = sum([canary], 'latencyTotalMs') / answered;
  const othersMs = sum(others, 'latencyTotalMs') / othersAnswered;
  return meanMs > slowdown * othersMs
    ? `its answers took ${formatDuration(meanMs)}, the others’ ${formatDuration(othersMs)}`
    : null;
};
