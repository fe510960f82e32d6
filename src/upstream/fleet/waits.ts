/** Waits that end with their owner: once stopped, nothing that waited goes on. */
import type { Clock, Timer } from '../../core/clock.js';

export class Waits {
  readonly #clock: Clock;
  readonly #timers = new Set<Timer>();
  #stopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Never settles when it is stopped meanwhile. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#stopped) return;
      const timer = this.#clock.after(ms, () => {
        this.#timers.delete(timer);
        resolve();
      });
      this.#timers.add(timer);
    });
  }

  every(ms: number, run: () => void): void {
    if (!this.#stopped) this.#timers.add(this.#clock.every(ms, run));
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }
}
