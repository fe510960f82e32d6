/**
 * First come, first served, until there is a backlog; then last come, first served (Maurer, "Fail at Scale", ACM Queue,
 * 2015). A backlog is a line that has not been empty for as long as `intervalMs`: what a short burst leaves behind is
 * gone by then. The paper leaves open when a queue begins to form; this is the rule by which its CoDel goes.
 */
import { Backlog } from './backlog.js';
import type { Line, Waiting } from './line.js';
import { WaitingList } from './waiting-list.js';

export class AdaptiveLifoLine<Item extends Waiting> implements Line<Item> {
  readonly #list = new WaitingList<Item>();
  readonly #backlog: Backlog;

  /** @param intervalMs a line that has not been empty for so long has a backlog. */
  constructor(intervalMs: number) {
    this.#backlog = new Backlog(intervalMs);
  }

  get size(): number {
    return this.#list.size;
  }

  add(item: Item, nowMs: number): void {
    if (this.#list.size === 0) this.#backlog.wasEmpty(nowMs);
    this.#list.add(item);
  }

  next(nowMs: number): Item | null {
    const item = this.#backlog.standsAt(nowMs) ? this.#list.newest : this.#list.oldest;
    if (item !== null) this.#list.remove(item);
    return item;
  }

  evictFor(item: Item, nowMs: number): Item | null {
    const last = this.#backlog.standsAt(nowMs) ? this.#list.oldest : this.#list.newest;
    return this.#list.evict(last, item);
  }

  remove(item: Item): boolean {
    return this.#list.remove(item);
  }
}
