/**
 * Tells every gateway which workers get nothing, by its admin API. What each is told is said in order, one thing at a
 * time, and as it is by then; what one did not hear, because it stood still or was gone, it is told when it is back.
 */
import type { Traffic } from '../../upstream/fleet.js';
import type { AskAdmin } from './admin-request.js';

/** A gateway that stands still must not keep a fleet from changing. */
const TIMEOUT_MS = 2_000;

interface Listener {
  /** By worker, what it took last; `null`: it may have taken it or not. */
  told: Map<string, boolean | null>;
  /** Ends when it has been told all so far. */
  chain: Promise<void>;
}

export class GatewayDrains implements Traffic {
  readonly #host: string;
  readonly #ask: AskAdmin;
  readonly #onRefused: (text: string) => void;
  readonly #drained = new Set<string>();
  readonly #listeners = new Map<number, Listener>();

  /** @param onRefused gets what a gateway did not take, in words. */
  constructor(host: string, ask: AskAdmin, onRefused: (text: string) => void) {
    this.#host = host;
    this.#ask = ask;
    this.#onRefused = onRefused;
  }

  /** Those that get nothing now, for a gateway that is about to start. */
  get drained(): readonly string[] {
    return [...this.#drained];
  }

  /**
   * A gateway listens there, for the first time or again.
   * @param drained what it was started with. @returns when it knows of all that are drained.
   */
  connect(adminPort: number, drained: readonly string[] = []): Promise<void> {
    const told = new Map<string, boolean | null>(drained.map((worker) => [worker, true]));
    this.#listeners.set(adminPort, { told, chain: Promise.resolve() });
    return this.tellAgain(adminPort);
  }

  /** It hears again: whatever it missed. */
  tellAgain(adminPort: number): Promise<void> {
    const listener = this.#listeners.get(adminPort);
    if (listener === undefined) return Promise.resolve();
    listener.chain = listener.chain.then(() => this.#tellAll(adminPort, listener));
    return listener.chain;
  }

  async setDrained(worker: string, drained: boolean): Promise<void> {
    if (drained) this.#drained.add(worker);
    else this.#drained.delete(worker);
    await Promise.all([...this.#listeners.keys()].map((port) => this.tellAgain(port)));
  }

  async #tellAll(port: number, { told }: Listener): Promise<void> {
    for (const worker of new Set([...this.#drained, ...told.keys()])) {
      const drained = this.#drained.has(worker);
      const before = told.get(worker) ?? (told.has(worker) ? null : false);
      if (before !== drained) told.set(worker, (await this.#tell(port, worker, drained)) ? drained : null);
    }
  }

  /** @returns whether it was taken. */
  async #tell(port: number, worker: string, drained: boolean): Promise<boolean> {
    const method = drained ? 'PUT' : 'DELETE';
    const path = `/upstreams/${worker}/drain`;
    const asked = { host: this.#host, port, method, path, body: {}, timeoutMs: TIMEOUT_MS } as const;
    const reason = await this.#ask(asked);
    if (reason !== null) this.#onRefused(`the gateway did not take ${method} ${path}: ${reason}`);
    return reason === null;
  }
}
