/**
 * Why a worker gets no requests. Several parts of the fleet may want it out at once, and none of them brings it back
 * while another has it out; the gateway is told when the first comes and when the last is gone.
 */
import type { Traffic } from '../fleet.js';
import type { Waits } from './waits.js';

/** Kubernetes gives a deployment ten minutes to get on; a scenario's clock is compressed. */
const READY_DEADLINE_MS = 10_000;

/**
 * `idle`: no process runs there. `leaving`: its process is about to be ended. `standby`: the colour that is not in use.
 * `unready`: its readiness probe says so.
 */
export type AsideReason = 'idle' | 'leaving' | 'standby' | 'unready';

export class Aside {
  readonly #worker: string;
  readonly #traffic: Traffic;
  readonly #reasons = new Set<AsideReason>();
  #waiting: readonly { readonly reason: AsideReason; readonly resolve: () => void }[] = [];
  /** The last word to the gateway: words must arrive in the order in which they were said. */
  #told: Promise<void> = Promise.resolve();

  constructor(worker: string, traffic: Traffic) {
    this.#worker = worker;
    this.#traffic = traffic;
  }

  has(reason: AsideReason): boolean {
    return this.#reasons.has(reason);
  }

  get any(): boolean {
    return this.#reasons.size > 0;
  }

  /** Settles when that reason is gone. */
  without(reason: AsideReason): Promise<void> {
    if (!this.#reasons.has(reason)) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting = [...this.#waiting, { reason, resolve }];
    });
  }

  /** When the gateway has taken all that was said. */
  get settled(): Promise<void> {
    return this.#told;
  }

  /** @returns when the gateway has taken it. */
  hold(reason: AsideReason): Promise<void> {
    const before = this.any;
    this.#reasons.add(reason);
    return before ? this.#told : this.#tell(true);
  }

  /** @returns when the gateway has taken it. */
  release(...reasons: readonly AsideReason[]): Promise<void> {
    const before = this.any;
    for (const reason of reasons) this.#reasons.delete(reason);
    const done = this.#waiting.filter(({ reason }) => !this.#reasons.has(reason));
    this.#waiting = this.#waiting.filter((one) => !done.includes(one));
    for (const { resolve } of done) resolve();
    return before && !this.any ? this.#tell(false) : this.#told;
  }

  #tell(drained: boolean): Promise<void> {
    this.#told = this.#told.then(() => this.#traffic.setDrained(this.#worker, drained));
    return this.#told;
  }
}

/** Where there is a readiness probe, it has a say. @throws Error when it does not say yes in time. */
export const untilReady = async (aside: Aside, waits: Waits): Promise<void> => {
  if (!aside.has('unready')) return;
  const late = waits.wait(READY_DEADLINE_MS).then(() => {
    throw new Error(`it was not ready within ${READY_DEADLINE_MS / 1000}s`);
  });
  await Promise.race([aside.without('unready'), late]);
};
