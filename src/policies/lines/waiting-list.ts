/**
 * What every line is made of: those who wait, in the order in which they came, with a way out from either end and from
 * anywhere between. Each of them costs the same however many there are.
 */
import type { Waiting } from './line.js';

interface Place<Item> {
  readonly item: Item;
  before: Place<Item> | null;
  after: Place<Item> | null;
}

export class WaitingList<Item extends Waiting> {
  readonly #places = new Map<Item, Place<Item>>();
  #oldest: Place<Item> | null = null;
  #newest: Place<Item> | null = null;

  get size(): number {
    return this.#places.size;
  }

  get oldest(): Item | null {
    return this.#oldest === null ? null : this.#oldest.item;
  }

  get newest(): Item | null {
    return this.#newest === null ? null : this.#newest.item;
  }

  add(item: Item): void {
    const place: Place<Item> = { item, before: this.#newest, after: null };
    if (this.#newest === null) this.#oldest = place;
    else this.#newest.after = place;
    this.#newest = place;
    this.#places.set(item, place);
  }

  /** @returns whether it was there. */
  remove(item: Item): boolean {
    const place = this.#places.get(item);
    if (place === undefined) return false;
    this.#places.delete(item);
    const { before, after } = place;
    if (before === null) this.#oldest = after;
    else before.after = after;
    if (after === null) this.#newest = before;
    else after.before = before;
    return true;
  }

  /** Takes out whom it is given, which must be there. @returns the same. */
  take(item: Item | null): Item | null {
    if (item !== null) this.remove(item);
    return item;
  }

  /** Takes `candidate` out, who would have been served last, if it is less critical than the newcomer. */
  evict(candidate: Item | null, newcomer: Item): Item | null {
    if (candidate === null || candidate.criticality <= newcomer.criticality) return null;
    this.remove(candidate);
    return candidate;
  }
}
