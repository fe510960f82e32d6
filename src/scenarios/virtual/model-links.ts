/** The process of the links in virtual time: the links' own code, on ports and connections that are models. */
import { Random } from '../../core/random.js';
import { type Address, formatAddress } from '../../upstream/links/address.js';
import { LinkCollection } from '../../upstream/links/link-collection.js';
import type { LinksSpawn } from '../../upstream/links/link-fleet.js';
import type { LinkPort, LinkPortParts, PortState } from '../../upstream/links/link-port.js';
import { LinkService } from '../../upstream/links/link-service.js';
import type { ToLinks } from '../../upstream/links/messages.js';
import { BARE_BOOT_MS, ModelChild } from '../../upstream/virtual/model-child.js';
import { ModelLinkConnection } from './model-link-connection.js';
import type { Connection, Host, Network, Reachability } from './network.js';

const REACHABILITIES: Readonly<Record<PortState, Reachability>> = {
  closed: 'refused',
  open: 'open',
  'black-hole': 'silent',
};

class ModelPort implements LinkPort, Host {
  readonly address: Address;
  readonly #network: Network;
  readonly #onAccept: LinkPortParts['onAccept'];
  #state: PortState = 'closed';

  constructor({ listen, onAccept }: LinkPortParts, network: Network) {
    this.address = listen;
    this.#network = network;
    this.#onAccept = onAccept;
    network.listen(formatAddress(listen), this);
  }

  get reachability(): Reachability {
    return REACHABILITIES[this.#state];
  }

  async become(state: PortState): Promise<void> {
    this.#state = state;
  }

  accept(): Connection {
    let accepted: Connection;
    this.#onAccept((upstream, onClosed) => {
      const connection = new ModelLinkConnection(this.#network, formatAddress(upstream), onClosed);
      accepted = connection;
      return connection;
    });
    return accepted!;
  }
}

export class ModelLinks extends ModelChild<ToLinks> {
  readonly #service: LinkService;

  /** @param nextPort a port that nobody has. */
  constructor({ name, argument, onMessage }: LinksSpawn, network: Network, nextPort: () => number) {
    const { clock } = network;
    const { host, seed } = argument;
    super(name, clock);
    const links = new LinkCollection({
      ...{ clock, random: new Random(seed) },
      report: (report) => onMessage({ type: 'report', report }),
      openPort: ({ listen, ...parts }) =>
        new ModelPort({ ...parts, listen: { ...listen, port: listen.port || nextPort() } }, network),
    });
    this.#service = new LinkService(links, host, onMessage);
    this.later(() => onMessage({ type: 'ready', apiPort: argument.apiPort || nextPort() }), BARE_BOOT_MS);
  }

  /** Takes every toxic away first. */
  override async stop(): Promise<void> {
    await this.#service.stop();
    this.end();
  }

  protected hear(message: ToLinks): void {
    if (message.type !== 'stop') this.#service.onMessage(message);
  }
}
