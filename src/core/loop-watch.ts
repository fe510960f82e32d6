/**
 * How long this process could not run: a timer that should fire every `intervalMs` and notes by how much it was late.
 * One stall shows as one large value, which a percentile of event-loop delay would hide.
 */
import type { Clock, Timer } from './clock.js';

export class LoopWatch {
  #worstMs = 0;
  readonly #timer: Timer;

  constructor(clock: Clock, intervalMs: number) {
    let dueMs = clock.nowMs() + intervalMs;
    this.#timer = clock.every(intervalMs, () => {
      const nowMs = clock.nowMs();
      this.#worstMs = Math.max(this.#worstMs, nowMs - dueMs);
      dueMs = nowMs + intervalMs;
    });
  }

  /** The longest stall since the last call, in milliseconds. */
  read(): number {
    const worstMs = this.#worstMs;
    this.#worstMs = 0;
    return worstMs;
  }

  stop(): void {
    this.#timer.cancel();
  }
}
