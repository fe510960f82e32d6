/**
 * TCP Vegas for requests: Netflix's concurrency-limits, `VegasLimit`. The shortest time seen is taken for the time
 * without a queue; from it and the time of a request follows how many are queueing in the upstream,
 *
 *     queue = ceil(limit · (1 − rttNoLoad / rtt))
 *
 * and the limit moves until that is between alpha and beta: 3 to 6 requests, for limits below a hundred.
 *
 * The time without load is measured anew from time to time, by believing the next sample. Under an overload that lasts
 * that sample has queued too, so the limit climbs, to several times what the upstream does at once, until a shorter time
 * is seen.
 */
import type { Random } from '../../core/random.js';
import type { LimitAlgorithm, LimitSample } from './limit-algorithm.js';
import { MIN_RTT_MS } from './round-trip.js';

export interface VegasOptions {
  readonly initialLimit: number;
  /** At least 1. */
  readonly minLimit: number;
  readonly maxLimit: number;
  /** The time without load is measured anew after so many samples times the limit, or after down to half as many. */
  readonly probeMultiplier: number;
}

/** Netflix's; their Vegas, unlike their other limits, goes down to 1. */
export const VEGAS_DEFAULTS: VegasOptions = {
  initialLimit: 20,
  minLimit: 1,
  maxLimit: 1000,
  probeMultiplier: 30,
};

/** Requests queueing in the upstream, in steps (see `stepOf`): fewer than alpha are too few, more than beta too many. */
const ALPHA_STEPS = 3;
const BETA_STEPS = 6;

/** By how much the limit moves: the number of its digits less one, and at least 1. */
const stepOf = (limit: number): number => Math.max(1, Math.floor(Math.log10(Math.floor(limit))));

export class VegasLimit implements LimitAlgorithm {
  readonly #options: VegasOptions;
  readonly #random: Random;
  #limit: number;
  /** Infinity: not known yet. */
  #rttNoLoadMs = Infinity;
  #samples = 0;
  #probeJitter: number;

  constructor(options: VegasOptions, random: Random) {
    this.#options = options;
    this.#random = random;
    this.#limit = options.initialLimit;
    this.#probeJitter = this.#drawJitter();
  }

  limitAt(): number {
    return this.#limit;
  }

  onSample({ rttMs, inFlight, dropped }: LimitSample): void {
    // What failed may have failed at once: its time would make every good answer look slow.
    const shownMs = Math.max(MIN_RTT_MS, rttMs);
    if (dropped) this.#move(-stepOf(this.#limit));
    else if (this.#isNoLoad(shownMs)) this.#rttNoLoadMs = shownMs;
    // Where less than half of it is used, nothing has been learnt about a higher limit.
    else if (inFlight * 2 >= this.#limit) this.#move(this.#stepFor(shownMs));
  }

  #isNoLoad(rttMs: number): boolean {
    const { probeMultiplier } = this.#options;
    if (++this.#samples >= this.#probeJitter * probeMultiplier * this.#limit) {
      this.#samples = 0;
      this.#probeJitter = this.#drawJitter();
      return true;
    }
    return rttMs < this.#rttNoLoadMs;
  }

  /** What the queue says that the limit should do. */
  #stepFor(rttMs: number): number {
    const step = stepOf(this.#limit);
    const queue = Math.ceil(this.#limit * (1 - this.#rttNoLoadMs / rttMs));
    if (queue <= step) return BETA_STEPS * step;
    if (queue < ALPHA_STEPS * step) return step;
    return queue > BETA_STEPS * step ? -step : 0;
  }

  #move(step: number): void {
    const { minLimit, maxLimit } = this.#options;
    this.#limit = Math.min(maxLimit, Math.max(minLimit, this.#limit + step));
  }

  /** Uniform in [0.5, 1), so that many gateways do not probe together. */
  #drawJitter(): number {
    return 0.5 + this.#random.next() / 2;
  }
}
