/**
 * How many requests may be in flight at once, found from how requests fare. An algorithm decides and knows neither time
 * nor timers: each request that ends is a sample, and the limit is read when a request asks for a slot.
 */

/** One request that held a slot. */
export interface LimitSample {
  readonly nowMs: number;
  /** From getting the slot to the response's headers. */
  readonly rttMs: number;
  /** Requests in flight when it got its slot, itself included. */
  readonly inFlight: number;
  /** It was refused, timed out or failed: what it took says nothing, that it failed does. */
  readonly dropped: boolean;
}

export interface LimitAlgorithm {
  /** Requests in flight at once, now; at least 1, a whole number. */
  limitAt(nowMs: number): number;
  /** A request whose client left is no sample. */
  onSample(sample: LimitSample): void;
}
