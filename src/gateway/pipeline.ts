/**
 * The architecture of the gateway, in the order a request goes through it.
 *
 * A route stack runs once per request; the balancer joins it to one endpoint stack per upstream, which runs once per
 * attempt. To see what the gateway does with a request, read `buildPipeline` from top to bottom.
 */
import type { Clock } from '../core/clock.js';
import { causeOf, GatewayError } from '../core/errors.js';
import type { Emit } from '../core/events.js';
import type { Random } from '../core/random.js';
import { outcomeOfError, outcomeOfStatus } from '../policies/outcome.js';
import { type Layer, type Service, stack } from '../policies/service.js';
import { attemptTimeout, deadline } from '../policies/timeout.js';
import { BALANCERS, type Selector } from './balance/selector.js';
import type { GatewayConfig } from './config.js';
import type { Upstream, UpstreamPool } from './upstream-pool.js';

export interface PipelineParts {
  readonly config: GatewayConfig;
  readonly pool: UpstreamPool;
  /** The leaf: sends one attempt to that upstream. Sockets here, models in virtual time. */
  readonly transport: (upstream: Upstream) => Service;
  readonly clock: Clock;
  readonly random: Random;
  readonly emit: Emit;
}

export const buildPipeline = (parts: PipelineParts): Service => {
  const { config, pool, clock, emit } = parts;

  const endpointStack = (upstream: Upstream): Service =>
    stack(
      // Outermost, so that an attempt is in flight from being chosen until its body ends, and every ending is seen.
      trackAttempt(upstream, clock, emit),
      // Inside, so that being late counts as this upstream's failure.
      attemptTimeout(config.attemptTimeoutMs, clock),
    )(parts.transport(upstream));

  const endpoints = new Map(pool.upstreams.map((upstream) => [upstream, endpointStack(upstream)]));

  const routeStack = stack(
    // Outermost, so that the client's time bounds everything below together.
    deadline(config.requestTimeoutMs, clock),
  );

  return routeStack(balance(pool, BALANCERS[config.balancer](parts.random), endpoints, clock));
};

/** Joins the stacks: picks an upstream among those available and sends one attempt down its endpoint stack. */
const balance =
  (
    pool: UpstreamPool,
    selector: Selector,
    endpoints: ReadonlyMap<Upstream, Service>,
    clock: Clock,
  ): Service =>
  async (request, call) => {
    const available = pool.available();
    if (available.length === 0) {
      throw new GatewayError('BGW_ERR_NO_UPSTREAM', `none of ${pool.upstreams.length} upstreams is healthy`);
    }
    const upstream = selector.select(available);
    call.upstreamId = upstream.id;
    return endpoints.get(upstream)!(request, call.nextAttempt(clock));
  };

/** Counts an attempt in and out of its upstream, and reports the ones that failed. */
const trackAttempt =
  (upstream: Upstream, clock: Clock, emit: Emit): Layer =>
  (next) =>
  async (request, call) => {
    const permit = upstream.begin();
    const reportFailure = (error: unknown): void => {
      const cause = error instanceof GatewayError ? causeOf(error.code) : 'internal';
      emit('attempt.failed', {
        rayId: call.rayId,
        upstream: upstream.id,
        cause,
        afterMs: clock.nowMs() - call.startedMs,
      });
    };
    try {
      const response = await next(request, call);
      response.onEnd((end) => {
        if (end !== null) reportFailure(end);
        permit.end(end === null ? outcomeOfStatus(response.statusCode) : outcomeOfError(end));
      });
      return response;
    } catch (error) {
      reportFailure(error);
      permit.end(outcomeOfError(error));
      throw error;
    }
  };
