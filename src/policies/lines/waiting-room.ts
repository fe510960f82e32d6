/**
 * Where requests wait for a slot: a line that says who is next, and around it what a line knows nothing about, the
 * places, the longest wait and clients that leave. Everybody who could have a slot has one whenever nothing is running,
 * so a newcomer who finds a slot for its class passes nobody.
 */
import type { Clock, Timer } from '../../core/clock.js';
import { Deferred } from '../../core/deferred.js';
import { GatewayError } from '../../core/errors.js';
import { formatDuration } from '../../core/units.js';
import type { Slots } from '../limits/slots.js';
import type { Call } from '../service.js';
import { TimeoutQueue } from '../timeout-queue.js';
import type { DropReason, Line, Waiting } from './line.js';

/** How requests wait, whoever keeps them in order. */
export interface Room {
  /** Requests that wait. */
  readonly size: number;
  /** Whether a newcomer may take a free slot: nobody who waits could have it. */
  readonly passable: boolean;
  /** @returns `null` when there is no place; else resolves with a slot taken, or rejects with why there will be none. */
  wait(call: Call, kind: number): Promise<void> | null;
  /** Slots may have become free: gives them to those who are next. */
  admit(): void;
}

export interface RoomParts {
  readonly slots: Slots;
  /** Places to wait in. */
  readonly places: number;
  readonly maxWaitMs: number;
  readonly clock: Clock;
}

/** A request that waits in a line of ours. */
export class Waiter implements Waiting {
  readonly sinceMs: number;
  readonly deadlineMs: number;
  readonly criticality: number;
  readonly admission = new Deferred<void>();
  timer: Timer | null = null;

  constructor(sinceMs: number, deadlineMs: number, criticality: number) {
    this.sinceMs = sinceMs;
    this.deadlineMs = deadlineMs;
    this.criticality = criticality;
  }
}

export const waitedTooLong = (maxWaitMs: number): GatewayError =>
  new GatewayError('BGW_ERR_QUEUE_TIMEOUT', `no slot within ${formatDuration(maxWaitMs)}`);

export class WaitingRoom implements Room {
  readonly passable = true;
  readonly #line: Line<Waiter>;
  readonly #parts: RoomParts;
  readonly #timeouts: TimeoutQueue<Waiter>;
  readonly #onDrop: (reason: DropReason) => void;

  /** @param onDrop called for each request that the line dropped. */
  constructor(line: Line<Waiter>, parts: RoomParts, onDrop: (reason: DropReason) => void) {
    this.#line = line;
    this.#parts = parts;
    this.#onDrop = onDrop;
    this.#timeouts = new TimeoutQueue(parts.maxWaitMs, parts.clock, (waiter) => {
      this.#leave(waiter, waitedTooLong(parts.maxWaitMs));
    });
  }

  get size(): number {
    return this.#line.size;
  }

  wait(call: Call, kind: number): Promise<void> | null {
    const nowMs = this.#parts.clock.nowMs();
    const waiter = new Waiter(nowMs, call.deadlineMs, kind);
    if (this.#line.size >= this.#parts.places) {
      const victim = this.#line.evictFor(waiter, nowMs);
      if (victim === null) return null;
      this.#drop(victim, 'evicted', nowMs);
    }
    this.#line.add(waiter, nowMs);
    waiter.timer = this.#timeouts.add(waiter);
    call.onCancel((error) => this.#leave(waiter, error));
    return waiter.admission.promise;
  }

  admit(): void {
    if (this.#line.size === 0) return;
    const { slots, clock } = this.#parts;
    const nowMs = clock.nowMs();
    const drop = (waiter: Waiter, reason: DropReason): void => this.#drop(waiter, reason, nowMs);
    while (slots.free > 0) {
      const waiter = this.#line.next(nowMs, drop);
      if (waiter === null) return;
      slots.take(waiter.criticality);
      waiter.timer?.cancel();
      waiter.admission.resolve();
    }
  }

  /** Out of the line without a slot, if it was still there. */
  #leave(waiter: Waiter, error: GatewayError): void {
    if (!this.#line.remove(waiter)) return;
    waiter.timer?.cancel();
    waiter.admission.reject(error);
  }

  /** The line has let go of it already. */
  #drop(waiter: Waiter, reason: DropReason, nowMs: number): void {
    waiter.timer?.cancel();
    waiter.admission.reject(dropError(waiter, reason, nowMs));
    this.#onDrop(reason);
  }
}

const dropError = (waiter: Waiter, reason: DropReason, nowMs: number): GatewayError => {
  if (reason === 'evicted') {
    return new GatewayError('BGW_ERR_SHED', 'made way in the full queue for a more critical request');
  }
  const waited = formatDuration(nowMs - waiter.sinceMs);
  const why =
    reason === 'too-late'
      ? `${formatDuration(waiter.deadlineMs - nowMs)} are left to its deadline`
      : 'the queue has a backlog';
  return new GatewayError('BGW_ERR_QUEUE_TIMEOUT', `dropped from the queue after ${waited}: ${why}`);
};
