/**
 * Which backends there are. HAProxy keeps times, retries and limits with a backend, so routes that differ in one of these
 * need backends of their own, though they lead to the same servers.
 */
import { DEFAULT_ROUTE, type RouteConfig } from '../../../gateway/config/routing.js';
import type { GatewayConfig } from '../../../gateway/config.js';
import type { Criticality } from '../../../policies/criticality.js';
import { withShares } from '../destinations.js';
import type { ProxyState, ProxyUpstream } from '../target.js';
import { isPrintable, nameFor } from './words.js';

export interface Backend {
  readonly name: string;
  readonly upstreams: readonly ProxyUpstream[];
  /** Longest time of a request, all attempts together. */
  readonly requestMs: number;
  readonly retry: boolean;
  readonly cache: boolean;
  /** `null`: no limit of the route's own. */
  readonly concurrencyLimit: number | null;
  /** Of requests that do not say theirs. `null`: as for all requests. */
  readonly criticality: Criticality | null;
}

export interface Layout {
  readonly backends: readonly Backend[];
  /** In the order in which they are asked, each with its backend; without those that no request ever comes to. */
  readonly routes: readonly (readonly [route: RouteConfig, backend: Backend])[];
}

/** Names of other sections, which a backend must not have. */
const RESERVED = ['clients', 'answers', 'names'];

export const LIMITS_PREFIX = 'limit-';

/** Everybody, or the members of a pool whom there are, in the order of the upstreams. */
const membersOf = (pool: string | null, { config, upstreams }: ProxyState): readonly ProxyUpstream[] => {
  if (pool === null) return withShares(upstreams);
  const members = new Set(Object.hasOwn(config.pools, pool) ? config.pools[pool] : []);
  return withShares(upstreams.filter(({ id }) => members.has(id)));
};

/** What two routes have to share to share a backend. A limit counts the requests of its route alone. */
const keyOf = (route: RouteConfig, index: number, config: GatewayConfig): string =>
  JSON.stringify([
    route.pool,
    route.timeoutMs ?? config.requestTimeoutMs,
    config.retry !== null && route.retry,
    config.cache !== null && route.cache,
    config.criticality && route.criticality,
    route.concurrencyLimit === null ? null : index,
  ]);

export const layoutOf = (state: ProxyState): Layout => {
  const { config } = state;
  const sorted = (config.routes ?? [DEFAULT_ROUTE])
    .toSorted((left, right) => right.path.length - left.path.length)
    .filter(({ path }) => isPrintable(path));
  const takesAll = sorted.findIndex(({ path, methods }) => path === '/' && methods === null);
  const asked = takesAll === -1 ? sorted : sorted.slice(0, takesAll + 1);
  const backends = new Map<string, Backend>();
  const taken = new Set(RESERVED);
  const routes = asked.map((route, index) => {
    const key = keyOf(route, index, config);
    const known = backends.get(key);
    if (known !== undefined) return [route, known] as const;
    const wanted = route.pool ?? 'all';
    const backend: Backend = {
      name: nameFor(wanted.startsWith(LIMITS_PREFIX) ? `to-${wanted}` : wanted, taken),
      upstreams: membersOf(route.pool, state),
      requestMs: route.timeoutMs ?? config.requestTimeoutMs,
      retry: config.retry !== null && route.retry,
      cache: config.cache !== null && route.cache,
      concurrencyLimit: route.concurrencyLimit,
      criticality: config.criticality && route.criticality,
    };
    taken.add(backend.name);
    backends.set(key, backend);
    return [route, backend] as const;
  });
  return { backends: [...backends.values()], routes };
};

/** What a server gets now: one that is drained keeps what it has and gets nothing new, as with a weight of 0. */
export const weightOf = ({ weight, drained }: ProxyUpstream): number => (drained ? 0 : Math.min(256, weight));
