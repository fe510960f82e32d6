/**
 * Controlled delay, the variant for servers (Maurer, "Fail at Scale", ACM Queue, 2015), after CoDel (Nichols and
 * Jacobson, "Controlling Queue Delay", ACM Queue, 2012). Whoever comes may wait for `intervalMs` (N, 100 ms), which
 * lets a burst pass; but in a line that has not been empty for that long, only for `targetMs` (M, 5 ms). So a backlog
 * cannot stand. Newest first while there is one, as in `adaptive-lifo.ts`.
 *
 * Whoever may not wait any longer is dropped when the next slot is free, since a line has no timer. Where slots become
 * free less often than every M, some find nobody fresh enough and stay empty until somebody comes. Little is lost by it:
 * a line that was emptied so is patient again.
 */
import { Backlog } from './backlog.js';
import type { DropReason, Waiting } from './line.js';
import { ListLine } from './list-line.js';

export interface CodelOptions {
  /** How long one may wait in a line with a backlog. */
  readonly targetMs: number;
  /** How long one may wait otherwise, and how long a line must not have been empty to have a backlog. */
  readonly intervalMs: number;
}

export class CodelLine<Item extends Waiting> extends ListLine<Item> {
  readonly #options: CodelOptions;
  readonly #backlog: Backlog;
  /** Who came when there was a backlog, and may wait for `targetMs` only. */
  readonly #hurried = new Set<Item>();

  constructor(options: CodelOptions) {
    super();
    this.#options = options;
    this.#backlog = new Backlog(options.intervalMs);
  }

  override add(item: Item, nowMs: number): void {
    if (this.list.size === 0) this.#backlog.wasEmpty(nowMs);
    else if (this.#backlog.standsAt(nowMs)) this.#hurried.add(item);
    super.add(item, nowMs);
  }

  next(nowMs: number, drop: (item: Item, reason: DropReason) => void): Item | null {
    const newestFirst = this.#backlog.standsAt(nowMs);
    // The oldest may not be served for long, and must not fill the line until then.
    for (let oldest = this.list.oldest; oldest !== null; oldest = this.list.oldest) {
      if (!this.#isOver(oldest, nowMs)) break;
      this.remove(oldest);
      drop(oldest, 'waited-too-long');
    }
    for (;;) {
      const item = newestFirst ? this.list.newest : this.list.oldest;
      if (item === null) return null;
      const over = this.#isOver(item, nowMs);
      this.remove(item);
      if (!over) return item;
      drop(item, 'waited-too-long');
    }
  }

  evictFor(item: Item, nowMs: number): Item | null {
    const last = this.#backlog.standsAt(nowMs) ? this.list.oldest : this.list.newest;
    const victim = this.list.evict(last, item);
    if (victim !== null) this.#hurried.delete(victim);
    return victim;
  }

  override remove(item: Item): boolean {
    this.#hurried.delete(item);
    return super.remove(item);
  }

  #isOver(item: Item, nowMs: number): boolean {
    const { targetMs, intervalMs } = this.#options;
    return nowMs - item.sinceMs >= (this.#hurried.has(item) ? targetMs : intervalMs);
  }
}
