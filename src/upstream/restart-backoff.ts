/**
 * How long a dead worker stays away: the crash-loop back-off of Kubernetes. The wait grows by a factor from crash to
 * crash up to a bound, and starts over once a worker has lived long enough.
 */
import type { RestartConfig } from './config.js';

export class RestartBackoff {
  #nextMs: number;
  readonly #config: RestartConfig;

  constructor(config: RestartConfig) {
    this.#config = config;
    this.#nextMs = config.delayMs;
  }

  /** @param uptimeMs how long the worker that just died had lived. @returns the wait in milliseconds. */
  onExit(uptimeMs: number): number {
    if (uptimeMs >= this.#config.resetAfterMs) this.#nextMs = this.#config.delayMs;
    const delayMs = Math.min(this.#nextMs, this.#config.maxDelayMs);
    this.#nextMs = Math.min(delayMs * this.#config.factor, this.#config.maxDelayMs);
    return delayMs;
  }
}
