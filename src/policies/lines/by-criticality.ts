/**
 * One line for each class of criticality. The most critical class that may be served goes first, and within it goes
 * whoever its own line says. When all of them together are full, the newcomer takes the place of one who is less
 * critical: of the least critical class, the one who would have been served last.
 */
import type { DropReason, Line, Waiting } from './line.js';

export class ByCriticality<Item extends Waiting> implements Line<Item> {
  readonly #lines: readonly Line<Item>[];
  readonly #admits: (criticality: number) => boolean;
  #size = 0;

  /**
   * @param lines one for each class, the most critical first.
   * @param admits whether there can be a slot for that class now; the others are passed over, and keep waiting.
   */
  constructor(lines: readonly Line<Item>[], admits: (criticality: number) => boolean = () => true) {
    this.#lines = lines;
    this.#admits = admits;
  }

  get size(): number {
    return this.#size;
  }

  add(item: Item, nowMs: number): void {
    this.#size++;
    this.#lineOf(item).add(item, nowMs);
  }

  next(nowMs: number, drop: (item: Item, reason: DropReason) => void): Item | null {
    const dropped = (item: Item, reason: DropReason): void => {
      this.#size--;
      drop(item, reason);
    };
    for (let criticality = 0; criticality < this.#lines.length; criticality++) {
      const line = this.#lines[criticality]!;
      if (line.size === 0 || !this.#admits(criticality)) continue;
      const item = line.next(nowMs, dropped);
      if (item === null) continue;
      this.#size--;
      return item;
    }
    return null;
  }

  evictFor(item: Item, nowMs: number): Item | null {
    for (let criticality = this.#lines.length - 1; criticality > item.criticality; criticality--) {
      const victim = this.#lines[criticality]!.evictFor(item, nowMs);
      if (victim === null) continue;
      this.#size--;
      return victim;
    }
    return null;
  }

  remove(item: Item): boolean {
    const removed = this.#lineOf(item).remove(item);
    if (removed) this.#size--;
    return removed;
  }

  /** Whoever is less critical than the last class belongs to it. */
  #lineOf(item: Item): Line<Item> {
    return this.#lines[Math.min(item.criticality, this.#lines.length - 1)]!;
  }
}
