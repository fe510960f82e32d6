/** What the timeline wants of the links, done in their process. */

import type { Link } from './link.js';
import { DOWN, type LinkCollection } from './link-collection.js';
import type { RemovalOrder, ToxicOrder } from './messages.js';

/** A name that no toxic on the link has: Toxiproxy's, and with a number when that one is taken. */
const freeName = (link: Link, base: string): string => {
  for (let number = 1; ; number++) {
    const name = number === 1 ? base : `${base}_${number}`;
    if (link.toxic(name) === undefined) return name;
  }
};

export class LinkOrders {
  readonly #links: LinkCollection;
  /** What was added, by the order's id: how it is taken back. */
  readonly #added = new Map<number, () => Promise<void>>();
  /** Orders of `down` in force, by link. */
  readonly #down = new Map<Link, Set<number>>();

  constructor(links: LinkCollection) {
    this.#links = links;
  }

  async add(id: number, name: string, order: ToxicOrder): Promise<void> {
    const link = this.#links.get(name);
    const { type, stream, toxicity, attributes, forMs } = order;
    if (type === DOWN) {
      const orders = this.#down.get(link) ?? new Set();
      this.#down.set(link, orders.add(id));
      await this.#links.setEnabled(link, false, 'timeline', { forMs });
      this.#added.set(id, async () => {
        // Removed before its time, or another one wants it down for longer.
        if (!orders.delete(id) || orders.size > 0) return;
        await this.#links.setEnabled(link, true, 'timeline', { reason: 'time-over' });
      });
      return;
    }
    const toxic = { name: freeName(link, `${type}_${stream}`), type, stream, toxicity, attributes };
    const label = await this.#links.addToxic(link, toxic, 'timeline', { forMs });
    this.#added.set(id, async () => {
      const present = link.labelled(label);
      if (present !== undefined) await this.#links.removeToxic(link, present, 'time-over');
    });
  }

  async timeOver(id: number): Promise<void> {
    const undo = this.#added.get(id);
    this.#added.delete(id);
    await undo?.();
  }

  async remove(name: string, { type, stream }: RemovalOrder): Promise<void> {
    const link = this.#links.get(name);
    if (type === null || type === DOWN) {
      this.#down.get(link)?.clear();
      await this.#links.setEnabled(link, true, 'timeline', { reason: 'ordered' });
    }
    for (const toxic of link.toxics) {
      if (type !== null && toxic.type !== type) continue;
      if (stream !== null && toxic.stream !== stream) continue;
      await this.#links.removeToxic(link, toxic, 'ordered');
    }
  }
}
