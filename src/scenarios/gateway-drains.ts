/**
 * Tells every gateway which workers get nothing, by its admin API; what is said before one listens is told when it does.
 */
import type { Traffic } from '../upstream/fleet.js';
import { askAdmin } from './admin-request.js';

/** A gateway that stands still must not keep a fleet from changing; it is told again when it starts anew. */
const TIMEOUT_MS = 2_000;

export class GatewayDrains implements Traffic {
  readonly #host: string;
  readonly #onRefused: (text: string) => void;
  readonly #drained = new Set<string>();
  readonly #adminPorts = new Set<number>();

  /** @param onRefused gets what a gateway did not take, in words. */
  constructor(host: string, onRefused: (text: string) => void) {
    this.#host = host;
    this.#onRefused = onRefused;
  }

  /** A gateway listens there, for the first time or again. @returns when it knows of all that are drained. */
  async connect(adminPort: number): Promise<void> {
    this.#adminPorts.add(adminPort);
    await Promise.all([...this.#drained].map((worker) => this.#tell(adminPort, worker, true)));
  }

  async setDrained(worker: string, drained: boolean): Promise<void> {
    if (drained) this.#drained.add(worker);
    else this.#drained.delete(worker);
    await Promise.all([...this.#adminPorts].map((port) => this.#tell(port, worker, drained)));
  }

  async #tell(port: number, worker: string, drained: boolean): Promise<void> {
    const method = drained ? 'PUT' : 'DELETE';
    const path = `/upstreams/${worker}/drain`;
    const asked = { host: this.#host, port, method, path, body: {}, timeoutMs: TIMEOUT_MS } as const;
    const reason = await askAdmin(asked);
    if (reason !== null) this.#onRefused(`the gateway did not take ${method} ${path}: ${reason}`);
  }
}
