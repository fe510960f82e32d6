/**
 * The run in buckets of time, counted as its requests end. A bucket that nobody can still be waiting in is settled: of
 * its latencies nothing is kept but the quantiles that a result has.
 */
import { Histogram } from '../../core/histogram.js';
import type { RequestRecord } from '../clients/clients.js';
import type { SeriesPoint } from '../result.js';
import { isAnswered, latencyOf, latencyResult, round, statusKey } from './requests.js';
import type { WorkerSeries } from './workers.js';

/** The least: fine enough to show a heap's climb of a second. */
export const BUCKET_MS = 250;

/** Ten minutes of the finest. A longer run has coarser ones instead of more, so that it takes no more memory. */
export const MAX_BUCKETS = 2_400;

/** @returns how long the buckets of a run are: a multiple of the least. */
export const bucketMsFor = (durationMs: number): number =>
  BUCKET_MS * Math.max(1, Math.ceil(durationMs / (BUCKET_MS * MAX_BUCKETS)));

/**
 * How much longer than a client's patience a bucket stays open: a generator that stalls so long is too late for
 * everything else. A request that ends even later is counted, and may raise its bucket's maximum, but leaves the other
 * quantiles of that bucket as they are.
 */
export const SETTLE_SLACK_MS = 10_000;

export interface BucketPlan {
  readonly durationMs: number;
  readonly bucketMs: number;
}

/** The last one may be shorter than the others. */
export const bucketCount = ({ durationMs, bucketMs }: BucketPlan): number => Math.ceil(durationMs / bucketMs);

type Latency = SeriesPoint['latencyMs'];

const NO_LATENCY: Latency = { p50: 0, p95: 0, p99: 0, max: 0 };

/** What a settled bucket comes to when one more ends. */
const withLate = (settled: Latency | undefined, late: Latency): Latency =>
  settled === undefined ? late : { ...settled, max: Math.max(settled.max, late.max) };

export class RequestSeries {
  readonly #plan: BucketPlan;
  /** How long after its end a bucket is settled. */
  readonly #settleMs: number;
  readonly #offered: Uint32Array;
  readonly #ok: Uint32Array;
  readonly #tries: Uint32Array;
  readonly #statuses = new Map<number, Uint32Array>();
  /** By bucket: its latencies while it is open, then what they came to. */
  readonly #latencies: (Histogram | Latency | undefined)[];
  #settled = 0;
  #nextSettleMs: number;

  /** @param patienceMs the longest of any client. */
  constructor(plan: BucketPlan, patienceMs: number) {
    const count = bucketCount(plan);
    this.#plan = plan;
    this.#settleMs = patienceMs + SETTLE_SLACK_MS;
    this.#offered = new Uint32Array(count);
    this.#ok = new Uint32Array(count);
    this.#tries = new Uint32Array(count);
    this.#latencies = new Array<undefined>(count).fill(undefined);
    this.#nextSettleMs = plan.bucketMs + this.#settleMs;
  }

  record(one: RequestRecord): void {
    const bucket = Math.floor(one.arrivalMs / this.#plan.bucketMs);
    if (bucket < 0 || bucket >= this.#offered.length) return;
    this.#offered[bucket]!++;
    if (one.ok) this.#ok[bucket]!++;
    this.#tries[bucket]! += one.attempts.length;
    this.#countsOf(one.status)[bucket]!++;
    if (isAnswered(one)) this.#recordLatency(bucket, latencyOf(one));
    if (one.endMs >= this.#nextSettleMs) this.#settle(one.endMs);
  }

  points(workers: WorkerSeries, names: readonly string[]): SeriesPoint[] {
    return Array.from(this.#offered, (offered, bucket) => ({
      t: round((bucket * this.#plan.bucketMs) / 1000, 3),
      offered,
      ok: this.#ok[bucket]!,
      tries: this.#tries[bucket]!,
      status: Object.fromEntries(
        [...this.#statuses]
          .filter(([, counts]) => counts[bucket]! > 0)
          .map(([status, counts]) => [statusKey(status), counts[bucket]!]),
      ),
      latencyMs: { ...this.#latencyAt(bucket) },
      workers: names.map((name) => workers.at(name, bucket)),
    }));
  }

  #recordLatency(bucket: number, ms: number): void {
    const latency = this.#latencies[bucket];
    if (latency instanceof Histogram) {
      latency.record(ms);
      return;
    }
    const alone = new Histogram();
    alone.record(ms);
    if (bucket >= this.#settled) this.#latencies[bucket] = alone;
    else this.#latencies[bucket] = withLate(latency, latencyResult(alone));
  }

  #latencyAt(bucket: number): Latency {
    const latency = this.#latencies[bucket] ?? NO_LATENCY;
    return latency instanceof Histogram ? latencyResult(latency) : latency;
  }

  #settle(untilMs: number): void {
    while (this.#nextSettleMs <= untilMs && this.#settled < this.#latencies.length) {
      const latency = this.#latencies[this.#settled];
      if (latency instanceof Histogram) this.#latencies[this.#settled] = latencyResult(latency);
      this.#settled++;
      this.#nextSettleMs += this.#plan.bucketMs;
    }
  }

  #countsOf(status: number): Uint32Array {
    let counts = this.#statuses.get(status);
    if (counts === undefined) {
      counts = new Uint32Array(this.#offered.length);
      this.#statuses.set(status, counts);
    }
    return counts;
  }
}
