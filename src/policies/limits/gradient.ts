/**
 * Envoy's adaptive concurrency, the gradient controller (Envoy documentation, "Adaptive Concurrency"). From time to
 * time it measures what a request takes when there is next to no load (the minRTT), by letting only `minConcurrency`
 * in until `requestCount` have been answered. In between, at every update, from the requests since the last one:
 *
 *     gradient = minRTT · (1 + buffer) / sampleRTT, between 0.5 and 2
 *     limit    = limit · gradient + √(limit · gradient)
 *
 * Every minRTT window is a burst of refusals when more than `minConcurrency` are asked for, and lasts as long as
 * `requestCount` answers take at that concurrency. Five updates in a row at the minimum start one too: where so little
 * is still too slow, the minRTT is probably out of date.
 *
 * There is no timer: what is due is done when the limit is next read or a sample comes.
 */
import type { Random } from '../../core/random.js';
import type { LimitAlgorithm, LimitSample } from './limit-algorithm.js';
import { MIN_RTT_MS } from './round-trip.js';

export interface GradientOptions {
  /** Between two updates of the limit. */
  readonly updateMs: number;
  /** From the end of a minRTT window to the next one, without the jitter. */
  readonly minRttIntervalMs: number;
  /** Added to the interval: uniform between 0 and this share of it, so that many gateways do not measure together. */
  readonly jitter: number;
  /** Answers that a minRTT window waits for. */
  readonly requestCount: number;
  /** The limit in a minRTT window, and the lowest there is. At least 1. */
  readonly minConcurrency: number;
  readonly maxLimit: number;
  /** Which of the times is taken for all: 0.5 is the median. */
  readonly percentile: number;
  /** So much above the minRTT is still fine. */
  readonly buffer: number;
}

/** Envoy's; the two intervals have no default there, and are those of its example. */
export const GRADIENT_DEFAULTS: GradientOptions = {
  updateMs: 100,
  minRttIntervalMs: 60_000,
  jitter: 0.15,
  requestCount: 50,
  minConcurrency: 3,
  maxLimit: 1000,
  percentile: 0.5,
  buffer: 0.25,
};

/** A gradient beyond these would be a leap, not a correction. */
const MIN_GRADIENT = 0.5;
const MAX_GRADIENT = 2;

/** So many updates in a row that leave the limit at its minimum start a minRTT window. */
const UPDATES_AT_MINIMUM = 5;

/** Times kept between two updates: enough for any percentile. Of more, the latest are kept. */
export const MAX_SAMPLES = 1024;

export class GradientLimit implements LimitAlgorithm {
  readonly #options: GradientOptions;
  readonly #random: Random;
  #limit: number;
  /** In a minRTT window: what the limit was before, and will be again. */
  #deferred: number | null = null;
  #minRttMs = 0;
  /** Requests that began before the last minRTT window are no samples: they met another load. */
  #epochMs = 0;
  #updateAtMs = 0;
  #minRttAtMs = 0;
  #updatesAtMinimum = 0;
  readonly #rtts = new Float64Array(MAX_SAMPLES);
  #rttCount = 0;

  constructor(options: GradientOptions, random: Random) {
    this.#options = options;
    this.#random = random;
    this.#limit = options.minConcurrency;
    // Nothing is known yet, so it begins by measuring.
    this.#enterWindow(-Infinity);
  }

  /** Whether the limit is held down at its minimum, to measure. */
  get measuring(): boolean {
    return this.#deferred !== null;
  }

  limitAt(nowMs: number): number {
    this.#catchUp(nowMs);
    return this.#limit;
  }

  onSample({ nowMs, rttMs, dropped }: LimitSample): void {
    this.#catchUp(nowMs);
    if (dropped || nowMs - rttMs < this.#epochMs) return;
    this.#rtts[this.#rttCount++ % MAX_SAMPLES] = Math.max(MIN_RTT_MS, rttMs);
    if (this.#deferred !== null && this.#rttCount >= this.#options.requestCount) {
      this.#leaveWindow(this.#deferred, nowMs);
    }
  }

  #catchUp(nowMs: number): void {
    if (this.#deferred !== null) return;
    if (nowMs >= this.#updateAtMs) {
      this.#updateAtMs = nowMs + this.#options.updateMs;
      // Without a sample there is nothing new, and the limit stays.
      if (this.#rttCount > 0) this.#update();
    }
    if (nowMs >= this.#minRttAtMs || this.#updatesAtMinimum >= UPDATES_AT_MINIMUM) this.#enterWindow(nowMs);
  }

  #enterWindow(nowMs: number): void {
    this.#deferred = this.#limit;
    this.#limit = this.#options.minConcurrency;
    this.#updatesAtMinimum = 0;
    this.#rttCount = 0;
    this.#epochMs = nowMs;
  }

  #leaveWindow(limit: number, nowMs: number): void {
    const { minRttIntervalMs, jitter, updateMs } = this.#options;
    this.#minRttMs = this.#takePercentile();
    this.#limit = limit;
    this.#deferred = null;
    this.#updateAtMs = nowMs + updateMs;
    this.#minRttAtMs = nowMs + minRttIntervalMs * (1 + jitter * this.#random.next());
  }

  #update(): void {
    const { buffer, minConcurrency, maxLimit } = this.#options;
    const before = this.#limit;
    const ratio = (this.#minRttMs * (1 + buffer)) / this.#takePercentile();
    const scaled = before * Math.max(MIN_GRADIENT, Math.min(MAX_GRADIENT, ratio));
    const limit = Math.floor(scaled + Math.sqrt(scaled));
    this.#limit = Math.max(minConcurrency, Math.min(maxLimit, limit));
    const stays = before === minConcurrency && this.#limit === minConcurrency;
    this.#updatesAtMinimum = stays ? this.#updatesAtMinimum + 1 : 0;
  }

  /** By nearest rank; forgets the samples. */
  #takePercentile(): number {
    const count = Math.min(this.#rttCount, MAX_SAMPLES);
    this.#rttCount = 0;
    const sorted = this.#rtts.subarray(0, count).sort();
    return sorted[Math.max(0, Math.ceil(this.#options.percentile * count) - 1)]!;
  }
}
