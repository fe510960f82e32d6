/** Every balancer by the name a config uses. To add one: a file beside this one and a line here. */
import type { Random } from '../../core/random.js';
import { leastRequests } from './least-requests.js';
import { p2c } from './p2c.js';
import { roundRobin } from './round-robin.js';
import type { Selector } from './selector.js';

export const BALANCERS = {
  'round-robin': roundRobin,
  'least-requests': leastRequests,
  p2c,
} as const satisfies Record<string, (random: Random) => Selector>;

export type BalancerName = keyof typeof BALANCERS;
