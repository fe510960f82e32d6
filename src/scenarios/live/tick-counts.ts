/** What clients got since the tick before, counted as requests end. */
import type { Event } from '../../core/events.js';
import { Histogram } from '../../core/histogram.js';
import type { RequestRecord } from '../clients/clients.js';
import { increment, isAnswered, latencyOf, round, statusKey } from '../measure/requests.js';
import type { Tick } from './feed.js';

export type Counts = Pick<Tick, 'offered' | 'ok' | 'status' | 'cause' | 'latencyMs' | 'amplification'>;

export class TickCounts {
  /** Of those that were told of before. */
  #offeredBefore = 0;
  #ended = 0;
  #ok = 0;
  #clientTries = 0;
  /** Attempts of gateways beyond the first for a try. */
  #furtherAttempts = 0;
  #status = new Map<string, number>();
  #cause = new Map<string, number>();
  #latencies = new Histogram();

  record(one: RequestRecord): void {
    this.#ended++;
    this.#clientTries += one.attempts.length;
    increment(this.#status, statusKey(one.status));
    if (one.ok) this.#ok++;
    else increment(this.#cause, one.cause);
    if (isAnswered(one)) this.#latencies.record(latencyOf(one));
  }

  event({ type }: Event): void {
    if (type === 'attempt.retried' || type === 'request.hedged') this.#furtherAttempts++;
  }

  /** What there was, which is then forgotten. @param offered requests that clients have sent since the load began. */
  take(offered: number): Counts {
    const { p50, p95, p99, max } = this.#latencies.latencyMs();
    const counts: Counts = {
      offered: offered - this.#offeredBefore,
      ok: this.#ok,
      status: Object.fromEntries(this.#status),
      cause: Object.fromEntries(this.#cause),
      latencyMs: max === 0 ? null : { p50: round(p50), p95: round(p95), p99: round(p99) },
      amplification:
        this.#ended === 0 ? null : round((this.#clientTries + this.#furtherAttempts) / this.#ended),
    };
    this.#offeredBefore = offered;
    this.#ended = 0;
    this.#ok = 0;
    this.#clientTries = 0;
    this.#furtherAttempts = 0;
    this.#status = new Map();
    this.#cause = new Map();
    this.#latencies = new Histogram();
    return counts;
  }
}
