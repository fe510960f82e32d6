/**
 * How long requests took, as a histogram in plain arrays: one step through a few bounds and two additions for each
 * request. They become a Prometheus histogram when somebody asks.
 */

/**
 * Upper bounds, seconds. Prometheus's own defaults, with two more below, since a gateway on the same machine answers
 * within milliseconds, and one above for the request timeout of 15 s.
 */
export const DURATION_BOUNDS_SECONDS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15,
];

const BOUNDS_MS = DURATION_BOUNDS_SECONDS.map((seconds) => seconds * 1000);

/** Of one class: a bucket for each bound, and one for what is above all. */
const BUCKETS = BOUNDS_MS.length + 1;

/** A class of statuses, by its hundred: 1xx to 5xx. */
export const STATUS_CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const;

const BUCKET_NUMBERS = STATUS_CLASSES.length * BUCKETS;

/** Counts by class and bucket, one class after another, then how many seconds each class took in all. */
export type DurationCounts = readonly number[];

export const NO_DURATIONS: DurationCounts = new Array(BUCKET_NUMBERS + STATUS_CLASSES.length).fill(0);

export interface ClassDurations {
  readonly statusClass: (typeof STATUS_CLASSES)[number];
  /** By bound, and above all of them last; none of them contains another. */
  readonly buckets: readonly number[];
  readonly sumSeconds: number;
}

export class Durations {
  readonly #counts = new Float64Array(NO_DURATIONS.length);

  add(status: number, tookMs: number): void {
    const kind = Math.min(4, Math.max(0, Math.trunc(status / 100) - 1));
    let bucket = 0;
    while (bucket < BOUNDS_MS.length && tookMs > BOUNDS_MS[bucket]!) bucket++;
    this.#counts[kind * BUCKETS + bucket]!++;
    this.#counts[BUCKET_NUMBERS + kind]! += tookMs / 1000;
  }

  get counts(): DurationCounts {
    return [...this.#counts];
  }

  /** Adds what another process has counted since `before`. */
  addCounts(now: DurationCounts, before: DurationCounts): void {
    for (let index = 0; index < this.#counts.length; index++) {
      this.#counts[index]! += (now[index] ?? 0) - (before[index] ?? 0);
    }
  }

  /** Classes in which there was a request. */
  byClass(): ClassDurations[] {
    return STATUS_CLASSES.map((statusClass, kind) => ({
      statusClass,
      buckets: [...this.#counts.subarray(kind * BUCKETS, (kind + 1) * BUCKETS)],
      sumSeconds: this.#counts[BUCKET_NUMBERS + kind]!,
    })).filter(({ buckets }) => buckets.some((count) => count > 0));
  }
}
