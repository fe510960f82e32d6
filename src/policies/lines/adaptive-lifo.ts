/**
 * First come, first served, until there is a backlog; then last come, first served (Maurer, "Fail at Scale", ACM Queue,
 * 2015). A backlog is a line that has not been empty for as long as `intervalMs`: what a short burst leaves behind is
 * gone by then. The paper leaves open when a queue begins to form; this is the rule by which its CoDel goes.
 */
import { Backlog } from './backlog.js';
import type { Waiting } from './line.js';
import { ListLine } from './list-line.js';

export class AdaptiveLifoLine<Item extends Waiting> extends ListLine<Item> {
  readonly #backlog: Backlog;

  /** @param intervalMs a line that has not been empty for so long has a backlog. */
  constructor(intervalMs: number) {
    super();
    this.#backlog = new Backlog(intervalMs);
  }

  override add(item: Item, nowMs: number): void {
    if (this.list.size === 0) this.#backlog.wasEmpty(nowMs);
    super.add(item, nowMs);
  }

  next(nowMs: number): Item | null {
    return this.list.take(this.#backlog.standsAt(nowMs) ? this.list.newest : this.list.oldest);
  }

  evictFor(item: Item, nowMs: number): Item | null {
    const last = this.#backlog.standsAt(nowMs) ? this.list.oldest : this.list.newest;
    return this.list.evict(last, item);
  }
}
