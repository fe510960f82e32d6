/** A quantile of the requests in flight that the last probes reported: what is hot for Prequal follows the load. */

/** Probes that count: some tens of requests' worth, so that it is steady, and follows a change within a second. */
export const PROBES_COUNTED = 128;

/** More in flight than this counts as this many: hot by any measure. */
export const MAX_IN_FLIGHT = 1_023;

export class InFlightQuantile {
  /** The last reports, the oldest overwritten first. */
  readonly #reports = new Uint16Array(PROBES_COUNTED);
  /** How many of them are of each value. */
  readonly #counts = new Uint16Array(MAX_IN_FLIGHT + 1);
  #added = 0;

  add(inFlight: number): void {
    const value = Math.max(0, Math.min(MAX_IN_FLIGHT, Math.round(inFlight)));
    const slot = this.#added % PROBES_COUNTED;
    if (this.#added >= PROBES_COUNTED) this.#counts[this.#reports[slot]!]!--;
    this.#reports[slot] = value;
    this.#counts[value]!++;
    this.#added++;
  }

  /** @returns the least value that so large a part of the reports does not exceed; Infinity before the first. */
  at(ratio: number): number {
    const size = Math.min(this.#added, PROBES_COUNTED);
    if (size === 0) return Number.POSITIVE_INFINITY;
    const rank = Math.max(1, Math.ceil(ratio * size));
    let passed = 0;
    for (let value = 0; value < MAX_IN_FLIGHT; value++) {
      passed += this.#counts[value]!;
      if (passed >= rank) return value;
    }
    return MAX_IN_FLIGHT;
  }
}
