/**
 * The limit from how the time of a request compares with the time of requests in the long run: Netflix's
 * concurrency-limits, `Gradient2Limit`. With every sample
 *
 *     gradient = tolerance · rttLong / rtt, between 0.5 and 1
 *     limit    = (1 − smoothing) · limit + smoothing · (limit · gradient + queueSize)
 *
 * so that it settles at about `tolerance` times what the upstream does at once, and `queueSize` more.
 *
 * The long run is an average, not a minimum: a few fast answers do not pull it down. But an overload that lasts some
 * hundreds of requests becomes the long run, and then the limit grows again, to several times what the upstream does at
 * once: this algorithm is for surges, not for sieges. Netflix's takes no notice of drops; here a dropped request counts
 * as the steepest gradient, since how long it took says nothing.
 */
import type { LimitAlgorithm, LimitSample } from './limit-algorithm.js';
import { MIN_RTT_MS } from './round-trip.js';

export interface Gradient2Options {
  readonly initialLimit: number;
  /** At least 1. */
  readonly minLimit: number;
  readonly maxLimit: number;
  /** Slower than the long run by this factor is still fine. */
  readonly tolerance: number;
  /** Requests that may queue in the upstream: what the limit grows towards while times are short. */
  readonly queueSize: number;
  /** The weight of a new estimate; in (0, 1]. */
  readonly smoothing: number;
  /** Samples of which the long run is the moving average. */
  readonly longWindow: number;
}

/** Netflix's. Their minimum is for servers with hundreds of threads: it protects no worker with fewer slots than that. */
export const GRADIENT2_DEFAULTS: Gradient2Options = {
  initialLimit: 20,
  minLimit: 20,
  maxLimit: 200,
  tolerance: 1.5,
  queueSize: 4,
  smoothing: 0.2,
  longWindow: 600,
};

/** The first samples are averaged evenly: one alone would weigh on the long run for minutes. */
const WARMUP_SAMPLES = 10;

/** A single estimate takes away half of the limit at most, so that one outlier does not empty the upstream. */
const MIN_GRADIENT = 0.5;

/** When the long run is above so many times the time of now, it is the memory of a load that is over … */
const DRIFT_RATIO = 2;
/** … and shrinks to this share of itself with every sample, which is faster than the average would. */
const DRIFT_DECAY = 0.95;

export class Gradient2Limit implements LimitAlgorithm {
  readonly #options: Gradient2Options;
  #limit: number;
  #longRttMs = 0;
  #samples = 0;

  constructor(options: Gradient2Options) {
    this.#options = options;
    this.#limit = options.initialLimit;
  }

  limitAt(): number {
    return Math.floor(this.#limit);
  }

  onSample({ rttMs, inFlight, dropped }: LimitSample): void {
    if (dropped) {
      this.#move(MIN_GRADIENT);
      return;
    }
    const shortRttMs = Math.max(MIN_RTT_MS, rttMs);
    const longRttMs = this.#addToLongRun(shortRttMs);
    if (longRttMs > DRIFT_RATIO * shortRttMs) this.#longRttMs *= DRIFT_DECAY;
    // Where less than half of it is used, nothing has been learnt about a higher limit.
    if (inFlight < this.#limit / 2) return;
    // Of the long run as it was before the decay, as Netflix's does it: the decay is for the next sample.
    this.#move(Math.max(MIN_GRADIENT, Math.min(1, (this.#options.tolerance * longRttMs) / shortRttMs)));
  }

  #addToLongRun(shortRttMs: number): number {
    const weight = this.#samples < WARMUP_SAMPLES ? 1 / ++this.#samples : 2 / (this.#options.longWindow + 1);
    this.#longRttMs += (shortRttMs - this.#longRttMs) * weight;
    return this.#longRttMs;
  }

  #move(gradient: number): void {
    const { minLimit, maxLimit, queueSize, smoothing } = this.#options;
    const estimate = this.#limit * gradient + queueSize;
    const smoothed = this.#limit * (1 - smoothing) + estimate * smoothing;
    this.#limit = Math.min(maxLimit, Math.max(minLimit, smoothed));
  }
}
