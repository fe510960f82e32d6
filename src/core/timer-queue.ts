/**
 * Timers by (time, order of setting): a heap of those that are due soon, and before it, unsorted, those that are due later, by
 * slots of time. Nearly all timeouts are taken back long before they are due: in a slot that costs nothing but the last of it
 * taking the place, and the heap, through which every timer that runs has to go, stays so small that the processor's cache holds
 * it. A timing wheel (Varghese and Lauck, "Hashed and Hierarchical Timing Wheels", SOSP 1987), with a heap in place of its lowest
 * level, because time is not rounded here.
 */

/** One that waits; its place is the queue's to know. */
export interface Queued {
  atMs: number;
  order: number;
  /** In the heap, or in its slot; the queue leaves what it was when the timer is out of it. */
  index: number;
}

/** What is due within one of them is sorted at once. */
const SLOT_MS = 4;

/** A second: longer than most requests take, so that what is due later is nearly always a timeout. */
const SLOTS = 256;

/** What is due later, 1,100 years from the clock's start, never is: sums of slots would not be exact any more. */
const LAST_SLOT = Number.MAX_SAFE_INTEGER / 1024;

/** Which of two is due first. */
export const isBefore = (a: Queued, b: Queued): boolean =>
  a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

export class TimerQueue<Entry extends Queued> {
  readonly #startMs: number;
  /** Slots before this one are in the heap. */
  #open = 1;
  /** Slots before this one have a list of their own, by the rest of their number; what is due later is among the far. */
  #end = SLOTS;
  readonly #heap: Entry[] = [];
  readonly #slots: Entry[][] = Array.from({ length: SLOTS }, () => []);
  /** How many wait in slots. */
  #inSlots = 0;
  #far: Entry[] = [];

  /** @param startMs before which nothing is due. */
  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  add(entry: Entry): void {
    const slot = this.#slotOf(entry);
    if (slot < this.#open) {
      this.#addToHeap(entry);
    } else if (slot < this.#end) {
      entry.index = this.#slots[slot % SLOTS]!.push(entry) - 1;
      this.#inSlots++;
    } else {
      entry.index = this.#far.push(entry) - 1;
    }
  }

  /** One that is in the queue. */
  remove(entry: Entry): void {
    const slot = this.#slotOf(entry);
    if (slot < this.#open) {
      this.#removeFromHeap(entry);
    } else if (slot < this.#end) {
      removeFrom(this.#slots[slot % SLOTS]!, entry);
      this.#inSlots--;
    } else {
      removeFrom(this.#far, entry);
    }
  }

  /** What is due next, which stays; `undefined`: nothing ever. */
  get first(): Entry | undefined {
    while (this.#heap.length === 0) if (!this.#openNext()) return undefined;
    return this.#heap[0];
  }

  #slotOf({ atMs }: Entry): number {
    return Math.floor((atMs - this.#startMs) / SLOT_MS);
  }

  /** @returns whether there is anything in slots or beyond them. */
  #openNext(): boolean {
    if (this.#inSlots === 0) {
      const slot = this.#far.reduce((first, entry) => Math.min(first, this.#slotOf(entry)), LAST_SLOT);
      if (slot === LAST_SLOT) return false;
      this.#open = slot;
      this.#deal();
    }
    const slot = this.#slots[this.#open % SLOTS]!;
    this.#open++;
    this.#inSlots -= slot.length;
    for (const entry of slot) this.#addToHeap(entry);
    slot.length = 0;
    if (this.#open === this.#end) this.#deal();
    return true;
  }

  /** Gives each of the far that is due before the new end its slot. */
  #deal(): void {
    const far = this.#far;
    this.#far = [];
    this.#end = this.#open + SLOTS;
    for (const entry of far) this.add(entry);
  }

  #addToHeap(entry: Entry): void {
    entry.index = this.#heap.push(entry) - 1;
    this.#rise(entry);
  }

  #removeFromHeap(entry: Entry): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (last === entry) return;
    const { index } = entry;
    heap[index] = last;
    last.index = index;
    this.#rise(last);
    this.#sink(last);
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

/** The last takes its place: what is not sorted has no order to keep. */
const removeFrom = <Entry extends Queued>(list: Entry[], entry: Entry): void => {
  const last = list.pop()!;
  if (last === entry) return;
  list[entry.index] = last;
  last.index = entry.index;
};
