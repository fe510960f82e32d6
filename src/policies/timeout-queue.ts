/**
 * Many timeouts of one length: they are due in the order in which they were set, so one timer, for the first of them,
 * is enough. Setting and cancelling one is a change of a list; a timer of its own for each request costs several times
 * as much.
 */
import type { Clock, Timer } from '../core/clock.js';

class Timeout implements Timer {
  readonly dueMs: number;
  readonly run: () => void;
  before: Timeout | null = null;
  after: Timeout | null = null;
  /** `null` once it has fired or been cancelled. */
  queue: TimeoutQueue | null;

  constructor(queue: TimeoutQueue, dueMs: number, run: () => void) {
    this.queue = queue;
    this.dueMs = dueMs;
    this.run = run;
  }

  cancel(): void {
    this.queue?.remove(this);
  }
}

export class TimeoutQueue {
  readonly #delayMs: number;
  readonly #clock: Clock;
  #first: Timeout | null = null;
  #last: Timeout | null = null;
  #timer: Timer | null = null;

  constructor(delayMs: number, clock: Clock) {
    this.#delayMs = delayMs;
    this.#clock = clock;
  }

  /** Runs once, when the queue's delay is over. */
  add(run: () => void): Timer {
    const timeout = new Timeout(this, this.#clock.nowMs() + this.#delayMs, run);
    timeout.before = this.#last;
    if (this.#last === null) this.#first = timeout;
    else this.#last.after = timeout;
    this.#last = timeout;
    // The timer in place may be for one that has been cancelled: it is earlier, and is set anew when it fires.
    this.#timer ??= this.#clock.after(this.#delayMs, this.#fire);
    return timeout;
  }

  remove(timeout: Timeout): void {
    const { before, after } = timeout;
    timeout.queue = null;
    // A dead timeout that the collector has not met yet must not keep younger ones, and their requests, alive.
    timeout.before = null;
    timeout.after = null;
    if (before === null) this.#first = after;
    else before.after = after;
    if (after === null) this.#last = before;
    else after.before = before;
    if (this.#first === null) {
      this.#timer?.cancel();
      this.#timer = null;
    }
  }

  readonly #fire = (): void => {
    this.#timer = null;
    const nowMs = this.#clock.nowMs();
    for (let first = this.#first; first !== null && first.dueMs <= nowMs; first = this.#first) {
      this.remove(first);
      first.run();
    }
    if (this.#first !== null) this.#timer ??= this.#clock.after(this.#first.dueMs - nowMs, this.#fire);
  };
}
