/** Whether a canary version does as well as the workers beside it. Pure: told what each did while it was watched. */
import { formatDuration, formatRatio } from '../../core/units.js';

/** What a worker has done since its process began; `exits`: since the run did. */
export interface Tally {
  readonly served: number;
  /** Answers with a status of 500 and above. */
  readonly failed: number;
  readonly latencyTotalMs: number;
  readonly exits: number;
  readonly heapBytes: number;
}

/** Fewer answers say nothing about a latency. */
export const MIN_ANSWERS = 20;

/** Points of its answers that may fail beyond the others' share: less is chance with a few hundred requests. */
const MAX_FAILED_RATIO = 0.05;

/** Heap in use, of the limit, below which twice the others' is no sign of anything. */
const HEAP_RATIO = 0.5;

export interface Watched {
  readonly before: Tally;
  readonly after: Tally;
}

/** A worker that was restarted meanwhile counts from its restart. */
const change = ({ before, after }: Watched, key: 'served' | 'failed' | 'latencyTotalMs'): number =>
  after.served < before.served ? after[key] : after[key] - before[key];

const sum = (all: readonly Watched[], key: 'served' | 'failed' | 'latencyTotalMs'): number =>
  all.reduce((total, one) => total + change(one, key), 0);

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

export interface CanaryLimits {
  /** Times the others' mean latency that are too many. */
  readonly slowdown: number;
  readonly heapLimitBytes: number;
}

/** @returns why the version is not to go further; `null`: it may. */
export const judgeCanary = (
  canary: Watched,
  others: readonly Watched[],
  { slowdown, heapLimitBytes }: CanaryLimits,
): string | null => {
  const deaths = canary.after.exits - canary.before.exits;
  if (deaths > 0) return `it died ${deaths === 1 ? 'once' : `${deaths} times`}`;
  const served = sum([canary], 'served');
  const othersServed = sum(others, 'served');
  const failed = ratio(sum([canary], 'failed'), served);
  const othersFailed = ratio(sum(others, 'failed'), othersServed);
  if (served >= MIN_ANSWERS && failed > othersFailed + MAX_FAILED_RATIO) {
    return `${formatRatio(failed)} of its answers failed, of the others’ ${formatRatio(othersFailed)}`;
  }
  const othersHeap = ratio(
    others.reduce((total, { after }) => total + after.heapBytes, 0),
    others.length,
  );
  const { heapBytes } = canary.after;
  if (others.length > 0 && heapBytes > HEAP_RATIO * heapLimitBytes && heapBytes > 2 * othersHeap) {
    return `its heap is ${formatRatio(heapBytes / heapLimitBytes)} full, twice the others’`;
  }
  if (served < MIN_ANSWERS || othersServed < MIN_ANSWERS) return null;
  const meanMs = sum([canary], 'latencyTotalMs') / served;
  const othersMs = sum(others, 'latencyTotalMs') / othersServed;
  return meanMs > slowdown * othersMs
    ? `its answers took ${formatDuration(meanMs)}, the others’ ${formatDuration(othersMs)}`
    : null;
};
