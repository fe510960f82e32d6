/**
 * How an upstream is chosen. A selector sees only upstreams that may take a request now, never the others: shares and
 * weights hold over the available set, so a dead host's traffic does not fall on its neighbour alone.
 */
import type { Upstream } from '../upstream-pool.js';

export interface Selector {
  /** @param available at least one. */
  select(available: readonly Upstream[]): Upstream;
}
