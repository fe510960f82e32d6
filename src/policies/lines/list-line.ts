/** A line that is one list: whom it serves next is all that tells such lines apart. */
import type { DropReason, Line, Waiting } from './line.js';
import { WaitingList } from './waiting-list.js';

export abstract class ListLine<Item extends Waiting> implements Line<Item> {
  protected readonly list = new WaitingList<Item>();

  get size(): number {
    return this.list.size;
  }

  add(item: Item, _nowMs: number): void {
    this.list.add(item);
  }

  abstract next(nowMs: number, drop: (item: Item, reason: DropReason) => void): Item | null;

  abstract evictFor(item: Item, nowMs: number): Item | null;

  remove(item: Item): boolean {
    return this.list.remove(item);
  }
}
