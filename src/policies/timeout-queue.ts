/**
 * Many timeouts of one length: they are due in the order in which they were set, so one timer, for the first of them,
 * is enough. Setting and cancelling one is a change of a list; a timer of its own for each request costs several times
 * as much.
 */
import type { Clock, Timer } from '../core/clock.js';

class Timeout<Item> implements Timer {
  readonly dueMs: number;
  /** `null` once it has fired or been cancelled. */
  item: Item | null;
  before: Timeout<Item> | null = null;
  after: Timeout<Item> | null = null;
  /** `null` once it has fired or been cancelled. */
  queue: TimeoutQueue<Item> | null;

  constructor(queue: TimeoutQueue<Item>, dueMs: number, item: Item) {
    this.queue = queue;
    this.dueMs = dueMs;
    this.item = item;
  }

  cancel(): void {
    this.queue?.remove(this);
  }
}

export class TimeoutQueue<Item> {
  readonly #delayMs: number;
  readonly #clock: Clock;
  #first: Timeout<Item> | null = null;
  #last: Timeout<Item> | null = null;
  #timer: Timer | null = null;
  readonly #expire: (item: Item) => void;

  /** @param expire called once with each item whose time is over. */
  constructor(delayMs: number, clock: Clock, expire: (item: Item) => void) {
    this.#delayMs = delayMs;
    this.#clock = clock;
    this.#expire = expire;
  }

  /** Expires when the queue's delay is over, unless it is cancelled before. */
  add(item: Item): Timer {
    const timeout = new Timeout(this, this.#clock.nowMs() + this.#delayMs, item);
    timeout.before = this.#last;
    if (this.#last === null) this.#first = timeout;
    else this.#last.after = timeout;
    this.#last = timeout;
    // The timer in place may be for one that has been cancelled: it is earlier, and is set anew when it fires.
    this.#timer ??= this.#clock.after(this.#delayMs, this.#fire);
    return timeout;
  }

  remove(timeout: Timeout<Item>): void {
    const { before, after } = timeout;
    timeout.queue = null;
    // A dead timeout that the collector has not met yet must keep neither its request alive nor younger ones.
    timeout.item = null;
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
      const item = first.item!;
      this.remove(first);
      this.#expire(item);
    }
    if (this.#first !== null) this.#timer ??= this.#clock.after(this.#first.dueMs - nowMs, this.#fire);
  };
}
