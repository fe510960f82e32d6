/**
 * Additive increase, multiplicative decrease, as TCP does it on loss: Netflix's concurrency-limits, `AIMDLimit`. One
 * more after each good request, a tenth less after each that was dropped or took longer than the timeout.
 *
 * It sees trouble only when there is some: without drops, and with a timeout that nothing reaches, it climbs to its
 * maximum whatever the latency. With an upstream that queues, the timeout is the limit in disguise: what it allows for
 * waiting there is what the limit swings around. It swings widely, since of the many requests in flight when the limit
 * was too high, each takes its tenth.
 */
import type { LimitAlgorithm, LimitSample } from './limit-algorithm.js';

export interface AimdOptions {
  readonly initialLimit: number;
  /** At least 1. */
  readonly minLimit: number;
  readonly maxLimit: number;
  /** What is left of the limit after a drop; in (0, 1). */
  readonly backoffRatio: number;
  /** A request that took longer counts as dropped. */
  readonly timeoutMs: number;
}

/** Netflix's. Their minimum is for servers with hundreds of threads: it protects no worker with fewer slots than that. */
export const AIMD_DEFAULTS: AimdOptions = {
  initialLimit: 20,
  minLimit: 20,
  maxLimit: 200,
  backoffRatio: 0.9,
  timeoutMs: 5_000,
};

export class AimdLimit implements LimitAlgorithm {
  readonly #options: AimdOptions;
  #limit: number;

  constructor(options: AimdOptions) {
    this.#options = options;
    this.#limit = options.initialLimit;
  }

  limitAt(): number {
    return this.#limit;
  }

  onSample({ rttMs, inFlight, dropped }: LimitSample): void {
    const { minLimit, maxLimit, backoffRatio, timeoutMs } = this.#options;
    let limit = this.#limit;
    if (dropped || rttMs > timeoutMs) limit = Math.floor(limit * backoffRatio);
    // Where less than half of it is used, nothing has been learnt about a higher limit.
    else if (inFlight * 2 >= limit) limit++;
    this.#limit = Math.min(maxLimit, Math.max(minLimit, limit));
  }
}
