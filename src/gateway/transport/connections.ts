/** Connections to one upstream, each an undici `Client` with one request at a time. */
import type { Socket } from 'node:net';
import type { Client } from 'undici';

export class Connection {
  readonly client: Client;
  /** Whether it has carried an answer before: an idle connection may be closing just when a request is sent on it. */
  used = false;
  /** Whether it ended with an error. undici takes a reset for the end of a body that ends with its connection. */
  broken = false;
  /** `null`: it has none. */
  #socket: Socket | null = null;

  constructor(make: (connection: Connection) => Client) {
    this.client = make(this);
    this.client.on('connect', () => {
      this.used = false;
      this.broken = false;
    });
    this.client.on('disconnect', () => {
      // Also of one that goes on with another protocol, which is not undici's any more.
      this.#socket = null;
    });
  }

  /** Whether the next request need not connect first, as far as is known. */
  get isOpen(): boolean {
    return this.#socket !== null && !this.#socket.destroyed;
  }

  onSocket(socket: Socket): void {
    this.#socket = socket;
    socket.on('error', () => {
      this.broken = true;
    });
  }
}

/**
 * The connection used last is used next: taking it costs the same however many there are (undici's `Pool` looks through
 * all of them for each request), and those not needed any more are the ones that idle and are closed. A client whose
 * connection broke makes another at its next request, and is used when no open one is idle: where new connections
 * cannot be made, because a name does not resolve any more, those that are kept go on.
 */
export class Connections {
  readonly #make: (connection: Connection) => Client;
  readonly #all: Connection[] = [];
  readonly #idle: Connection[] = [];
  /** Idle, and found without a connection. */
  readonly #closed: Connection[] = [];

  constructor(make: (connection: Connection) => Client) {
    this.#make = make;
  }

  get busy(): number {
    return this.#all.length - this.#idle.length - this.#closed.length;
  }

  take(): Connection {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      if (idle.isOpen) return idle;
      this.#closed.push(idle);
    }
    const closed = this.#closed.pop();
    if (closed !== undefined) return closed;
    const connection = new Connection(this.#make);
    this.#all.push(connection);
    return connection;
  }

  giveBack(connection: Connection): void {
    this.#idle.push(connection);
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map(({ client }) => client.destroy()));
  }
}
