/**
 * A worker's connections to a database: opened when a call finds none idle, kept for the next one, and given up when a
 * call is: a connection whose query still runs can serve nobody else. How many there may be is the pool's affair
 * (`client.ts`).
 */
import { connect, type Socket } from 'node:net';
import { Deferred } from '../../core/deferred.js';
import { GatewayError } from '../../core/errors.js';
import type { Service } from '../../policies/service.js';
import { OK, onLine, QUERY, READY } from './database-protocol.js';
import type { DependencyTarget } from './messages.js';
import { answered, lostBy } from './wire.js';

/** A query that the database refused. */
const QUERY_FAILED = 500;

class DatabaseConnection {
  readonly #socket: Socket;
  /** The line that is waited for. */
  #next: Deferred<string> | null = null;
  #lost: GatewayError | null = null;
  #greeted = false;

  /** @param onLost called once, when it can serve no more. */
  constructor({ host, port }: Pick<DependencyTarget, 'host' | 'port'>, onLost: () => void) {
    this.#socket = connect({ host, port, noDelay: true });
    onLine(this.#socket, (line) => {
      const next = this.#next;
      this.#next = null;
      next?.resolve(line);
    });
    const lose = (error: GatewayError): void => {
      this.#lost ??= error;
      this.#next?.reject(this.#lost);
    };
    this.#socket.on('error', (error) => lose(lostBy(error)));
    this.#socket.on('close', () => {
      lose(new GatewayError('BGW_ERR_CONNECTION_CLOSED'));
      onLost();
    });
  }

  /** @returns whether it succeeded. @throws GatewayError when the database is out of reach. */
  async query(): Promise<boolean> {
    if (!this.#greeted) {
      const greeting = await this.#line();
      if (greeting !== READY) throw new GatewayError('BGW_ERR_CONNECTION_REFUSED', greeting);
      this.#greeted = true;
    }
    this.#socket.write(`${QUERY}\n`);
    return (await this.#line()) === OK;
  }

  close(): void {
    this.#socket.destroy();
  }

  #line(): Promise<string> {
    this.#next = new Deferred<string>();
    if (this.#lost !== null) this.#next.reject(this.#lost);
    return this.#next.promise;
  }
}

export const databaseWire = (target: Pick<DependencyTarget, 'host' | 'port'>): Service => {
  const idle = new Set<DatabaseConnection>();
  const open = (): DatabaseConnection => {
    const connection: DatabaseConnection = new DatabaseConnection(target, () => idle.delete(connection));
    return connection;
  };
  const take = (): DatabaseConnection => {
    for (const connection of idle) {
      idle.delete(connection);
      return connection;
    }
    return open();
  };
  return (_request, call) =>
    new Promise((resolve, reject) => {
      const connection = take();
      let over = false;
      const giveUp = (error: GatewayError): void => {
        if (over) return;
        over = true;
        connection.close();
        reject(error);
      };
      connection.query().then((succeeded) => {
        if (over) return;
        over = true;
        idle.add(connection);
        resolve(answered(succeeded ? 200 : QUERY_FAILED));
      }, giveUp);
      call.onCancel(giveUp);
    });
};
