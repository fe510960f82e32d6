/**
 * How an upstream is chosen. A selector sees only upstreams that may take a request now, never the others: shares and
 * weights hold over the available set, so a dead host's traffic does not fall on its neighbour alone.
 */
import type { Outcome } from '../../policies/outcome.js';
import type { Upstream } from '../upstream-pool.js';

/** What is known of the request that needs an upstream. */
export interface Choice {
  readonly nowMs: number;
  /** What requests that belong together have in common; consistent hashing keeps them on one upstream. */
  readonly key: string;
}

/** How an attempt ended, for selectors that learn. */
export interface Observation {
  readonly nowMs: number;
  /** From being sent to the response's headers, or to the failure. */
  readonly latencyMs: number;
  readonly outcome: Outcome;
}

export interface Selector {
  /** @param available at least one. */
  select(available: readonly Upstream[], choice: Choice): Upstream;
  /** Called once for each attempt that was sent. */
  observe?(upstream: Upstream, observation: Observation): void;
}
