/**
 * Last come, first served: under overload those who have just come are answered in time, and those who came before wait
 * until they give up. Without overload it is needlessly unfair: whoever is unlucky in a short burst waits longest.
 */
import type { Waiting } from './line.js';
import { ListLine } from './list-line.js';

export class LifoLine<Item extends Waiting> extends ListLine<Item> {
  next(): Item | null {
    return this.list.take(this.list.newest);
  }

  evictFor(item: Item): Item | null {
    return this.list.evict(this.list.oldest, item);
  }
}
