/**
 * A clock that stands still until it is told to go on: what is due, ordered by (time, order of setting). A timer that is
 * cancelled leaves at once: nearly all timeouts are, and would else be most of it, and kept alive for their whole length.
 *
 * Time is continuous, in fractional milliseconds: it is never rounded to ticks, because re-armed timers on a 1 ms grid
 * distort an arrival rate by orders of magnitude.
 */
import type { Clock, Timer } from './clock.js';
import { isBefore, TimerQueue } from './timer-queue.js';

/** Nowhere: it has run, or is being run. */
const OUT = -1;

/** Nowhere: it was taken back. */
const CANCELLED = -3;

/** Among those that are due at once, and not in the queue. */
const AT_ONCE = -2;

/** Whoever runs what is due itself: an event loop that may stand still. */
export interface Loop {
  /** By which it goes. */
  readonly clock: VirtualClock;
  /** @param due may be cancelled while it waits. */
  fire(due: Due): void;
}

/** What is due. */
export interface Due {
  readonly run: () => void;
  /** It was taken back. */
  readonly cancelled: boolean;
}

class Entry implements Timer, Due {
  atMs: number;
  order: number;
  readonly run: () => void;
  /** Its place in the queue. */
  index = OUT;
  readonly #loop: Loop;

  constructor(atMs: number, order: number, run: () => void, loop: Loop) {
    this.atMs = atMs;
    this.order = order;
    this.run = run;
    this.#loop = loop;
  }

  get cancelled(): boolean {
    return this.index === CANCELLED;
  }

  cancel(): void {
    if (this.index >= 0 || this.index === AT_ONCE) this.#loop.clock.remove(this);
    this.index = CANCELLED;
  }

  fire(): void {
    this.#loop.fire(this);
  }
}

export class VirtualClock implements Clock, Loop {
  #nowMs: number;
  #order = 0;
  readonly #queue: TimerQueue<Entry>;
  /**
   * What is due when it is set, in the order of its setting, from `#begin` on: in the queue it would go from the heap's end
   * to its top and down again. Some have been taken back.
   */
  readonly #atOnce: Entry[] = [];
  #begin = 0;

  /** @param startMs what `nowMs()` says at first; 0 by default, so that a test reads like a schedule. */
  constructor(startMs = 0) {
    this.#nowMs = startMs;
    this.#queue = new TimerQueue(startMs);
  }

  /** Bound, as whoever is given the reading alone takes it. */
  readonly nowMs = (): number => this.#nowMs;

  after(delayMs: number, run: () => void): Timer {
    return this.afterOn(this, delayMs, run);
  }

  /**
   * The same for an event loop of its own: nothing is made for it but the timer itself, of which there are several for each
   * request.
   * @param loop told when it is due.
   */
  afterOn(loop: Loop, delayMs: number, run: () => void): Timer {
    const entry = new Entry(this.#nowMs + Math.max(0, delayMs), this.#order++, run, loop);
    if (delayMs > 0) {
      this.#queue.add(entry);
    } else {
      entry.index = AT_ONCE;
      this.#atOnce.push(entry);
    }
    return entry;
  }

  get clock(): this {
    return this;
  }

  fire(due: Due): void {
    due.run();
  }

  every(intervalMs: number, run: () => void): Timer {
    if (!(intervalMs > 0)) throw new RangeError(`interval must be above 0 ms, got ${intervalMs}`);
    // One entry for all its turns: a fleet has thousands of intervals, and nothing is made for each turn.
    const entry = new Entry(
      this.#nowMs + intervalMs,
      this.#order++,
      () => {
        entry.atMs = this.#nowMs + intervalMs;
        entry.order = this.#order++;
        this.#queue.add(entry);
        run();
      },
      this,
    );
    this.#queue.add(entry);
    return entry;
  }

  /** When the next thing happens; Infinity: nothing is to come. */
  get nextMs(): number {
    return this.#next()?.atMs ?? Number.POSITIVE_INFINITY;
  }

  /** Goes on to the next thing that is to happen, and runs it. @returns whether there was one. */
  step(): boolean {
    const entry = this.#next();
    if (entry === undefined) return false;
    this.remove(entry);
    this.#nowMs = entry.atMs;
    entry.fire();
    return true;
  }

  /** Goes on by `ms`, running everything that falls due, in order, each at its own time. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    while (this.nextMs <= untilMs) this.step();
    this.#nowMs = untilMs;
  }

  /** For its own timers. */
  remove(entry: Entry): void {
    if (entry.index === AT_ONCE) {
      entry.index = OUT;
      return;
    }
    this.#queue.remove(entry);
    entry.index = OUT;
  }

  #next(): Entry | undefined {
    const { first } = this.#queue;
    const atOnce = this.#firstAtOnce();
    if (atOnce === undefined) return first;
    return first !== undefined && isBefore(first, atOnce) ? first : atOnce;
  }

  #firstAtOnce(): Entry | undefined {
    const all = this.#atOnce;
    while (this.#begin < all.length) {
      const entry = all[this.#begin]!;
      if (entry.index === AT_ONCE) return entry;
      this.#begin++;
    }
    if (all.length > 0) {
      all.length = 0;
      this.#begin = 0;
    }
    return undefined;
  }
}
