/**
 * A clock that stands still until it is told to go on: an event heap ordered by (time, order of arrival).
 *
 * Time is continuous, in fractional milliseconds: it is never rounded to ticks, because re-armed timers on a 1 ms grid
 * distort an arrival rate by orders of magnitude.
 */
import type { Clock, Timer } from './clock.js';

class Entry implements Timer {
  readonly atMs: number;
  readonly order: number;
  /** `null`: it has run, or was taken back. */
  run: (() => void) | null;
  readonly #clock: VirtualClock;

  constructor(atMs: number, order: number, run: () => void, clock: VirtualClock) {
    this.atMs = atMs;
    this.order = order;
    this.run = run;
    this.#clock = clock;
  }

  cancel(): void {
    if (this.run === null) return;
    // What it would have done is let go at once: the entry itself stays in the heap until its time or a clearance.
    this.run = null;
    this.#clock.onCancelled();
  }
}

const isBefore = (a: Entry, b: Entry): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

/** Below this many entries, those that were cancelled are not worth clearing away. */
const CLEARED_FROM = 1_024;

export class VirtualClock implements Clock {
  #nowMs: number;
  #order = 0;
  #heap: Entry[] = [];
  /** Entries of the heap that were cancelled. */
  #cancelled = 0;

  /** @param startMs what `nowMs()` says at first; 0 by default, so that a test reads like a schedule. */
  constructor(startMs = 0) {
    this.#nowMs = startMs;
  }

  /** Bound, as whoever is given the reading alone takes it. */
  readonly nowMs = (): number => this.#nowMs;

  after(delayMs: number, run: () => void): Timer {
    const entry = new Entry(this.#nowMs + Math.max(0, delayMs), this.#order++, run, this);
    this.#push(entry);
    return entry;
  }

  every(intervalMs: number, run: () => void): Timer {
    if (!(intervalMs > 0)) throw new RangeError(`interval must be above 0 ms, got ${intervalMs}`);
    let cancelled = false;
    let timer: Timer;
    const arm = (): void => {
      timer = this.after(intervalMs, () => {
        arm();
        run();
      });
      if (cancelled) timer.cancel();
    };
    arm();
    return {
      cancel: () => {
        cancelled = true;
        timer.cancel();
      },
    };
  }

  /** When the next thing happens; Infinity: nothing is to come. */
  get nextMs(): number {
    this.#dropCancelled();
    return this.#heap[0]?.atMs ?? Number.POSITIVE_INFINITY;
  }

  /** Goes on to the next thing that is to happen, and runs it. @returns whether there was one. */
  step(): boolean {
    this.#dropCancelled();
    const entry = this.#heap[0];
    if (entry === undefined) return false;
    this.#pop();
    this.#nowMs = entry.atMs;
    this.#run(entry);
    return true;
  }

  /** Goes on by `ms`, running everything that falls due, in order, each at its own time. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    while (this.nextMs <= untilMs) this.step();
    this.#nowMs = untilMs;
  }

  /** For entries alone: one of them will not run. */
  onCancelled(): void {
    this.#cancelled++;
    if (this.#cancelled * 2 < this.#heap.length || this.#heap.length < CLEARED_FROM) return;
    // Timeouts are nearly all cancelled, long before their time: they would be most of the heap.
    const left = this.#heap.filter(({ run }) => run !== null);
    this.#cancelled = 0;
    // Sorted is a heap, and in an order that does not depend on how it was before.
    this.#heap = left.sort((a, b) => (isBefore(a, b) ? -1 : 1));
  }

  #run(entry: Entry): void {
    const { run } = entry;
    entry.run = null;
    run!();
  }

  #dropCancelled(): void {
    for (let entry = this.#heap[0]; entry !== undefined && entry.run === null; entry = this.#heap[0]) {
      this.#pop();
      this.#cancelled--;
    }
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent]!;
      if (!isBefore(entry, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
  }
}
