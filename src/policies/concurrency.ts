/**
 * The concurrency limit (Envoy calls it a circuit breaker, others a bulkhead): at most `limit` requests in flight, at
 * most `queue` waiting, none waiting longer than `maxWaitMs`. First come, first served. The slots are p-queue's.
 *
 * p-queue bounds neither its queue nor the wait in it, and gives a slot free when a task is timed out or aborted though
 * the task still runs; so the bound is checked before `add`, the wait is timed here, the signal given to p-queue fires
 * only while a request is queued, and a task lasts until the response's body has ended.
 */
import PQueue from 'p-queue';
import type { Clock } from '../core/clock.js';
import { GatewayError } from '../core/errors.js';
import { formatDuration } from '../core/units.js';
import type { Call, Layer, ProxyRequest, ProxyResponse, Service } from './service.js';

export interface ConcurrencyOptions {
  /** Requests in flight at once. */
  readonly limit: number;
  /** Requests that may wait for a slot; one more is refused with BGW_ERR_QUEUE_FULL. */
  readonly queue: number;
  /** A request that waited this long is refused with BGW_ERR_QUEUE_TIMEOUT. */
  readonly maxWaitMs: number;
}

export class ConcurrencyLimit {
  readonly #options: ConcurrencyOptions;
  readonly #clock: Clock;
  readonly #queue: PQueue;

  constructor(options: ConcurrencyOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
    this.#queue = new PQueue({ concurrency: options.limit });
  }

  get inFlight(): number {
    return this.#queue.pending;
  }

  get queued(): number {
    return this.#queue.size;
  }

  /** Whether one more would get a slot or a place in the queue. */
  get hasRoom(): boolean {
    return this.inFlight < this.#options.limit || this.queued < this.#options.queue;
  }

  readonly layer: Layer = (next) => (request, call) => this.#run(next, request, call);

  #run(next: Service, request: ProxyRequest, call: Call): Promise<ProxyResponse> {
    const { limit, queue } = this.#options;
    if (!this.hasRoom) {
      const detail = `${limit} in flight and ${queue} queued is the limit`;
      return Promise.reject(
        new GatewayError(queue === 0 ? 'BGW_ERR_CONCURRENCY_LIMIT' : 'BGW_ERR_QUEUE_FULL', detail),
      );
    }
    return new Promise((resolve, reject) => {
      const leave = this.#mustWait() ? this.#wait(call, reject) : null;
      const hold = (): Promise<void> =>
        new Promise((release) => {
          leave?.started();
          next(request, call).then(
            (response) => {
              response.onEnd(() => release());
              resolve(response);
            },
            (error) => {
              release();
              reject(error);
            },
          );
        });
      // A rejection here is the queued request's own: it has been told already.
      this.#queue.add(hold, leave === null ? {} : { signal: leave.signal }).catch(() => {});
    });
  }

  #mustWait(): boolean {
    return this.inFlight >= this.#options.limit || this.queued > 0;
  }

  /** Ends the wait in the queue when the call is cancelled or the time is over, whichever is first. */
  #wait(call: Call, reject: (error: GatewayError) => void): { signal: AbortSignal; started(): void } {
    const controller = new AbortController();
    let waiting = true;
    const giveUp = (error: GatewayError): void => {
      if (!waiting) return;
      waiting = false;
      timer.cancel();
      controller.abort(error);
      reject(error);
    };
    const { maxWaitMs } = this.#options;
    const timer = this.#clock.after(maxWaitMs, () => {
      giveUp(new GatewayError('BGW_ERR_QUEUE_TIMEOUT', `no slot within ${formatDuration(maxWaitMs)}`));
    });
    call.onCancel(giveUp);
    return {
      signal: controller.signal,
      started: () => {
        waiting = false;
        timer.cancel();
      },
    };
  }
}
