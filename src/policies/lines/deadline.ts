/**
 * First come, first served, but whoever cannot be answered in time any more is dropped when it is its turn: its slot
 * goes to somebody who can. "In time" takes a margin, about as long as an answer takes. Without one the requests at the
 * head are those about to expire, and under overload all of them do so while they are served.
 */
import type { DropReason, Line, Waiting } from './line.js';
import { WaitingList } from './waiting-list.js';

export class DeadlineLine<Item extends Waiting> implements Line<Item> {
  readonly #marginMs: number;
  readonly #list = new WaitingList<Item>();

  /** @param marginMs how long an answer takes: with less time than that left, it would come too late. */
  constructor(marginMs: number) {
    this.#marginMs = marginMs;
  }

  get size(): number {
    return this.#list.size;
  }

  add(item: Item): void {
    this.#list.add(item);
  }

  next(nowMs: number, drop: (item: Item, reason: DropReason) => void): Item | null {
    for (;;) {
      const item = this.#list.oldest;
      if (item === null) return null;
      this.#list.remove(item);
      if (item.deadlineMs - nowMs >= this.#marginMs) return item;
      drop(item, 'too-late');
    }
  }

  evictFor(item: Item): Item | null {
    return this.#list.evict(this.#list.newest, item);
  }

  remove(item: Item): boolean {
    return this.#list.remove(item);
  }
}
