/** Where the requests of a state go: its routes in the order in which they are tried, each with who serves it. */
import { DEFAULT_ROUTE, type RouteConfig } from '../../gateway/config/routing.js';
import type { ProxyState, ProxyUpstream } from './target.js';

/** A share of the whole, in a whole number from 1. */
export interface Share {
  readonly upstream: ProxyUpstream;
  readonly weight: number;
}

export interface Destination {
  readonly route: RouteConfig;
  /** In the section; `null`: it has no routes. */
  readonly index: number | null;
  /** By priority, the first used first; nobody is in none of them. Empty: the route leads to nobody. */
  readonly levels: readonly (readonly Share[])[];
}

/** Of those who serve a route: when all that take requests have weight 0, they share evenly, with 1 each. */
export const withShares = (upstreams: readonly ProxyUpstream[]): readonly ProxyUpstream[] => {
  if (upstreams.some(({ drained, weight }) => !drained && weight > 0)) return upstreams;
  return upstreams.map((upstream) => (upstream.drained ? upstream : { ...upstream, weight: 1 }));
};

/** Of those that take requests. */
const sharesOf = (upstreams: readonly ProxyUpstream[]): Share[] =>
  withShares(upstreams)
    .filter(({ drained, weight }) => !drained && weight > 0)
    .map((upstream) => ({ upstream, weight: upstream.weight }));

const levelsOf = (upstreams: readonly ProxyUpstream[]): Share[][] => {
  const shares = sharesOf(upstreams);
  const priorities = [...new Set(shares.map(({ upstream }) => upstream.priority))].sort((a, b) => a - b);
  return priorities.map((priority) => shares.filter(({ upstream }) => upstream.priority === priority));
};

/** Longest path first; of several with the same path, in the section's order. */
export const destinationsOf = ({ config, upstreams }: ProxyState): Destination[] => {
  const { routes, pools } = config;
  const places: Destination[] = (routes ?? [DEFAULT_ROUTE]).map((route, index) => {
    const members = route.pool === null ? null : Object.hasOwn(pools, route.pool) ? pools[route.pool] : [];
    const serving = upstreams.filter(({ id }) => members?.includes(id) ?? true);
    return { route, index: routes === null ? null : index, levels: levelsOf(serving) };
  });
  return places.sort((left, right) => right.route.path.length - left.route.path.length);
};

/** Weights without a common divisor, with a sum of `most` at most: there, small ones are rounded. */
export const reduceWeights = (weights: readonly number[], most: number): number[] => {
  const divisor = weights.reduce(
    (left, right) => (left === 0 ? right : greatestCommonDivisor(left, right)),
    0,
  );
  if (divisor === 0) return weights.map(() => 1);
  const least = weights.map((weight) => weight / divisor);
  const sum = least.reduce((total, weight) => total + weight, 0);
  return sum <= most ? least : least.map((weight) => Math.max(1, Math.round((weight * most) / sum)));
};

const greatestCommonDivisor = (left: number, right: number): number =>
  right === 0 ? left : greatestCommonDivisor(right, left % right);
