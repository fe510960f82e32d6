/**
 * What a worker tells to a probe of its load: how long requests took lately that came when it was about as busy as it is
 * now. That is what a request would take; how long the probe takes says nothing (Wydrowski and others, "Load is not what
 * you should balance: introducing Prequal", NSDI 2024).
 */

/** Latest latencies kept; the oldest makes way. A few seconds' worth, so that it follows what the worker does. */
const SAMPLES = 256;

/** Samples of about the same load that are enough for a median. */
const ENOUGH = 8;

/** Columns, and no object for each: of a thousand workers these would be most of what the collector goes through. */
export class LatencyByLoad {
  readonly #inFlight = new Uint32Array(SAMPLES);
  readonly #latencyMs = new Float64Array(SAMPLES);
  #count = 0;
  #next = 0;
  /** The last answer, while nothing has been added to it: probes ask many times for each request. */
  #median: { readonly inFlight: number; readonly latencyMs: number } | null = null;

  add(inFlight: number, latencyMs: number): void {
    this.#inFlight[this.#next] = inFlight;
    this.#latencyMs[this.#next] = latencyMs;
    this.#next = (this.#next + 1) % SAMPLES;
    this.#count = Math.min(this.#count + 1, SAMPLES);
    this.#median = null;
  }

  /** @returns the median of the samples nearest to that load; 0 before the first. */
  medianNear(inFlight: number): number {
    if (this.#median?.inFlight !== inFlight) {
      this.#median = { inFlight, latencyMs: this.#findMedianNear(inFlight) };
    }
    return this.#median.latencyMs;
  }

  #findMedianNear(inFlight: number): number {
    if (this.#count === 0) return 0;
    const distances = this.#inFlight.subarray(0, this.#count).map((other) => Math.abs(other - inFlight));
    // All that are as near as the last of the nearest few.
    const reach = distances.toSorted()[Math.min(ENOUGH, this.#count) - 1]!;
    const near = this.#latencyMs.filter((_latencyMs, index) => distances[index]! <= reach);
    return near.sort()[Math.floor(near.length / 2)]!;
  }
}
