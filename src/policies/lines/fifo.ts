/**
 * First come, first served: fair, and right as long as everybody is served in time. Under an overload that lasts, the
 * wait grows until the oldest, who are next, have given up: every slot is spent on an answer that nobody waits for.
 */
import type { Waiting } from './line.js';
import { ListLine } from './list-line.js';

export class FifoLine<Item extends Waiting> extends ListLine<Item> {
  next(): Item | null {
    return this.list.take(this.list.oldest);
  }

  evictFor(item: Item): Item | null {
    return this.list.evict(this.list.newest, item);
  }
}
