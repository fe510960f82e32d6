/**
 * The architecture of the gateway, in the order a request goes through it.
 *
 * A route stack runs once per request; the balancer joins it to one endpoint stack per upstream, which runs once per
 * attempt. To see what the gateway does with a request, read `routeStack` and `endpointStack` from top to bottom; a
 * policy that the config does not name is not there.
 */

import { admission } from '../policies/admission.js';
import { hedge } from '../policies/hedge.js';
import { watchOutliers } from '../policies/outlier.js';
import { bufferSmallBodies } from '../policies/replay.js';
import { retry } from '../policies/retry.js';
import { type Layer, type Service, stack } from '../policies/service.js';
import { attemptTimeout, deadline, tellDeadline } from '../policies/timeout.js';
import { countInFlight, reportFailures, tellSelector } from './attempts.js';
import { balance } from './balance/balance.js';
import type { RouteConfig } from './config/routing.js';
import type { Endpoint } from './endpoint.js';
import type { Parts } from './parts.js';

/** What a request of a route goes through, down to the choice of an upstream. */
export const routeService = (route: RouteConfig, parts: Parts): Service => {
  const { config, clock } = parts;
  const retries = route.retry ? config.retry : null;
  const routeStack: Layer[] = [
    // Here because the route is known from here on; it only notes it.
    ...when(parts.tracing, (tracing) => tracing.route(route.name)),
    // Outermost, so that the client's time bounds everything below together, waits and retries included.
    deadline(route.timeoutMs ?? config.requestTimeoutMs, clock, config.deadlineHeader),
    // Above all limits, because what comes from the cache costs the upstreams nothing.
    ...when(route.cache ? parts.cache : null, (cache) => cache.layer),
    // Above the queues, so that what is refused never waited.
    ...when(parts.admission, admission),
    // The gateway's own capacity before the route's, so that one route cannot fill the other's queue.
    ...when(parts.globalLimit, (limit) => limit.layer),
    ...when(parts.routeLimit(route), (limit) => limit.layer),
    // Above the balancer, so that another attempt can go to another upstream.
    ...when(retries, ({ replay }) => bufferSmallBodies(replay)),
    ...when(retries && parts.retry, retry),
    // Inside the retries and right above the balancer: it has to see which attempt a call became.
    ...when(parts.hedge(route), hedge),
  ];
  return stack(...routeStack)(balance(parts.balancing(route)));
};

/** What one attempt at one upstream goes through. */
export const endpointService = (endpoint: Endpoint, parts: Parts): Service => {
  const { config, clock, emit } = parts;
  const { upstream, limit, breaker } = endpoint;
  const { id, host, port } = upstream;
  const scheme = config.upstreamTls === null ? 'http' : 'https';
  const endpointStack: Layer[] = [
    // Outermost, so that an attempt's span has its waits, and the refusals by the policies below.
    ...when(parts.tracing, (tracing) => tracing.attempt({ id, host, port, scheme })),
    // Outside all policies, so that their refusals are told like failures of the upstream.
    reportFailures(upstream, clock, emit),
    // Outside the breaker: time in the queue is not the upstream's failure, and a circuit that opens empties the queue.
    ...when(limit, ({ layer }) => layer),
    // Outside the timeout: being late is a failure of this upstream.
    ...when(breaker, ({ layer }) => layer),
    // Below the breaker, whose refusals say nothing about how the upstream does; beside it for the same reason.
    ...when(parts.outliers, (outliers) => watchOutliers({ ...outliers, id: upstream.id })),
    // Where an attempt is sent: what came before was waiting.
    ...when(parts.tracing, (tracing) => tracing.sent),
    // What is counted in flight was sent: neither queued nor refused.
    countInFlight(upstream),
    ...when(parts.selectorThatLearns, (selector) => tellSelector(selector, upstream, clock)),
    // Innermost, so that it times the upstream alone.
    attemptTimeout(config.attemptTimeoutMs, clock),
    // The very last, because the time that is left gets shorter with every wait above.
    ...when(config.deadlineHeader, (header) => tellDeadline(header, clock)),
  ];
  return stack(...endpointStack)(parts.transport(upstream));
};

/** The layers of a policy that the config names. */
const when = <Part>(part: Part | null, layer: (part: Part) => Layer): Layer[] =>
  part === null ? [] : [layer(part)];
