/**
 * Keeps the port of a worker that does not run, so that nobody else gets it and the gateway can know the address from
 * the start. Who connects is reset at once: a check sees that nobody serves there.
 */
import { createServer, type Server } from 'node:net';

export class PortKeeper {
  readonly #host: string;
  readonly #servers = new Map<number, Server>();
  #stopped = false;

  constructor(host: string) {
    this.#host = host;
  }

  /** @param port 0: any free one. @returns the port. @throws the system's error when it cannot be had. */
  keep(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const server = createServer((socket) => {
        socket.on('error', () => {});
        socket.resetAndDestroy();
      });
      server.on('error', reject);
      server.listen(port, this.#host, () => {
        const kept = (server.address() as { port: number }).port;
        if (this.#stopped) server.close();
        this.#servers.set(kept, server);
        resolve(kept);
      });
    });
  }

  /** Frees it for its worker. */
  async release(port: number): Promise<void> {
    const server = this.#servers.get(port);
    if (server === undefined) return;
    this.#servers.delete(port);
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#servers.keys()].map((port) => this.release(port)));
  }
}
