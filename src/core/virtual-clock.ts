/**
 * A clock that stands still until it is told to go on: an event heap ordered by (time, order of arrival). A timer that is
 * cancelled leaves it at once: nearly all timeouts are, and would else be most of it, and kept alive for their whole length.
 *
 * Time is continuous, in fractional milliseconds: it is never rounded to ticks, because re-armed timers on a 1 ms grid
 * distort an arrival rate by orders of magnitude.
 */
import type { Clock, Timer } from './clock.js';

/** Nowhere: it has run, or is being run. */
const OUT = -1;

/** Nowhere: it was taken back. */
const CANCELLED = -3;

/** Among those that are due at once, and not in the heap. */
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
  /** Its place in the heap. */
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

const isBefore = (a: Entry, b: Entry): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

export class VirtualClock implements Clock, Loop {
  #nowMs: number;
  #order = 0;
  readonly #heap: Entry[] = [];
  /**
   * What is due when it is set, in the order of its setting, from `#begin` on: it would go from the heap's end to its top
   * and down again. Some have been taken back.
   */
  readonly #atOnce: Entry[] = [];
  #begin = 0;

  /** @param startMs what `nowMs()` says at first; 0 by default, so that a test reads like a schedule. */
  constructor(startMs = 0) {
    this.#nowMs = startMs;
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
      this.#add(entry);
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
        this.#add(entry);
        run();
      },
      this,
    );
    this.#add(entry);
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
    const heap = this.#heap;
    const last = heap.pop()!;
    const { index } = entry;
    entry.index = OUT;
    if (last === entry) return;
    heap[index] = last;
    last.index = index;
    this.#rise(last);
    this.#sink(last);
  }

  #next(): Entry | undefined {
    const first = this.#heap[0];
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

  #add(entry: Entry): void {
    entry.index = this.#heap.push(entry) - 1;
    this.#rise(entry);
  }

  /** Up, as long as it comes before what is above it. */
  #rise(entry: Entry): void {
    const heap = this.#heap;
    let { index } = entry;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent]!;
      if (!isBefore(entry, above)) break;
      heap[index] = above;
      above.index = index;
      index = parent;
    }
    heap[index] = entry;
    entry.index = index;
  }

  /** Down, as long as something below comes before it. */
  #sink(entry: Entry): void {
    const heap = this.#heap;
    let { index } = entry;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      const below = heap[child]!;
      if (!isBefore(below, entry)) break;
      heap[index] = below;
      below.index = index;
      index = child;
    }
    heap[index] = entry;
    entry.index = index;
  }
}
