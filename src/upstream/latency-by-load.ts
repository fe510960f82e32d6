/**
 * What a worker tells to a probe of its load: how long requests took lately that came when it was about as busy as it is
 * now. That is what a request would take; how long the probe takes says nothing (Wydrowski and others, "Load is not what
 * you should balance: introducing Prequal", NSDI 2024).
 */

/** Latest latencies kept; the oldest makes way. A few seconds' worth, so that it follows what the worker does. */
const SAMPLES = 256;

/** Samples of about the same load that are enough for a median. */
const ENOUGH = 8;

export class LatencyByLoad {
  readonly #samples: { readonly inFlight: number; readonly latencyMs: number }[] = [];
  #next = 0;
  /** The last answer, while nothing has been added to it: probes ask many times for each request. */
  #median: { readonly inFlight: number; readonly latencyMs: number } | null = null;

  add(inFlight: number, latencyMs: number): void {
    this.#samples[this.#next] = { inFlight, latencyMs };
    this.#next = (this.#next + 1) % SAMPLES;
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
    if (this.#samples.length === 0) return 0;
    const distance = (sample: { readonly inFlight: number }): number => Math.abs(sample.inFlight - inFlight);
    const nearest = this.#samples.toSorted((a, b) => distance(a) - distance(b));
    // All that are as near as the last of the nearest few.
    const reach = distance(nearest[Math.min(ENOUGH, nearest.length) - 1]!);
    const near = nearest.filter((sample) => distance(sample) <= reach).map(({ latencyMs }) => latencyMs);
    return near.sort((a, b) => a - b)[Math.floor(near.length / 2)]!;
  }
}
