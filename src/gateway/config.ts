/**
 * The gateway's configuration: the `gateway:` section as it is written, and the same with its defaults filled in.
 */
import {
  Count,
  Duration,
  OneOf,
  Optional,
  Percent,
  Rate,
  Section,
  type Static,
  Type,
} from '../core/schema.js';
import { parseDurationMsOr, parseRateRps, parseRatio } from '../core/units.js';
import type { BreakerOptions } from '../policies/breaker.js';
import type { ConcurrencyOptions } from '../policies/concurrency.js';
import type { RetryOptions } from '../policies/retry.js';
import type { RetryBudgetOptions } from '../policies/retry-budget.js';
import type { TokenBucketOptions } from '../policies/token-bucket.js';
import { BALANCERS, type BalancerName } from './balance/balancers.js';
import { STATUS_DIALECTS, type StatusDialect } from './dialect.js';

export const HealthCheckSchema = Section(
  {
    path: Optional(Type.String({ pattern: '^/', description: 'Path asked for; default /healthz.' })),
    interval: Optional(Duration('From one check to the next; default 2s.')),
    timeout: Optional(Duration('How long a check may take; default 1s.')),
    rise: Optional(Count(1, 'Good checks in a row that make an upstream healthy again; default 2.')),
    fall: Optional(Count(1, 'Bad checks in a row that make an upstream unhealthy; default 3.')),
  },
  'Active HTTP health checks.',
);

const ConcurrencySchema = Section(
  {
    limit: Count(1, 'Requests in flight at once to one upstream.'),
    queue: Optional(Count(0, 'Requests that may wait for a slot; default 0.')),
    maxWait: Optional(Duration('How long one may wait; default 1s.')),
  },
  'Concurrency limit per upstream. More is refused with 503.',
);

const BreakerSchema = Section(
  {
    errorThreshold: Optional(Percent('The circuit opens above this share of failures; default 50%.')),
    minRequests: Optional(Count(1, 'With fewer outcomes in the window it stays closed; default 20.')),
    window: Optional(Duration('Outcomes older than this do not count; default 10s.')),
    openFor: Optional(Duration('How long it stays open before one trial; default 30s.')),
  },
  'Circuit breaker per upstream.',
);

const RetrySchema = Section(
  {
    attempts: Optional(Count(2, 'Attempts in all, the first included; default 2.')),
    backoff: Optional(
      Section(
        {
          base: Optional(
            Duration('Longest wait before the first retry, doubled for each more; default 25ms.'),
          ),
          max: Optional(Duration('No wait is longer; default 250ms.')),
        },
        'The wait is drawn between 0 and its longest.',
      ),
    ),
    budget: Optional(
      Section(
        {
          ratio: Optional(Percent('Retries under way, of the requests under way; default 20%.')),
          minConcurrent: Optional(Count(0, 'So many retries under way are always fine; default 3.')),
        },
        'What bounds retries when everything fails.',
      ),
    ),
  },
  'Retries by the gateway, of idempotent requests, on another upstream where there is one.',
);

const RateLimitSchema = Section(
  {
    rate: Rate('Requests a second of one client address that are always fine.'),
    burst: Optional(Count(1, 'Requests at once after a quiet time; default one second of the rate.')),
    maxClients: Optional(Count(1, 'Clients known at once; default 10000.')),
  },
  'Rate limit per client address. More is refused with 429.',
);

/** More than most machines have processors for, and every limit is divided by it. */
export const MAX_PROCESSES = 64;

export const GatewaySchema = Section(
  {
    processes: Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_PROCESSES,
        description:
          'Processes that share the port and divide the limits; default 1. At most 64: more than there are processors gains nothing.',
      }),
    ),
    balancer: Optional(
      OneOf(Object.keys(BALANCERS) as BalancerName[], 'How an upstream is chosen; default round-robin.'),
    ),
    timeouts: Optional(
      Section(
        {
          connect: Optional(Duration('Until the upstream accepts the connection; default 1s.')),
          attempt: Optional(Duration('Until the response headers of one attempt; default 10s.')),
          request: Optional(Duration('Until the response headers, over all attempts; default 15s.')),
        },
        'Time limits.',
      ),
    ),
    healthCheck: Optional(Type.Union([Type.Literal('off'), HealthCheckSchema])),
    concurrency: Optional(ConcurrencySchema),
    breaker: Optional(BreakerSchema),
    retry: Optional(RetrySchema),
    rateLimit: Optional(RateLimitSchema),
    statusDialect: Optional(OneOf(STATUS_DIALECTS, 'Whose status codes failures get; default standard.')),
    maxConnections: Optional(Count(1, 'Connections to one upstream at once; default 1024.')),
  },
  'The gateway under test.',
);

export type GatewaySection = Static<typeof GatewaySchema>;

export interface HealthCheckConfig {
  readonly path: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly rise: number;
  readonly fall: number;
}

export interface GatewayConfig {
  /** Above 1, limits are totals that are divided among so many (`shares.ts`). */
  readonly processes: number;
  readonly balancer: BalancerName;
  readonly connectTimeoutMs: number;
  readonly attemptTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** `null`: every upstream counts as healthy for ever. */
  readonly healthCheck: HealthCheckConfig | null;
  /** One more than this many at once is refused with BGW_ERR_CONNECTION_LIMIT: nothing waits unseen in a pool. */
  readonly maxConnections: number;
  /** `null` in these: the policy is not there. */
  readonly concurrency: ConcurrencyOptions | null;
  readonly breaker: BreakerOptions | null;
  readonly retry: (RetryOptions & { readonly budget: RetryBudgetOptions }) | null;
  readonly rateLimit: TokenBucketOptions | null;
  readonly statusDialect: StatusDialect;
}

/**
 * Fills in the defaults. Health checks are HAProxy's (`inter 2s`, `rise 2`, `fall 3`), the request timeout and the
 * connection limit Envoy's (route timeout 15 s, `max_connections` 1024). An attempt may take less than the whole, so
 * that another attempt fits; a connection on one network takes a second only when it never will be accepted.
 */
export const resolveGatewayConfig = (section: GatewaySection = {}): GatewayConfig => {
  const health = section.healthCheck ?? {};
  return {
    processes: section.processes ?? 1,
    balancer: section.balancer ?? 'round-robin',
    connectTimeoutMs: parseDurationMsOr(section.timeouts?.connect, 1_000),
    attemptTimeoutMs: parseDurationMsOr(section.timeouts?.attempt, 10_000),
    requestTimeoutMs: parseDurationMsOr(section.timeouts?.request, 15_000),
    healthCheck:
      health === 'off'
        ? null
        : {
            path: health.path ?? '/healthz',
            intervalMs: parseDurationMsOr(health.interval, 2_000),
            timeoutMs: parseDurationMsOr(health.timeout, 1_000),
            rise: health.rise ?? 2,
            fall: health.fall ?? 3,
          },
    maxConnections: section.maxConnections ?? 1024,
    concurrency: section.concurrency === undefined ? null : resolveConcurrency(section.concurrency),
    breaker: section.breaker === undefined ? null : resolveBreaker(section.breaker),
    retry: section.retry === undefined ? null : resolveRetry(section.retry),
    rateLimit: section.rateLimit === undefined ? null : resolveRateLimit(section.rateLimit),
    statusDialect: section.statusDialect ?? 'standard',
  };
};

/** No queue by default: where a worker queues without bound, a second queue in front of it only hides the first. */
const resolveConcurrency = (section: Static<typeof ConcurrencySchema>): ConcurrencyOptions => ({
  limit: section.limit,
  queue: section.queue ?? 0,
  maxWaitMs: parseDurationMsOr(section.maxWait, 1_000),
});

/** opossum's defaults, but for the volume threshold: its 0 lets the first failure of all open the circuit. */
const resolveBreaker = (section: Static<typeof BreakerSchema>): BreakerOptions => ({
  errorRatio: parseRatio(section.errorThreshold ?? '50%'),
  minRequests: section.minRequests ?? 20,
  windowMs: parseDurationMsOr(section.window, 10_000),
  openMs: parseDurationMsOr(section.openFor, 30_000),
});

/** Envoy's defaults: one retry, 25 ms base and ten times that at most, a budget of 20 % and at least 3. */
const resolveRetry = (section: Static<typeof RetrySchema>): NonNullable<GatewayConfig['retry']> => ({
  attempts: section.attempts ?? 2,
  baseMs: parseDurationMsOr(section.backoff?.base, 25),
  maxMs: parseDurationMsOr(section.backoff?.max, 250),
  budget: {
    ratio: parseRatio(section.budget?.ratio ?? '20%'),
    minConcurrent: section.budget?.minConcurrent ?? 3,
  },
});

/** Ten thousand clients take about two megabytes; the one quiet longest makes way for another. */
const resolveRateLimit = (section: Static<typeof RateLimitSchema>): TokenBucketOptions => {
  const rateRps = parseRateRps(section.rate);
  return {
    rateRps,
    burst: section.burst ?? Math.max(1, Math.ceil(rateRps)),
    maxClients: section.maxClients ?? 10_000,
  };
};
