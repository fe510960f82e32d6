/**
 * What is counted for each request, in plain numbers: on the hot path, finding a labelled counter costs more than
 * counting. They are copied into metrics when somebody asks, and reported to a primary, which adds up what came since
 * the report before; so a counter does not go back when a process dies.
 */
import type { ProcessorUse } from '../process-use.js';
import { type DurationCounts, Durations, NO_DURATIONS } from './durations.js';

/** Everything one process has counted since it began. */
export interface Tally {
  /** Answers of upstreams and of the cache, by status. */
  readonly answers: readonly (readonly [status: number, count: number])[];
  /** Answers that the gateway made itself, by status and cause, such as `502 connection_refused`. */
  readonly failures: readonly (readonly [statusAndCause: string, count: number])[];
  /** By what the cache did. */
  readonly cached: readonly (readonly [what: string, count: number])[];
  readonly durations: DurationCounts;
  /** Answers that broke off after their headers, by no fault of the client. */
  readonly broken: number;
  /** How long the event loop stood still, counting stalls of `STALL_MS` and more. */
  readonly stalledMs: number;
  /** Spans of traces, by what became of them. */
  readonly spans: readonly (readonly [fate: string, count: number])[];
  readonly use: ProcessorUse;
}

export const NO_USE: ProcessorUse = { cpuSeconds: 0, loopActiveSeconds: 0 };

export const NO_TALLY: Tally = {
  answers: [],
  failures: [],
  cached: [],
  durations: NO_DURATIONS,
  broken: 0,
  stalledMs: 0,
  spans: [],
  use: NO_USE,
};

/** Below this, a late timer is the ordinary life of an event loop: a collection, a burst of requests. */
export const STALL_MS = 50;

const add = <Key>(counts: Map<Key, number>, key: Key, count: number): void =>
  void counts.set(key, (counts.get(key) ?? 0) + count);

const addSince = <Key>(
  counts: Map<Key, number>,
  now: readonly (readonly [Key, number])[],
  before: readonly (readonly [Key, number])[],
): void => {
  const earlier = new Map(before);
  for (const [key, count] of now) {
    const more = count - (earlier.get(key) ?? 0);
    if (more > 0) add(counts, key, more);
  }
};

export class Tallies {
  readonly answers = new Map<number, number>();
  readonly failures = new Map<string, number>();
  readonly cached = new Map<string, number>();
  readonly spans = new Map<string, number>();
  readonly durations = new Durations();
  broken = 0;
  stalledMs = 0;
  /** Of the other processes. */
  use = NO_USE;
  /** Requests that have begun and not ended. */
  open = 0;

  /** @param cause left out: the answer is not the gateway's own. */
  onAnswer(status: number, cause?: string): void {
    if (cause === undefined) add(this.answers, status, 1);
    else add(this.failures, `${status} ${cause}`, 1);
  }

  onCache(what: string): void {
    add(this.cached, what, 1);
  }

  onSpans(fate: string, count: number): void {
    add(this.spans, fate, count);
  }

  /** @param stallMs the longest stall since the last call. */
  onStall(stallMs: number): void {
    if (stallMs >= STALL_MS) this.stalledMs += stallMs;
  }

  /** @param use of this process. */
  snapshot(use: ProcessorUse): Tally {
    return {
      answers: [...this.answers],
      failures: [...this.failures],
      cached: [...this.cached],
      spans: [...this.spans],
      durations: this.durations.counts,
      broken: this.broken,
      stalledMs: this.stalledMs,
      use,
    };
  }

  /**
   * Adds what another process has counted.
   * @param before what it had reported the time before.
   */
  absorb(now: Tally, before: Tally = NO_TALLY): void {
    addSince(this.answers, now.answers, before.answers);
    addSince(this.failures, now.failures, before.failures);
    addSince(this.cached, now.cached, before.cached);
    addSince(this.spans, now.spans, before.spans);
    this.durations.addCounts(now.durations, before.durations);
    this.broken += now.broken - before.broken;
    this.stalledMs += now.stalledMs - before.stalledMs;
    this.use = {
      cpuSeconds: this.use.cpuSeconds + now.use.cpuSeconds - before.use.cpuSeconds,
      loopActiveSeconds:
        this.use.loopActiveSeconds + now.use.loopActiveSeconds - before.use.loopActiveSeconds,
    };
  }
}
