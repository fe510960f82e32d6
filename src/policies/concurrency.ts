/**
 * The concurrency limit (Envoy calls it a circuit breaker, others a bulkhead): at most so many requests in flight as a
 * limit algorithm says, at most `queue` waiting, none waiting longer than `maxWaitMs`. It knows of no upstream, so it
 * stands before one of them, before a route or before everything.
 *
 * A request that finds a slot free, and nobody waiting for it, never enters a line. Slots are held until the response's
 * body has ended; what an algorithm learns from ends with the headers. When the limit shrinks, nobody in flight is cut.
 *
 * First come, first served, with no classes of criticality, is p-queue's: with a concurrency of one, whoever is at the
 * head of its line holds its only slot until a slot of ours is free, takes it, and makes way for the next. p-queue
 * bounds neither its queue nor the wait in it, and gives a slot free when a task is timed out though the task still
 * runs; so the bound is checked before `add`, the wait is timed here, and slots are counted here. It cannot tell whom
 * it drops, nor take a request out quickly; so every other discipline is a line of ours (`lines/`).
 */
import PQueue from 'p-queue';
import type { Clock } from '../core/clock.js';
import { GatewayError } from '../core/errors.js';
import { FixedLimit } from './limits/fixed.js';
import type { LimitAlgorithm } from './limits/limit-algorithm.js';
import { Slots } from './limits/slots.js';
import { ByCriticality } from './lines/by-criticality.js';
import type { DropReason, Line } from './lines/line.js';
import { LINE_DEFAULTS, LINES, type LineName, type LineOptions } from './lines/lines.js';
import { type Room, type RoomParts, type Waiter, WaitingRoom, waitedTooLong } from './lines/waiting-room.js';
import { outcomeOfError, outcomeOfStatus } from './outcome.js';
import type { Call, Layer, ProxyRequest, ProxyResponse, Service } from './service.js';

export interface ConcurrencyOptions {
  /** Requests that may wait for a slot; one more is refused with BGW_ERR_QUEUE_FULL. */
  readonly queue: number;
  /** A request that waited this long is refused with BGW_ERR_QUEUE_TIMEOUT. */
  readonly maxWaitMs: number;
  /** Who of those that wait is next; default `fifo`. */
  readonly discipline?: LineName;
  readonly line?: Partial<LineOptions>;
  /**
   * Of the limit, by criticality, the most critical first: what requests of that class may have, in (0, 1]. Default
   * `null`: classes are not told apart.
   */
  readonly shares?: readonly number[] | null;
}

export interface ConcurrencyParts {
  readonly options: ConcurrencyOptions;
  readonly algorithm: LimitAlgorithm;
  readonly clock: Clock;
  /** Called after each change of the limit. */
  readonly onChange?: (limit: number) => void;
  /** Called for each request that was dropped from the queue by its discipline, or for a more critical one. */
  readonly onDrop?: (reason: DropReason) => void;
}

const nothing = (): void => {};

/** An upstream's own 429 is no failure of it, but says that it has too much to do. */
const isDrop = (statusCode: number): boolean =>
  statusCode === 429 || outcomeOfStatus(statusCode) === 'failure';

export class ConcurrencyLimit {
  readonly #options: ConcurrencyOptions;
  readonly #algorithm: LimitAlgorithm;
  /** Whether the limit moves: if not, no clock is read for it and no sample taken. */
  readonly #adaptive: boolean;
  readonly #clock: Clock;
  readonly #slots: Slots;
  readonly #room: Room;
  /** By class: gives a slot of it back. */
  readonly #releases: readonly (() => void)[];
  readonly #onChange: (limit: number) => void;

  constructor({ options, algorithm, clock, onChange = nothing, onDrop = nothing }: ConcurrencyParts) {
    this.#options = options;
    this.#algorithm = algorithm;
    this.#adaptive = !(algorithm instanceof FixedLimit);
    this.#clock = clock;
    this.#onChange = onChange;
    const slots = new Slots(algorithm.limitAt(clock.nowMs()), options.shares ?? null);
    this.#slots = slots;
    const parts: RoomParts = { slots, places: options.queue, maxWaitMs: options.maxWaitMs, clock };
    const line = lineOf(options, slots);
    this.#room = line === null ? new PQueueRoom(parts) : new WaitingRoom(line, parts, onDrop);
    this.#releases = Array.from({ length: slots.classes }, (_, kind) => () => {
      slots.release(kind);
      this.#room.admit();
    });
  }

  /** As last read: an adaptive limit is read when a request comes and when one has been answered. */
  get limit(): number {
    return this.#slots.limit;
  }

  get inFlight(): number {
    return this.#slots.inFlight;
  }

  get queued(): number {
    return this.#room.size;
  }

  /** Whether one more, of the most critical class, would get a slot or a place in the queue. */
  get hasRoom(): boolean {
    return this.#room.size < this.#options.queue + this.#slots.free;
  }

  readonly layer: Layer = (next) => (request, call) => {
    const slots = this.#slots;
    const kind = slots.classOf(call.criticality);
    if (this.#adaptive) this.#readLimit(this.#clock.nowMs());
    if (this.#room.passable && slots.take(kind)) return this.#send(next, request, call, kind);
    const admission = this.#room.wait(call, kind);
    if (admission === null) return Promise.reject(this.#refusal(kind));
    return admission.then(() => this.#send(next, request, call, kind));
  };

  /** The slot is taken already; it is given back when the response's body has ended. */
  #send(next: Service, request: ProxyRequest, call: Call, kind: number): Promise<ProxyResponse> {
    const release = this.#releases[kind]!;
    if (this.#adaptive) return this.#sendSampled(next, request, call, release);
    return next(request, call).then(
      (response) => {
        response.onEnd(release);
        return response;
      },
      (error) => {
        release();
        throw error;
      },
    );
  }

  /** The sample comes before the slot is given back, so that the next in line meets the new limit. */
  #sendSampled(
    next: Service,
    request: ProxyRequest,
    call: Call,
    release: () => void,
  ): Promise<ProxyResponse> {
    const startMs = this.#clock.nowMs();
    const { inFlight } = this.#slots;
    return next(request, call).then(
      (response) => {
        this.#sample(startMs, inFlight, isDrop(response.statusCode));
        response.onEnd(release);
        return response;
      },
      (error) => {
        if (outcomeOfError(error) !== 'ignored') this.#sample(startMs, inFlight, true);
        release();
        throw error;
      },
    );
  }

  #sample(startMs: number, inFlight: number, dropped: boolean): void {
    const nowMs = this.#clock.nowMs();
    this.#algorithm.onSample({ nowMs, rttMs: nowMs - startMs, inFlight, dropped });
    this.#readLimit(nowMs);
  }

  #readLimit(nowMs: number): void {
    const limit = this.#algorithm.limitAt(nowMs);
    const before = this.#slots.limit;
    if (limit === before) return;
    this.#slots.resize(limit);
    this.#onChange(limit);
    if (limit > before) this.#room.admit();
  }

  #refusal(kind: number): GatewayError {
    const { queue } = this.#options;
    const { limit, free } = this.#slots;
    const code = queue === 0 ? 'BGW_ERR_CONCURRENCY_LIMIT' : 'BGW_ERR_QUEUE_FULL';
    // Slots that are free are for those who are more critical.
    const share = free === 0 ? '' : `, ${this.#slots.capOf(kind)} for its criticality`;
    return new GatewayError(code, `${limit} in flight${share} and ${queue} queued is the limit`);
  }
}

/** @returns `null` when p-queue's own line will do. */
const lineOf = (options: ConcurrencyOptions, slots: Slots): Line<Waiter> | null => {
  const { discipline = 'fifo', line, shares = null } = options;
  const make = (): Line<Waiter> => LINES[discipline]<Waiter>({ ...LINE_DEFAULTS, ...line });
  if (shares !== null) return new ByCriticality(shares.map(make), (kind) => slots.admits(kind));
  return discipline === 'fifo' ? null : make();
};

class PQueueRoom implements Room {
  readonly #line = new PQueue({ concurrency: 1 });
  readonly #parts: RoomParts;
  #size = 0;
  /** Tries to give the head of the line a slot; `null`: nobody is there. */
  #admitHead: (() => void) | null = null;

  constructor(parts: RoomParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#size;
  }

  /** The next in line moves up a little later than the one before it got its slot. */
  get passable(): boolean {
    return this.#size === 0;
  }

  admit(): void {
    this.#admitHead?.();
  }

  /** Rejects when the call is cancelled or the wait too long, whichever is first. */
  wait(call: Call, kind: number): Promise<void> | null {
    const { slots, places, maxWaitMs, clock } = this.#parts;
    // Whoever is about to move up to a free slot needs no place.
    if (this.#size >= places + slots.free) return null;
    return new Promise((resolve, reject) => {
      const left = new AbortController();
      let waiting = true;
      const stopWaiting = (): void => {
        waiting = false;
        this.#size--;
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
        if (!slots.take(kind)) return;
        this.#admitHead = null;
        stopWaiting();
        resolve();
        makeWay();
      };
      const atHead = (): Promise<void> =>
        new Promise((done) => {
          makeWay = done;
          this.#admitHead = admit;
          admit();
        });
      this.#size++;
      const timer = clock.after(maxWaitMs, () => giveUp(waitedTooLong(maxWaitMs)));
      // A rejection here is the waiting request's own: it has been told already.
      this.#line.add(atHead, { signal: left.signal }).catch(() => {});
      call.onCancel(giveUp);
    });
  }
}
