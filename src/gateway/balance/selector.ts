/**
 * How an upstream is chosen. A selector sees only upstreams that may take a request now, never the others: shares and
 * weights hold over the available set, so a dead host's traffic does not fall on its neighbour alone.
 */
import type { Random } from '../../core/random.js';
import type { Upstream } from '../upstream-pool.js';
import { roundRobin } from './round-robin.js';

export interface Selector {
  /** @param available at least one. */
  select(available: readonly Upstream[]): Upstream;
}

/** Every balancer by the name a config uses. To add one: a file beside this one and a line here. */
export const BALANCERS = {
  'round-robin': roundRobin,
} as const satisfies Record<string, (random: Random) => Selector>;

export type BalancerName = keyof typeof BALANCERS;
