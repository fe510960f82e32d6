/**
 * Two locks, taken in opposite order. Requests take one and then the other for a moment; from the injection on, two tasks
 * take them crosswise, each holding what the other waits for. Nobody gets any further, and nothing of it is to be seen
 * from outside: the process idles, and its connections are accepted.
 */
import type { Clock } from '../../core/clock.js';
import { defineFault, type Undo } from './fault.js';

/** Waiting in line; whoever holds it gives it to the next. */
class Mutex {
  readonly #waiting: (() => void)[] = [];
  #held = false;

  async acquire(): Promise<void> {
    if (this.#held) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.#waiting.shift()?.();
  }
}

const LOCKED_FOR_MS = 1;

const pause = (clock: Clock, ms: number): Promise<void> =>
  new Promise((resolve) => {
    clock.after(ms, resolve);
  });

const transfer = async (from: Mutex, to: Mutex, clock: Clock): Promise<void> => {
  await from.acquire();
  // In this moment the other takes its first lock, which is our second.
  await pause(clock, LOCKED_FOR_MS);
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
    let healed = false;
    const leave: Undo = site.onArrival(() => {
      if (healed) return false;
      // Never gets it; the request waits with it.
      void accounts.acquire();
      return true;
    });
    return () => {
      healed = true;
      leave();
    };
  },
});
