/** Every balancer by the name a config uses. To add one: a file beside this one and a line here. */
import { leastRequests } from './least-requests.js';
import { type MaglevOptions, maglev } from './maglev.js';
import { p2c } from './p2c.js';
import type { BalancerParts } from './parts.js';
import { type PeakEwmaOptions, peakEwma } from './peak-ewma.js';
import { type PrequalOptions, prequal } from './prequal.js';
import { weightedRandom } from './random.js';
import { type RingHashOptions, ringHash } from './ring-hash.js';
import { roundRobin } from './round-robin.js';
import type { Selector } from './selector.js';
import { weightedRoundRobin } from './weighted-round-robin.js';

/** What any of them understands; each takes its own and leaves the others. */
export type BalancerOptions = PeakEwmaOptions & RingHashOptions & MaglevOptions & PrequalOptions;

export const BALANCERS = {
  random: weightedRandom,
  'round-robin': roundRobin,
  'weighted-round-robin': weightedRoundRobin,
  'least-requests': leastRequests,
  p2c,
  'peak-ewma': peakEwma,
  'ring-hash': ringHash,
  maglev,
  prequal,
} as const satisfies Record<string, (parts: BalancerParts<BalancerOptions>) => Selector>;

export type BalancerName = keyof typeof BALANCERS;

/** Those whose choice weights do not bend. */
const WEIGHTLESS: ReadonlySet<BalancerName> = new Set<BalancerName>([
  'round-robin',
  'p2c',
  'peak-ewma',
  'prequal',
]);

/** Whether a weight does something: 1 is what everybody has, and 0 keeps requests away under every balancer. */
export const takesWeight = (balancer: BalancerName, weight: number): boolean =>
  weight === 0 || weight === 1 || takesWeights(balancer);

export const takesWeights = (balancer: BalancerName): boolean => !WEIGHTLESS.has(balancer);

/** What to say of a weight, or of slow start, that does nothing. */
export const weightProblem = (balancer: BalancerName): string =>
  `means nothing to the balancer ${balancer}; use weighted-round-robin, or another that takes weights`;
