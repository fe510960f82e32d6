/** Requests of one span of time and one part of the clients, counted as they end. */
import { Histogram } from '../../core/histogram.js';
import type { RequestRecord } from '../clients/clients.js';
import type { RequestsResult } from '../result.js';

export const statusKey = (status: number): string => (status === 0 ? 'none' : String(status));

export const round = (value: number, digits = 2): number => Number(value.toFixed(digits));

export const increment = <Key>(counts: Map<Key, number>, key: Key, by = 1): void => {
  counts.set(key, (counts.get(key) ?? 0) + by);
};

/** Milliseconds from the intended send to the end. */
export const latencyOf = ({ arrivalMs, endMs }: RequestRecord): number => endMs - arrivalMs;

/** A latency counts where there was an answer, good or bad. */
export const isAnswered = ({ status }: RequestRecord): boolean => status !== 0;

export const latencyResult = (histogram: Histogram): RequestsResult['latencyMs'] => {
  const { p50, p95, p99, max } = histogram.latencyMs();
  return { p50: round(p50), p95: round(p95), p99: round(p99), max: round(max) };
};

export class RequestTally {
  #requests = 0;
  #ok = 0;
  #degraded = 0;
  #attempts = 0;
  readonly #statuses = new Map<number, number>();
  readonly #causes = new Map<string, number>();
  readonly #latencies = new Histogram();

  /** How many ended with each status; 0: without an answer. */
  get statuses(): ReadonlyMap<number, number> {
    return this.#statuses;
  }

  record(one: RequestRecord): void {
    this.#requests++;
    this.#attempts += one.attempts.length;
    increment(this.#statuses, one.status);
    if (one.degraded) this.#degraded++;
    if (one.ok) this.#ok++;
    else increment(this.#causes, one.cause);
    if (isAnswered(one)) this.#latencies.record(latencyOf(one));
  }

  /** Takes in everything that another one has. */
  add(other: RequestTally): void {
    this.#requests += other.#requests;
    this.#ok += other.#ok;
    this.#degraded += other.#degraded;
    this.#attempts += other.#attempts;
    for (const [status, count] of other.#statuses) increment(this.#statuses, status, count);
    for (const [cause, count] of other.#causes) increment(this.#causes, cause, count);
    this.#latencies.add(other.#latencies);
  }

  /** @param spanMs how long the span is that its requests were meant to be sent in. */
  result(spanMs: number): RequestsResult {
    const requests = this.#requests;
    return {
      requests,
      availability: requests === 0 ? null : this.#ok / requests,
      goodputRps: round(this.#ok / (spanMs / 1000)),
      amplification: requests === 0 ? null : this.#attempts / requests,
      ...(this.#degraded > 0 && { degraded: this.#degraded / this.#ok }),
      status: Object.fromEntries([...this.#statuses].map(([status, count]) => [statusKey(status), count])),
      cause: Object.fromEntries(this.#causes),
      latencyMs: latencyResult(this.#latencies),
    };
  }
}

/** When a client first got each status, at whichever try. */
export class FirstStatuses {
  readonly #firstMs = new Map<number, number>();

  record({ attempts }: RequestRecord): void {
    for (const { status, endMs } of attempts) {
      const firstMs = this.#firstMs.get(status);
      if (firstMs === undefined || endMs < firstMs) this.#firstMs.set(status, endMs);
    }
  }

  /** Milliseconds of the run. */
  result(): Record<string, number> {
    return Object.fromEntries([...this.#firstMs].map(([status, ms]) => [statusKey(status), round(ms)]));
  }
}
