/**
 * First come, first served: fair, and right as long as everybody is served in time. Under an overload that lasts, the
 * wait grows until the oldest, who are next, have given up: every slot is spent on an answer that nobody waits for.
 */
import type { Line, Waiting } from './line.js';
import { WaitingList } from './waiting-list.js';

export class FifoLine<Item extends Waiting> implements Line<Item> {
  readonly #list = new WaitingList<Item>();

  get size(): number {
    return this.#list.size;
  }

  add(item: Item): void {
    this.#list.add(item);
  }

  next(): Item | null {
    const item = this.#list.oldest;
    if (item !== null) this.#list.remove(item);
    return item;
  }

  evictFor(item: Item): Item | null {
    return this.#list.evict(this.#list.newest, item);
  }

  remove(item: Item): boolean {
    return this.#list.remove(item);
  }
}
