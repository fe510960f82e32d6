/**
 * First come, first served, but whoever cannot be answered in time any more is dropped when it is its turn: its slot
 * goes to somebody who can. "In time" takes a margin, about as long as an answer takes. Without one the requests at the
 * head are those about to expire, and under overload all of them do so while they are served.
 */
import type { DropReason, Waiting } from './line.js';
import { ListLine } from './list-line.js';

export class DeadlineLine<Item extends Waiting> extends ListLine<Item> {
  readonly #marginMs: number;

  /** @param marginMs how long an answer takes: with less time than that left, it would come too late. */
  constructor(marginMs: number) {
    super();
    this.#marginMs = marginMs;
  }

  next(nowMs: number, drop: (item: Item, reason: DropReason) => void): Item | null {
    for (;;) {
      const item = this.list.take(this.list.oldest);
      if (item === null || item.deadlineMs - nowMs >= this.#marginMs) return item;
      drop(item, 'too-late');
    }
  }

  evictFor(item: Item): Item | null {
    return this.list.evict(this.list.newest, item);
  }
}
