/**
 * When users were hurt: from counts by tick, the spans from the first failures to the moment from which service was good again.
 * Requests count when they end, as alerts have them.
 */
import { TICK_MS, type Tick } from '../monitoring/ticks.js';

/** When an outage began, was mitigated, and was over. */
export const IMPACT_LIMITS = {
  /** Users are hurt when more than this share of a second's requests fails… */
  failedRatio: 0.01,
  /** …and so many of them: of few requests, one is a large share. */
  minFailures: 5,
  hurtMs: 1_000,
  /** The outage is mitigated when so many requests are good for so long: it is over for most. */
  mitigatedRatio: 0.95,
  mitigatedMs: 2_000,
  /** Service is good again when so many are good for so long, as `recovered` has it. */
  recoveredRatio: 0.99,
  recoveredMs: 3_000,
} as const;

/** Milliseconds of the run. */
export interface Impact {
  /** When the first failure could be seen. */
  readonly onsetMs: number;
  /** When the first good span began; `null`: none did before the end. */
  readonly mitigatedMs: number | null;
  readonly recoveredMs: number | null;
}

/** Sums from the beginning, so that any span is one subtraction. */
class Counts {
  readonly #ended: number[] = [0];
  readonly #failed: number[] = [0];

  constructor(ticks: readonly Pick<Tick, 'ended' | 'failed'>[]) {
    for (const { ended, failed } of ticks) {
      this.#ended.push(this.#ended.at(-1)! + ended);
      this.#failed.push(this.#failed.at(-1)! + failed);
    }
  }

  get length(): number {
    return this.#ended.length - 1;
  }

  /** Of the ticks from one place up to another. */
  failedIn(from: number, to: number): number {
    return this.#failed[to]! - this.#failed[from]!;
  }

  endedIn(from: number, to: number): number {
    return this.#ended[to]! - this.#ended[from]!;
  }
}

const ticksOf = (ms: number): number => Math.round(ms / TICK_MS);

/** The first tick with a failure of the first second in which users are hurt; −1: there is none. */
const findOnset = (counts: Counts, from: number): number => {
  const { failedRatio, minFailures, hurtMs } = IMPACT_LIMITS;
  for (let end = from + 1; end <= counts.length; end++) {
    const begin = Math.max(from, end - ticksOf(hurtMs));
    const failed = counts.failedIn(begin, end);
    if (failed < minFailures || failed <= counts.endedIn(begin, end) * failedRatio) continue;
    let first = begin;
    while (counts.failedIn(first, first + 1) === 0) first++;
    return first;
  }
  return -1;
};

/** Where the first span begins that is good for so long; −1: none does. A span in which nothing ends is not good. */
const findGood = (counts: Counts, from: number, forMs: number, goodRatio: number): number => {
  const length = ticksOf(forMs);
  for (let begin = from; begin + length <= counts.length; begin++) {
    const ended = counts.endedIn(begin, begin + length);
    if (ended > 0 && counts.failedIn(begin, begin + length) <= ended * (1 - goodRatio)) return begin;
  }
  return -1;
};

const orNull = (tick: number): number | null => (tick === -1 ? null : tick * TICK_MS);

/** Every span in which users were hurt, in order; one that is good again and then not is two. */
export const findImpacts = (ticks: readonly Pick<Tick, 'ended' | 'failed'>[]): Impact[] => {
  const { mitigatedMs, mitigatedRatio, recoveredMs, recoveredRatio } = IMPACT_LIMITS;
  const counts = new Counts(ticks);
  const impacts: Impact[] = [];
  for (let from = 0; from < counts.length; ) {
    const onset = findOnset(counts, from);
    if (onset === -1) break;
    const recovered = findGood(counts, onset + 1, recoveredMs, recoveredRatio);
    const mitigated = findGood(counts, onset + 1, mitigatedMs, mitigatedRatio);
    // What is good for all is good for most, even where the few requests of its first seconds have all its failures.
    const sooner = recovered === -1 ? mitigated : Math.min(mitigated, recovered);
    impacts.push({
      onsetMs: (onset + 1) * TICK_MS,
      mitigatedMs: orNull(sooner),
      recoveredMs: orNull(recovered),
    });
    if (recovered === -1) break;
    from = recovered + ticksOf(recoveredMs);
  }
  return impacts;
};
