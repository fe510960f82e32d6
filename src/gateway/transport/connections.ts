/** Connections to one upstream, each an undici `Client` with one request at a time. */
import type { Client } from 'undici';

export class Connection {
  readonly client: Client;
  /** Whether it has carried an answer before: an idle connection may be closing just when a request is sent on it. */
  used = false;
  /** Whether it ended with an error. undici takes a reset for the end of a body that ends with its connection. */
  broken = false;

  constructor(make: (connection: Connection) => Client) {
    this.client = make(this);
    this.client.on('connect', () => {
      this.used = false;
      this.broken = false;
    });
  }
}

/**
 * The connection used last is used next: taking it costs the same however many there are (undici's `Pool` looks through
 * all of them for each request), and those not needed any more are the ones that idle and are closed. A client whose
 * connection broke makes another at its next request.
 */
export class Connections {
  readonly #make: (connection: Connection) => Client;
  readonly #all: Connection[] = [];
  readonly #idle: Connection[] = [];

  constructor(make: (connection: Connection) => Client) {
    this.#make = make;
  }

  get busy(): number {
    return this.#all.length - this.#idle.length;
  }

  take(): Connection {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
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
