/** A limit that somebody has set, and that stays as it is: Envoy's `max_requests`, HAProxy's `maxconn`. */
import type { LimitAlgorithm } from './limit-algorithm.js';

export interface FixedOptions {
  /** Requests in flight at once; at least 1. */
  readonly limit: number;
}

export class FixedLimit implements LimitAlgorithm {
  readonly #limit: number;

  constructor(options: FixedOptions) {
    this.#limit = options.limit;
  }

  limitAt(): number {
    return this.#limit;
  }

  onSample(): void {}
}
