/**
 * The concurrency limit (Envoy calls it a circuit breaker, others a bulkhead): at most `limit` requests in flight, at
 * most `queue` waiting, none waiting longer than `maxWaitMs`. First come, first served.
 *
 * The line is p-queue's, with a concurrency of one: whoever is at its head holds p-queue's only slot until a slot of
 * ours is free, takes it, and makes way for the next. A request that finds a slot free and nobody waiting never enters
 * the line. p-queue bounds neither its queue nor the wait in it, and gives a slot free when a task is timed out though
 * the task still runs; so the bound is checked before `add`, the wait is timed here, and a slot is held until the
 * response's body has ended.
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
  readonly #line = new PQueue({ concurrency: 1 });
  #inFlight = 0;
  #queued = 0;
  /** Gives the head of the line a slot; `null`: nobody is there. */
  #admitHead: (() => void) | null = null;

  constructor(options: ConcurrencyOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get queued(): number {
    return this.#queued;
  }

  /** Whether one more would get a slot or a place in the queue. */
  get hasRoom(): boolean {
    const { limit, queue } = this.#options;
    return this.#inFlight + this.#queued < limit + queue;
  }

  readonly layer: Layer = (next) => (request, call) => {
    const { limit, queue } = this.#options;
    if (this.#inFlight < limit && this.#queued === 0) {
      this.#inFlight++;
      return this.#send(next, request, call);
    }
    if (!this.hasRoom) {
      const code = queue === 0 ? 'BGW_ERR_CONCURRENCY_LIMIT' : 'BGW_ERR_QUEUE_FULL';
      return Promise.reject(new GatewayError(code, `${limit} in flight and ${queue} queued is the limit`));
    }
    return this.#waitForSlot(call).then(() => this.#send(next, request, call));
  };

  /** The slot is taken already; it is given back when the response's body has ended. */
  #send(next: Service, request: ProxyRequest, call: Call): Promise<ProxyResponse> {
    return next(request, call).then(
      (response) => {
        response.onEnd(this.#release);
        return response;
      },
      (error) => {
        this.#release();
        throw error;
      },
    );
  }

  readonly #release = (): void => {
    this.#inFlight--;
    this.#admitHead?.();
  };

  /** Resolves with a slot taken; rejects when the call is cancelled or the wait too long, whichever is first. */
  #waitForSlot(call: Call): Promise<void> {
    const { limit, maxWaitMs } = this.#options;
    return new Promise((resolve, reject) => {
      const left = new AbortController();
      let waiting = true;
      const stopWaiting = (): void => {
        waiting = false;
        this.#queued--;
        timer.cancel();
      };
      const giveUp = (error: GatewayError): void => {
        if (!waiting) return;
        stopWaiting();
        if (this.#admitHead === admit) this.#admitHead = null;
        // Takes the request out of the line, its head included.
        left.abort(error);
        reject(error);
      };
      let makeWay = (): void => {};
      const admit = (): void => {
        this.#admitHead = null;
        stopWaiting();
        this.#inFlight++;
        resolve();
        makeWay();
      };
      const atHead = (): Promise<void> =>
        new Promise((done) => {
          makeWay = done;
          if (this.#inFlight < limit) admit();
          else this.#admitHead = admit;
        });
      this.#queued++;
      const timer = this.#clock.after(maxWaitMs, () => {
        giveUp(new GatewayError('BGW_ERR_QUEUE_TIMEOUT', `no slot within ${formatDuration(maxWaitMs)}`));
      });
      // A rejection here is the waiting request's own: it has been told already.
      this.#line.add(atHead, { signal: left.signal }).catch(() => {});
      call.onCancel(giveUp);
    });
  }
}
