/**
 * The end of the route stack: picks an upstream and sends one attempt down its endpoint stack.
 *
 * Candidates are narrowed step by step: available (`group.ts`), then those whose circuit admits, then those with room,
 * then those this request has not tried. The first two are conditions, and name what is wrong when nobody is left; the
 * last two are preferences, and give way when nobody fulfils them.
 */
import type { Clock } from '../../core/clock.js';
import { GatewayError } from '../../core/errors.js';
import type { Call, Service } from '../../policies/service.js';
import type { Endpoint } from '../endpoint.js';
import type { Upstream } from '../upstream-pool.js';
import type { Group } from './group.js';
import { isProbing, type ProbeResult, type ProbingSelector } from './prequal.js';
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

export interface BalanceParts {
  readonly group: Group;
  readonly selector: Selector;
  readonly endpoints: ReadonlyMap<Upstream, Endpoint>;
  /** Asks an upstream how busy it is; `null`: no answer that is of use. */
  readonly probe: (upstream: Upstream) => Promise<ProbeResult | null>;
  readonly clock: Clock;
}

export const balance = ({ group, selector, endpoints, probe, clock }: BalanceParts): Service => {
  const admits = (upstream: Upstream): boolean => endpoints.get(upstream)!.admits;
  const hasRoom = (upstream: Upstream): boolean => endpoints.get(upstream)!.hasRoom;

  const policies = [...endpoints.values()];
  // A pool may be large: nobody is asked for a policy that nobody has.
  const canRefuse = policies.some(({ breaker }) => breaker !== null);
  const canBeFull = policies.some(({ limit }) => limit !== null);

  const candidates = (call: Call): readonly Upstream[] => {
    const usable = group.usable();
    const admitting = canRefuse ? narrowed(usable, admits) : usable;
    if (admitting.length === 0) {
      const detail = `the circuits of all ${usable.length} available upstreams are open`;
      throw new GatewayError('BGW_ERR_CIRCUIT_OPEN', detail);
    }
    const roomy = canBeFull ? preferred(admitting, hasRoom) : admitting;
    return call.tried.length === 0 ? roomy : preferred(roomy, ({ id }) => !call.tried.includes(id));
  };

  const sendProbes = (prober: ProbingSelector): void => {
    for (const upstream of prober.probesDue(group.usable(), clock.nowMs())) {
      void probe(upstream).then((result) => {
        if (result !== null) prober.probed(upstream, result, clock.nowMs());
      });
    }
  };

  return (request, call) => {
    let upstream: Upstream;
    try {
      upstream = selector.select(candidates(call), { key: call.key, nowMs: clock.nowMs() });
      if (isProbing(selector)) sendProbes(selector);
    } catch (error) {
      return Promise.reject(error);
    }
    call.tried = call.tried.length === 0 ? [upstream.id] : [...call.tried, upstream.id];
    return endpoints.get(upstream)!.service(request, call.nextAttempt(clock));
  };
};
