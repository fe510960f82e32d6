/**
 * Nobody of ours between clients and workers: clients go to the workers themselves, or to a gateway that runs already.
 * What a timeline asks of gateways is told to be impossible, and changes nothing.
 */
import { hostAndPort } from '../../core/http-address.js';
import type { WorkerAddress } from '../../upstream/fleet.js';
import type { FrontLike } from '../front/front.js';

export class AbsentFront implements FrontLike {
  readonly clientTls = null;
  readonly #origin: string | null;

  /** @param origin of the gateway; `null`: there is none. */
  constructor(origin: string | null) {
    this.#origin = origin;
  }

  start(upstreams: readonly WorkerAddress[]): Promise<string[][]> {
    const workers = upstreams.map((address) => `http://${hostAndPort(address)}`);
    return Promise.resolve([this.#origin === null ? workers : [this.#origin]]);
  }

  ask(_to: string, method: string, path: string): Promise<string[]> {
    return Promise.resolve([`nobody takes ${method} ${path}: ${this.#who}`]);
  }

  disrupt(): void {}

  replaceCertificates(): void {}

  stop(): Promise<void> {
    return Promise.resolve();
  }

  get #who(): string {
    return this.#origin === null ? 'there is no gateway' : `the gateway at ${this.#origin} is not ours`;
  }
}
