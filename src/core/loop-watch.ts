/**
 * How long this process could not run: a timer that should fire every `intervalMs` and notes by how much it was late.
 * One stall shows as one large value, which a percentile of event-loop delay would hide.
 */
import type { Clock, Timer } from './clock.js';

export interface LoopDelay {
  /** Timers seen since the last reading. */
  readonly samples: number;
  /** How many of them were late by more than the limit. */
  readonly late: number;
  readonly worstMs: number;
}

export class LoopWatch {
  #samples = 0;
  #late = 0;
  #worstMs = 0;
  readonly #timer: Timer;

  /** @param limitMs a sample later than this counts as late. */
  constructor(clock: Clock, intervalMs: number, limitMs: number) {
    let dueMs = clock.nowMs() + intervalMs;
    this.#timer = clock.every(intervalMs, () => {
      const nowMs = clock.nowMs();
      const lateMs = Math.max(0, nowMs - dueMs);
      this.#samples++;
      if (lateMs > limitMs) this.#late++;
      this.#worstMs = Math.max(this.#worstMs, lateMs);
      dueMs = nowMs + intervalMs;
    });
  }

  /** What was seen since the last call. */
  read(): LoopDelay {
    const delay = { samples: this.#samples, late: this.#late, worstMs: this.#worstMs };
    this.#samples = 0;
    this.#late = 0;
    this.#worstMs = 0;
    return delay;
  }

  stop(): void {
    this.#timer.cancel();
  }
}
