/** What the process of the links does as its parent tells it, on whatever the links are made of. */
import type { LinkCollection } from './link-collection.js';
import type { FromLinks, ToLinks } from './messages.js';
import { LinkOrders } from './orders.js';

export class LinkService {
  readonly #links: LinkCollection;
  readonly #host: string;
  readonly #send: (message: FromLinks) => void;
  readonly #orders: LinkOrders;

  /** @param host where links listen. */
  constructor(links: LinkCollection, host: string, send: (message: FromLinks) => void) {
    this.#links = links;
    this.#host = host;
    this.#send = send;
    this.#orders = new LinkOrders(links);
  }

  onMessage(message: Exclude<ToLinks, { type: 'stop' }>): void {
    this.#links
      .inTurn(message.link, () => this.#perform(message))
      .catch((error: Error) => this.#send({ type: 'refused', link: message.link, message: error.message }));
  }

  /** Takes every toxic away, tells of it, and ends the links. */
  async stop(): Promise<void> {
    // A port that cannot be had again is no matter now.
    await this.#links.reset('run-over').catch(() => {});
    await this.#links.close();
  }

  #perform(message: Exclude<ToLinks, { type: 'stop' }>): Promise<void> {
    switch (message.type) {
      case 'link':
        return this.#link(message);
      case 'upstream':
        // A client of the API may have taken it away.
        return this.#links.find(message.link)?.setUpstreamUp(message.up) ?? Promise.resolve();
      case 'add':
        return this.#orders.add(message.id, message.link, message.order);
      case 'time-over':
        return this.#orders.timeOver(message.id);
      case 'remove':
        return this.#orders.remove(message.link, message.order);
    }
  }

  async #link({ link: name, host, port, listenPort }: Extract<ToLinks, { type: 'link' }>): Promise<void> {
    const at = { host: this.#host, port: listenPort };
    const { listen } = await this.#links.create(name, at, { host, port }, true);
    this.#send({ type: 'linked', link: name, ...listen });
  }
}
