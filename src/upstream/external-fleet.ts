/**
 * Upstreams of the user's own in the places of workers. They run already, and nothing is known of them but where they
 * listen; what is done to workers is refused when a scenario is read, so none of it comes here.
 */
import { connect } from 'node:net';
import type { Clock } from '../core/clock.js';
import { UserError } from '../core/errors.js';
import { type HttpAddress, hostAndPort } from '../core/http-address.js';
import { type Fleet, type WorkerAddress, type WorkerStatus, workerIds } from './fleet.js';

/** A server on this machine accepts at once, one elsewhere within a round trip; a lost SYN is sent again after 1 s. */
const CONNECT_WITHIN_MS = 3_000;

export interface ExternalFleetOptions {
  readonly upstreams: readonly HttpAddress[];
  readonly clock: Clock;
}

/** @returns `null`: it accepts connections; else why not. */
const explainUnreachable = ({ host, port }: WorkerAddress, clock: Clock): Promise<string | null> =>
  new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (why: string | null): void => {
      timer.cancel();
      socket.destroy();
      resolve(why);
    };
    const timer = clock.after(CONNECT_WITHIN_MS, () => end(`no answer in ${CONNECT_WITHIN_MS / 1000}s`));
    socket.once('connect', () => end(null));
    // A name with several addresses fails with one error for all of them, whose own message is empty.
    socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });

export class ExternalFleet implements Fleet {
  readonly #clock: Clock;
  readonly #addresses: readonly WorkerAddress[];
  #reached = false;

  constructor({ upstreams, clock }: ExternalFleetOptions) {
    this.#clock = clock;
    const ids = workerIds(upstreams.length);
    this.#addresses = upstreams.map(({ host, port }, index) => ({ id: ids[index]!, host, port }));
  }

  /** @throws UserError that names every one that accepts no connection. */
  async start(): Promise<readonly WorkerAddress[]> {
    const problems = await Promise.all(
      this.#addresses.map(async (address) => {
        const why = await explainUnreachable(address, this.#clock);
        return why === null ? [] : [`${address.id} at ${hostAndPort(address)} (${why})`];
      }),
    );
    const silent = problems.flat();
    if (silent.length > 0) {
      const text = `no connection to ${silent.join(', ')}; upstreams of your own have to listen before the run`;
      throw new UserError('couldNotStart', text);
    }
    this.#reached = true;
    return this.#addresses;
  }

  /** Of each what was seen at the start: whether they go on is seen by what the gateway gets of them. */
  status(): readonly WorkerStatus[] {
    return this.#addresses.map(({ id }) => ({
      ...{ worker: id, up: this.#reached, active: true, drained: false },
      ...{ exits: 0, version: 1, configVersion: 0, faults: [] },
      ...{ heapBytes: null, heapLimitBytes: null, requests: null, slots: null },
    }));
  }

  beginScaling(): void {}

  /** None of the run's processes is a worker. */
  workerSeconds(): number {
    return 0;
  }

  /** They go on when the run is over. */
  async stop(): Promise<void> {}

  assignConfig(): void {
    refuse('give a config to');
  }

  tryConfig(): Promise<string | null> {
    return refuse('try a config on');
  }

  inject(): boolean {
    return refuse('inject a fault into');
  }

  heal(): void {
    refuse('heal');
  }

  kill(): boolean {
    return refuse('kill');
  }

  restart(): boolean {
    return refuse('restart');
  }

  scale(): void {
    refuse('scale');
  }

  deploy(): void {
    refuse('deploy');
  }

  rollbackDeploy(): void {
    refuse('roll back');
  }
}

const refuse = (what: string): never => {
  throw new Error(`cannot ${what} upstreams that are not badgateway’s own`);
};
