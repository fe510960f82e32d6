/**
 * The end of the route stack: picks an upstream and sends one attempt down its endpoint stack.
 *
 * Candidates are narrowed step by step: healthy, then those whose circuit admits, then those with room, then those this
 * request has not tried. The first two are conditions, and name what is wrong when nobody is left; the last two are
 * preferences, and give way when nobody fulfils them.
 */
import type { Clock } from '../../core/clock.js';
import { GatewayError } from '../../core/errors.js';
import type { Call, Service } from '../../policies/service.js';
import type { Upstream, UpstreamPool } from '../upstream-pool.js';
import type { Selector } from './selector.js';

/** The same list when all are wanted, as they mostly are: nothing is copied. */
const narrowed = (
  upstreams: readonly Upstream[],
  wanted: (upstream: Upstream) => boolean,
): readonly Upstream[] => (upstreams.every(wanted) ? upstreams : upstreams.filter(wanted));

const preferred = (
  upstreams: readonly Upstream[],
  wanted: (upstream: Upstream) => boolean,
): readonly Upstream[] => {
  const some = narrowed(upstreams, wanted);
  return some.length === 0 ? upstreams : some;
};

const candidates = (pool: UpstreamPool, call: Call): readonly Upstream[] => {
  const healthy = narrowed(pool.upstreams, (upstream) => upstream.healthy);
  if (healthy.length === 0) {
    throw new GatewayError('BGW_ERR_NO_UPSTREAM', `none of ${pool.upstreams.length} upstreams is healthy`);
  }
  const admitting = narrowed(healthy, (upstream) => upstream.admits);
  if (admitting.length === 0) {
    throw new GatewayError(
      'BGW_ERR_CIRCUIT_OPEN',
      `the circuits of all ${healthy.length} healthy upstreams are open`,
    );
  }
  const roomy = preferred(admitting, (upstream) => upstream.hasRoom);
  return call.tried.length === 0 ? roomy : preferred(roomy, (upstream) => !call.tried.includes(upstream.id));
};

export const balance =
  (
    pool: UpstreamPool,
    selector: Selector,
    endpoints: ReadonlyMap<Upstream, Service>,
    clock: Clock,
  ): Service =>
  (request, call) => {
    let upstream: Upstream;
    try {
      upstream = selector.select(candidates(pool, call));
    } catch (error) {
      return Promise.reject(error);
    }
    call.tried.push(upstream.id);
    return endpoints.get(upstream)!(request, call.nextAttempt(clock));
  };
