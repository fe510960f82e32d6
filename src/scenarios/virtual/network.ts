/**
 * The network of virtual time: who listens where, and how long a message is on its way. Connections are kept and counted
 * as the gateway's transport does it; what TCP does below that (windows, losses, congestion) is not there.
 */
import type { Clock } from '../../core/clock.js';
import type { MemoryExchange } from '../../core/memory-http.js';

/**
 * What becomes of a connection that is opened now. `reset`: it is taken and closed at once; `silent`: nobody answers, as
 * behind a full backlog.
 */
export type Reachability = 'open' | 'refused' | 'reset' | 'silent';

/** Somebody who listens. */
export interface Host {
  /** What the kernel does with a new connection. */
  readonly reachability: Reachability;
  /** Changes when connections that were kept are gone: with every process that serves in this place. */
  readonly incarnation: number;
  /** A request has arrived. */
  serve(exchange: MemoryExchange): void;
}

export class Network {
  readonly clock: Clock;
  /** From one end to the other. */
  readonly latencyMs: number;
  readonly #hosts = new Map<string, Host>();

  constructor(clock: Clock, latencyMs: number) {
    this.clock = clock;
    this.latencyMs = latencyMs;
  }

  listen(address: string, host: Host): void {
    this.#hosts.set(address, host);
  }

  /** `null`: nobody has ever listened there. */
  at(address: string): Host | null {
    return this.#hosts.get(address) ?? null;
  }
}

export const addressOf = ({ host, port }: { readonly host: string; readonly port: number }): string =>
  `${host}:${port}`;

/** Round trips before a request can be sent on a new connection: TCP's handshake. */
export const CONNECT_TRIPS = 1;

/** Connections from one place to another. */
export class Connections {
  readonly #network: Network;
  readonly #address: string;
  readonly #keepAlive: boolean;
  /** Not in use, and of which incarnation of the host. */
  #idle = 0;
  #incarnation = -1;
  /** In use, or being opened. */
  busy = 0;

  constructor(network: Network, address: string, keepAlive: boolean) {
    this.#network = network;
    this.#address = address;
    this.#keepAlive = keepAlive;
  }

  get host(): Host | null {
    return this.#network.at(this.#address);
  }

  /** Who takes a request that arrives on a connection; `null`: the connection is gone. */
  hostFor(wasKept: boolean): Host | null {
    const { host } = this;
    if (host === null) return null;
    const isThere = wasKept ? host.incarnation === this.#incarnation : host.reachability === 'open';
    return isThere ? host : null;
  }

  /** @returns whether it is one that was kept. */
  take(): boolean {
    this.busy++;
    const incarnation = this.host?.incarnation ?? -1;
    if (incarnation !== this.#incarnation) {
      this.#incarnation = incarnation;
      this.#idle = 0;
    }
    if (this.#idle === 0) return false;
    this.#idle--;
    return true;
  }

  /** @param incarnation of the host that it was opened to; `null`: it is not there any more. */
  giveBack(incarnation: number | null): void {
    this.busy--;
    if (this.#keepAlive && incarnation !== null && incarnation === this.#incarnation) this.#idle++;
  }
}
