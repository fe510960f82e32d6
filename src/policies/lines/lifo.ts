/**
 * Last come, first served: under overload those who have just come are answered in time, and those who came before wait
 * until they give up. Without overload it is needlessly unfair: whoever is unlucky in a short burst waits longest.
 */
import type { Line, Waiting } from './line.js';
import { WaitingList } from './waiting-list.js';

export class LifoLine<Item extends Waiting> implements Line<Item> {
  readonly #list = new WaitingList<Item>();

  get size(): number {
    return this.#list.size;
  }

  add(item: Item): void {
    this.#list.add(item);
  }

  next(): Item | null {
    const item = this.#list.newest;
    if (item !== null) this.#list.remove(item);
    return item;
  }

  evictFor(item: Item): Item | null {
    return this.#list.evict(this.#list.oldest, item);
  }

  remove(item: Item): boolean {
    return this.#list.remove(item);
  }
}
