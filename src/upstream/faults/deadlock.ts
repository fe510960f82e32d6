/**
 * Two locks, taken in opposite order: two tasks take them crosswise, each holding what the other waits for, and every
 * request needs one of them. Nobody gets any further, and nothing of it is to be seen from outside: the process idles,
 * its memory stays as it is, and its connections are accepted.
 */
import { type Clock, sleep } from '../../core/clock.js';
import { defineFault } from './fault.js';

/** Waiting in line; whoever holds it hands it to the next. */
export class Mutex {
  readonly #waiting: (() => void)[] = [];
  #held = false;

  acquire(): Promise<void> {
    if (this.#held) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#held = true;
    return Promise.resolve();
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#held = false;
    else next();
  }
}

const LOCKED_FOR_MS = 1;

const transfer = async (from: Mutex, to: Mutex, clock: Clock): Promise<void> => {
  await from.acquire();
  // In this moment the other takes its first lock, which is our second.
  await sleep(clock, LOCKED_FOR_MS);
  await to.acquire();
  to.release();
  from.release();
};

export const deadlock = defineFault({
  description: 'two tasks hold a lock each and wait for the other’s, and every request waits for one of them',
  clientSees:
    '504 after the attempt timeout, until the process is restarted; checks without the locks stay green',
  standsFor: 'seed 001 "deadlocks or race conditions"; Fly.io 2024-09-01 and 2024-12',
  takes: {},
  lasts: 'span',
  survivesRestart: false,
  begin: (site) => {
    const accounts = new Mutex();
    const orders = new Mutex();
    void transfer(accounts, orders, site.clock);
    void transfer(orders, accounts, site.clock);
    return site.onArrival(({ request }) => {
      request.resume();
      // Never gets it; the request waits with it.
      void accounts.acquire();
      return true;
    });
  },
});
