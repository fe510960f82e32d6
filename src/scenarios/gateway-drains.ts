/** Tells the gateway which workers get nothing, by its admin API; what is said before it listens is told when it does. */
import type { Traffic } from '../upstream/fleet.js';
import { askAdmin } from './admin-request.js';

export class GatewayDrains implements Traffic {
  readonly #host: string;
  readonly #onRefused: (text: string) => void;
  readonly #drained = new Set<string>();
  #adminPort: number | null = null;

  /** @param onRefused gets what the gateway did not take, in words. */
  constructor(host: string, onRefused: (text: string) => void) {
    this.#host = host;
    this.#onRefused = onRefused;
  }

  /** The gateway listens there. @returns when it knows of all that are drained. */
  async connect(adminPort: number): Promise<void> {
    this.#adminPort = adminPort;
    await Promise.all([...this.#drained].map((worker) => this.#tell(worker, true)));
  }

  async setDrained(worker: string, drained: boolean): Promise<void> {
    if (drained) this.#drained.add(worker);
    else this.#drained.delete(worker);
    await this.#tell(worker, drained);
  }

  async #tell(worker: string, drained: boolean): Promise<void> {
    if (this.#adminPort === null) return;
    const method = drained ? 'PUT' : 'DELETE';
    const path = `/upstreams/${worker}/drain`;
    const reason = await askAdmin({ host: this.#host, port: this.#adminPort, method, path, body: {} });
    if (reason !== null) this.#onRefused(`the gateway did not take ${method} ${path}: ${reason}`);
  }
}
