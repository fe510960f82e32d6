/** Tells the gateways which workers get nothing, by their admin APIs; what is said before one listens is told when it does. */
import type { Traffic } from '../upstream/fleet.js';
import { askAdmin } from './admin-request.js';

export class GatewayDrains implements Traffic {
  readonly #host: string;
  readonly #onRefused: (text: string) => void;
  readonly #drained = new Set<string>();
  readonly #adminPorts = new Set<number>();

  /** @param onRefused gets what the gateway did not take, in words. */
  constructor(host: string, onRefused: (text: string) => void) {
    this.#host = host;
    this.#onRefused = onRefused;
  }

  /** A gateway listens there, perhaps once more. @returns when it knows of all that are drained. */
  async connect(adminPort: number): Promise<void> {
    this.#adminPorts.add(adminPort);
    await Promise.all([...this.#drained].map((worker) => this.#tell(adminPort, worker, true)));
  }

  async setDrained(worker: string, drained: boolean): Promise<void> {
    if (drained) this.#drained.add(worker);
    else this.#drained.delete(worker);
    await Promise.all([...this.#adminPorts].map((adminPort) => this.#tell(adminPort, worker, drained)));
  }

  async #tell(adminPort: number, worker: string, drained: boolean): Promise<void> {
    const method = drained ? 'PUT' : 'DELETE';
    const path = `/upstreams/${worker}/drain`;
    const reason = await askAdmin({ host: this.#host, port: adminPort, method, path, body: {} });
    if (reason !== null) this.#onRefused(`the gateway did not take ${method} ${path}: ${reason}`);
  }
}
