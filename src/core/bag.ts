/**
 * Things that are there for a while, in no order. A `Set` that changes with every request makes new tables as it goes, and
 * each old one keeps what was in it alive; in a bag an entry knows its place, and the last one takes it when it leaves.
 */
const OUT = -1;

class Entry<Item> {
  readonly item: Item;
  index: number;
  readonly #entries: Entry<Item>[];

  constructor(item: Item, entries: Entry<Item>[]) {
    this.item = item;
    this.#entries = entries;
    this.index = entries.push(this) - 1;
  }

  leave(): void {
    if (this.index === OUT) return;
    const entries = this.#entries;
    const last = entries.pop()!;
    const { index } = this;
    this.index = OUT;
    if (last === this) return;
    entries[index] = last;
    last.index = index;
  }
}

export class Bag<Item> {
  #entries: Entry<Item>[] = [];

  /** @returns takes it out. */
  add(item: Item): { leave(): void } {
    return new Entry(item, this.#entries);
  }

  /** Takes everything out. */
  empty(): Item[] {
    const items = this.#entries.map(({ item }) => item);
    // Whoever still leaves does it to the entries of before.
    this.#entries = [];
    return items;
  }
}
