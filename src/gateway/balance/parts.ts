/** What a balancer is made from: its stream of random numbers, its view of the weights, its options. */
import type { Random } from '../../core/random.js';
import type { Upstream } from '../upstream-pool.js';

/**
 * The weight of an upstream at a moment, at least 0; slow start is applied here, outside the balancers. Only its share of
 * the sum over the available counts. An upstream of weight 0 gets nothing while another has more; where all have 0, they
 * are equals.
 */
export type WeightOf = (upstream: Upstream, nowMs: number) => number;

export interface BalancerParts<Options extends object = object> {
  readonly random: Random;
  /** Default: the upstream's own weight. */
  readonly weightOf?: WeightOf;
  /** What is left out, or undefined, has the balancer's default. */
  readonly options?: Partial<Options>;
}

export const ownWeight: WeightOf = (upstream) => upstream.weight;

export const totalWeight = (available: readonly Upstream[], weightOf: WeightOf, nowMs: number): number => {
  let total = 0;
  for (const upstream of available) total += weightOf(upstream, nowMs);
  return total;
};

export const withDefaults = <Options extends object>(
  defaults: Options,
  options: Partial<Options> | undefined,
): Options => {
  const given = Object.entries(options ?? {}).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(given) };
};
