/**
 * The architecture of the gateway, in the order a request goes through it.
 *
 * A route stack runs once per request; the balancer joins it to one endpoint stack per upstream, which runs once per
 * attempt. To see what the gateway does with a request, read `routeStack` and `endpointStack` from top to bottom; a
 * policy that the config does not name is not there.
 */
import type { Clock } from '../core/clock.js';
import type { Emit } from '../core/events.js';
import type { Random } from '../core/random.js';
import { Breaker, type CircuitState } from '../policies/breaker.js';
import { ConcurrencyLimit } from '../policies/concurrency.js';
import { bufferSmallBodies, retry } from '../policies/retry.js';
import { RetryBudget } from '../policies/retry-budget.js';
import { type Layer, type Service, stack } from '../policies/service.js';
import { attemptTimeout, deadline } from '../policies/timeout.js';
import { countInFlight, reportFailures } from './attempts.js';
import { balance } from './balance/balance.js';
import { BALANCERS } from './balance/balancers.js';
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
  const { config, pool, clock, random, emit } = parts;

  const routeStack: Layer[] = [
    // Outermost, so that the client's time bounds everything below together, waits and retries included.
    deadline(config.requestTimeoutMs, clock),
    // Above the balancer, so that another attempt can go to another upstream.
    ...(config.retry === null ? [] : [bufferSmallBodies, retryLayer(parts)]),
  ];

  const endpointStack = (upstream: Upstream): Layer[] => [
    // Outermost, so that refusals by the policies below are told like failures of the upstream.
    reportFailures(upstream, clock, emit),
    // Outside the breaker: time in the queue is not the upstream's failure, and a circuit that opens empties the queue.
    ...(upstream.limit === null ? [] : [upstream.limit.layer]),
    // Outside the timeout: being late is a failure of this upstream.
    ...(upstream.breaker === null ? [] : [upstream.breaker.layer]),
    // What is counted in flight was sent: neither queued nor refused.
    countInFlight(upstream),
    // Innermost, so that it times the upstream alone.
    attemptTimeout(config.attemptTimeoutMs, clock),
  ];

  const endpoints = new Map(
    pool.upstreams.map((upstream) => {
      equip(upstream, parts);
      return [upstream, stack(...endpointStack(upstream))(parts.transport(upstream))];
    }),
  );
  const selector = BALANCERS[config.balancer](random.fork('selector'));
  return stack(...routeStack)(balance(pool, selector, endpoints, clock));
};

const CIRCUIT_EVENTS = {
  closed: 'circuit.closed',
  open: 'circuit.opened',
  'half-open': 'circuit.half-opened',
} as const satisfies Record<CircuitState, string>;

/** Gives an upstream the policies that it has for itself. */
const equip = (upstream: Upstream, { config, clock, emit }: PipelineParts): void => {
  if (config.concurrency !== null) upstream.limit = new ConcurrencyLimit(config.concurrency, clock);
  if (config.breaker !== null) {
    upstream.breaker = new Breaker(upstream.id, config.breaker, (state) => {
      emit(CIRCUIT_EVENTS[state], { upstream: upstream.id });
    });
  }
};

const retryLayer = ({ config, clock, random, emit }: PipelineParts): Layer => {
  const options = config.retry!;
  return retry({
    options,
    budget: new RetryBudget(options.budget),
    clock,
    random: random.fork('retry'),
    onRetry: (call, cause) => {
      emit('attempt.retried', { rayId: call.rayId, attempt: call.attempts + 1, cause });
    },
    onBudgetSpent: (call, cause) => emit('retry.refused', { rayId: call.rayId, cause }),
  });
};
