/** The port of a link on this machine: a TCP server, or a black hole in its place. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { listenOn } from '../listen.js';
import { type Address, formatAddress } from './address.js';
import { BlackHole } from './black-hole.js';
import { Connection } from './connection.js';
import type { LinkPort, LinkPortParts, PortState } from './link-port.js';

/** A port that was given back may be held for a moment by whoever had it. */
const LISTEN_PATIENCE_MS = 500;

class SocketPort implements LinkPort {
  readonly #parts: LinkPortParts;
  #listen: Address;
  #server: Server | null = null;
  #blackHole: BlackHole | null = null;

  constructor(parts: LinkPortParts) {
    this.#parts = parts;
    this.#listen = parts.listen;
  }

  get address(): Address {
    return this.#listen;
  }

  async become(state: PortState): Promise<void> {
    const isOpen = state === 'open';
    const swallows = state === 'black-hole';
    if (isOpen === (this.#server !== null) && swallows === (this.#blackHole !== null)) return;
    const next = swallows ? new BlackHole(this.#parts.clock) : null;
    await next?.ready;
    this.#server?.close();
    this.#server = null;
    await this.#blackHole?.close();
    this.#blackHole = next;
    if (next !== null) this.#listen = await next.open(this.#listen);
    if (isOpen) await this.#listenAgain();
  }

  async #listenAgain(): Promise<void> {
    const { clock } = this.#parts;
    const server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
    const wanted = { ...this.#listen, clock, patienceMs: LISTEN_PATIENCE_MS };
    try {
      const port = await listenOn(server, wanted);
      this.#listen = { ...this.#listen, port };
      this.#server = server;
    } catch (error) {
      const message = `cannot listen on ${formatAddress(this.#listen)}: ${(error as Error).message}`;
      throw new Error(message, { cause: error });
    }
  }

  #accept(client: Socket): void {
    const { clock, onAccept } = this.#parts;
    onAccept(({ host, port }, onClosed) => {
      const upstream = connect({ host, port, allowHalfOpen: true });
      return new Connection({ clock, client, upstream, onClosed });
    });
  }
}

/** On this machine. */
export const openSocketPort = (parts: LinkPortParts): LinkPort => new SocketPort(parts);
