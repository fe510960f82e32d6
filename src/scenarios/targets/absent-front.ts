/**
 * Nobody of ours between clients and workers: clients go to the workers themselves, or to a gateway that runs already.
 * What a timeline asks of gateways is told to be impossible, and changes nothing.
 */
import { type Clock, sleep } from '../../core/clock.js';
import { UserError } from '../../core/errors.js';
import { askHealth } from '../../core/health.js';
import { hostAndPort } from '../../core/http-address.js';
import type { WorkerAddress } from '../../upstream/fleet.js';
import type { FrontLike } from '../front/front.js';

/**
 * By then a gateway has found the workers, which were not there before: HAProxy lets a server in after two checks, one
 * every 2 s, and nginx tries one that failed again after 10 s.
 */
const FOUND_WITHIN_MS = 15_000;
const ASK_AGAIN_MS = 250;
const ANSWER_WITHIN_MS = 5_000;

/** A gateway that runs already. */
export interface RunningGateway {
  readonly origin: string;
  /** What is asked for until it has found a worker. */
  readonly path: string;
  readonly clock: Clock;
}

/** An answer that is no error of a server's: somebody behind the gateway gave it, or the gateway needs nobody for it. */
const isFound = (problem: string | null): boolean => problem === null || /^answered [1-4]/.test(problem);

export class AbsentFront implements FrontLike {
  readonly clientTls = null;
  readonly #gateway: RunningGateway | null;
  #stopping = false;

  /** @param gateway `null`: there is none. */
  constructor(gateway: RunningGateway | null) {
    this.#gateway = gateway;
  }

  /** @throws UserError when the gateway does not answer, or finds none of the workers. */
  async start(upstreams: readonly WorkerAddress[]): Promise<string[][]> {
    const workers = upstreams.map(hostAndPort);
    if (this.#gateway === null) return [workers.map((worker) => `http://${worker}`)];
    await this.#untilFound(this.#gateway, workers);
    return [[this.#gateway.origin]];
  }

  ask(_to: string, method: string, path: string): Promise<string[]> {
    return Promise.resolve([`nobody takes ${method} ${path}: ${this.#who}`]);
  }

  status(): readonly [] {
    return [];
  }

  disrupt(): void {}

  replaceCertificates(): void {}

  stop(): Promise<void> {
    this.#stopping = true;
    return Promise.resolve();
  }

  get #who(): string {
    return this.#gateway === null
      ? 'there is no gateway'
      : `the gateway at ${this.#gateway.origin} is not ours`;
  }

  async #untilFound({ origin, path, clock }: RunningGateway, workers: readonly string[]): Promise<void> {
    const { hostname, port } = new URL(origin);
    const asked = { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port || 80), path };
    const untilMs = clock.nowMs() + FOUND_WITHIN_MS;
    for (;;) {
      const problem = await askHealth(asked, ANSWER_WITHIN_MS, clock);
      if (isFound(problem) || this.#stopping) return;
      if (problem === 'ECONNREFUSED') {
        throw new UserError(
          'couldNotStart',
          `nobody listens at ${origin}: a gateway of your own has to run before`,
        );
      }
      if (clock.nowMs() >= untilMs) {
        const within = `${FOUND_WITHIN_MS / 1000}s after its workers were there (${problem})`;
        const where = `it has to send to ${workers.join(', ')}`;
        throw new UserError('couldNotStart', `${origin} does not serve ${path} ${within}; ${where}`);
      }
      await sleep(clock, ASK_AGAIN_MS);
    }
  }
}
