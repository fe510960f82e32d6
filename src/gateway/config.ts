/**
 * The gateway's configuration: the `gateway:` section as it is written, and the same with its defaults filled in. Each
 * group of keys has its schema and its defaults in a file under `config/`.
 */
import { Count, Duration, OneOf, Optional, Section, type Static, Type } from '../core/schema.js';
import { parseDurationMsOr } from '../core/units.js';
import type { BreakerOptions } from '../policies/breaker.js';
import { resolveBreaker } from '../policies/breaker-options.js';
import type { CacheOptions } from '../policies/cache/options.js';
import type { OutlierOptions } from '../policies/outlier-options.js';
import type { TokenBucketOptions } from '../policies/token-bucket.js';
import type { PriorityOptions } from './balance/priorities.js';
import type { SlowStartOptions } from './balance/slow-start.js';
import {
  type BalancerConfig,
  BalancerSchema,
  type HashOn,
  HashOnSchema,
  PrioritiesSchema,
  resolveBalancer,
  resolveHashOn,
  resolvePriorities,
  resolveSlowStart,
  SlowStartSchema,
} from './config/balancing.js';
import { CacheSchema, resolveCache } from './config/caching.js';
import {
  type ErrorPageConfig,
  ErrorPageSchema,
  LocationSchema,
  resolveErrorPage,
} from './config/error-page.js';
import {
  BreakerSchema,
  type HealthCheckConfig,
  HealthCheckSchema,
  OutlierSchema,
  resolveHealthCheck,
  resolveOutlier,
} from './config/health.js';
import {
  type AdmissionConfig,
  AdmissionSchema,
  type ConcurrencyConfig,
  ConcurrencySchema,
  type CriticalityConfig,
  CriticalitySchema,
  RateLimitSchema,
  resolveAdmission,
  resolveConcurrency,
  resolveCriticality,
  resolveRateLimit,
} from './config/limits.js';
import { type ListenerConfig, ListenerSchema, resolveListener } from './config/listener.js';
import { type NamesConfig, NamesSchema, resolveNames } from './config/names.js';
import {
  type HedgeConfig,
  HedgeSchema,
  type RetryConfig,
  RetrySchema,
  resolveHedge,
  resolveRetry,
} from './config/retries.js';
import {
  PoolsSchema,
  type RouteConfig,
  RoutesSchema,
  resolveRoute,
  type UpstreamConfig,
  UpstreamsSchema,
} from './config/routing.js';
import {
  type RuleConfig,
  type RuleGuardConfig,
  RuleGuardSchema,
  RulesSchema,
  type RuleTableConfig,
  RuleTableSchema,
  resolveRuleGuard,
  resolveRules,
  resolveRuleTable,
} from './config/rules.js';
import { resolveUpstreamTls, type UpstreamTlsConfig, UpstreamTlsSchema } from './config/upstream-tls.js';
import { STATUS_DIALECTS, type StatusDialect } from './dialect.js';

export type { HealthCheckConfig } from './config/health.js';

/** More than most machines have processors for, and every limit is divided by it. */
export const MAX_PROCESSES = 64;

export const PROFILES = ['badgateway', 'naive'] as const;

export const GatewaySchema = Section(
  {
    profile: Optional(
      OneOf(
        PROFILES,
        'badgateway (default), or naive: plain reply-from with its defaults, for comparison. It takes no other key but `processes`.',
      ),
    ),
    processes: Optional(
      Type.Integer({
        minimum: 1,
        maximum: MAX_PROCESSES,
        description:
          'Processes that share the port and divide the limits; default 1. At most 64: more than there are processors gains nothing.',
      }),
    ),
    listener: Optional(ListenerSchema),
    rules: Optional(RulesSchema),
    ruleGuard: Optional(RuleGuardSchema),
    ruleTable: Optional(RuleTableSchema),
    routes: Optional(RoutesSchema),
    pools: Optional(PoolsSchema),
    upstreams: Optional(UpstreamsSchema),
    upstreamTls: Optional(UpstreamTlsSchema),
    names: Optional(NamesSchema),
    balancer: Optional(BalancerSchema),
    hashOn: Optional(HashOnSchema),
    priorities: Optional(PrioritiesSchema),
    slowStart: Optional(SlowStartSchema),
    timeouts: Optional(
      Section(
        {
          connect: Optional(Duration('Until the upstream accepts the connection; default 1s.')),
          attempt: Optional(Duration('Until the response headers of one attempt; default 10s.')),
          request: Optional(Duration('Until the response headers, over all attempts; default 15s.')),
          body: Optional(Duration('How long a response body may stand still; default 5m.')),
        },
        'Time limits.',
      ),
    ),
    deadlineHeader: Optional(
      Type.String({
        pattern: '^([A-Za-z0-9-]+|off)$',
        description:
          'Header that tells upstreams how many milliseconds are left for the request; default x-request-timeout-ms; off: none.',
      }),
    ),
    healthCheck: Optional(Type.Union([Type.Literal('off'), HealthCheckSchema])),
    outlierEjection: Optional(OutlierSchema),
    concurrency: Optional(ConcurrencySchema),
    globalConcurrency: Optional(ConcurrencySchema),
    admission: Optional(AdmissionSchema),
    criticality: Optional(CriticalitySchema),
    breaker: Optional(BreakerSchema),
    retry: Optional(RetrySchema),
    hedge: Optional(HedgeSchema),
    rateLimit: Optional(RateLimitSchema),
    cache: Optional(CacheSchema),
    location: Optional(LocationSchema),
    errorPage: Optional(ErrorPageSchema),
    statusDialect: Optional(OneOf(STATUS_DIALECTS, 'Whose status codes failures get; default standard.')),
    maxConnections: Optional(Count(1, 'Connections to one upstream at once; default 1024.')),
    keepAlive: Optional(
      OneOf(['on', 'off'], 'off: each attempt has a connection of its own, which ends with it; default on.'),
    ),
  },
  'The gateway under test.',
);

export type GatewaySection = Static<typeof GatewaySchema>;

export interface GatewayConfig {
  readonly profile: (typeof PROFILES)[number];
  /** Above 1, limits are totals that are divided among so many (`shares.ts`). */
  readonly processes: number;
  readonly listener: ListenerConfig;
  /** Empty: everybody is let in. */
  readonly rules: readonly RuleConfig[];
  /** `null`: one, of everything. */
  readonly routes: readonly RouteConfig[] | null;
  /** Ids of upstreams by the name of the pool. */
  readonly pools: Readonly<Record<string, readonly string[]>>;
  /** By id, of those that differ from weight 1 and priority 0. */
  readonly upstreams: Readonly<Record<string, UpstreamConfig>>;
  /** `null`: plain HTTP. */
  readonly upstreamTls: UpstreamTlsConfig | null;
  /** `null`: as Node resolves them, unless the gateway was started with a resolver. */
  readonly names: NamesConfig | null;
  readonly balancer: BalancerConfig;
  readonly hashOn: HashOn;
  readonly priorities: PriorityOptions;
  readonly connectTimeoutMs: number;
  readonly attemptTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly bodyTimeoutMs: number;
  /** In lower case; `null`: upstreams are not told. */
  readonly deadlineHeader: string | null;
  /** `null`: every upstream counts as healthy for ever. */
  readonly healthCheck: HealthCheckConfig | null;
  /** One more than this many at once is refused with BGW_ERR_CONNECTION_LIMIT: nothing waits unseen in a pool. */
  readonly maxConnections: number;
  /** Whether connections to upstreams outlive a request. */
  readonly keepAlive: boolean;
  /** `null` in these: the policy is not there. */
  readonly ruleGuard: RuleGuardConfig | null;
  readonly ruleTable: RuleTableConfig | null;
  readonly slowStart: SlowStartOptions | null;
  readonly outlierEjection: OutlierOptions | null;
  readonly concurrency: ConcurrencyConfig | null;
  readonly globalConcurrency: ConcurrencyConfig | null;
  readonly admission: AdmissionConfig | null;
  readonly criticality: CriticalityConfig | null;
  readonly breaker: BreakerOptions | null;
  readonly retry: RetryConfig | null;
  readonly hedge: HedgeConfig | null;
  readonly rateLimit: TokenBucketOptions | null;
  readonly cache: CacheOptions | null;
  readonly statusDialect: StatusDialect;
  /** Where it is; `null`: nobody says. */
  readonly location: string | null;
  readonly errorPage: ErrorPageConfig;
}

const optional = <Section, Resolved>(
  section: Section | undefined,
  resolve: (section: Section) => Resolved,
): Resolved | null => (section === undefined ? null : resolve(section));

/**
 * Fills in the defaults. The request timeout and the connection limit are Envoy's (route timeout 15 s, `max_connections`
 * 1024, stream idle timeout 5 min, which leaves room for the comments that keep an event stream alive). An attempt may
 * take less than the whole, so that another attempt fits; a connection on one network takes a second only when it never
 * will be accepted.
 */
export const resolveGatewayConfig = (section: GatewaySection = {}): GatewayConfig => {
  const criticality = optional(section.criticality, resolveCriticality);
  const balancer = resolveBalancer(section.balancer);
  const deadlineHeader = (section.deadlineHeader ?? 'x-request-timeout-ms').toLowerCase();
  return {
    profile: section.profile ?? 'badgateway',
    processes: section.processes ?? 1,
    listener: resolveListener(section.listener),
    rules: resolveRules(section.rules ?? []),
    routes: optional(section.routes, (routes) => routes.map(resolveRoute)),
    pools: Object.fromEntries(
      Object.entries(section.pools ?? {}).map(([name, { upstreams }]) => [name, upstreams]),
    ),
    upstreams: Object.fromEntries(
      Object.entries(section.upstreams ?? {}).map(([id, { weight = 1, priority = 0 }]) => [
        id,
        { weight, priority },
      ]),
    ),
    upstreamTls: optional(section.upstreamTls, resolveUpstreamTls),
    names: optional(section.names, resolveNames),
    balancer,
    hashOn: resolveHashOn(section.hashOn, balancer.name),
    priorities: resolvePriorities(section.priorities),
    connectTimeoutMs: parseDurationMsOr(section.timeouts?.connect, 1_000),
    attemptTimeoutMs: parseDurationMsOr(section.timeouts?.attempt, 10_000),
    requestTimeoutMs: parseDurationMsOr(section.timeouts?.request, 15_000),
    bodyTimeoutMs: parseDurationMsOr(section.timeouts?.body, 300_000),
    deadlineHeader: deadlineHeader === 'off' ? null : deadlineHeader,
    healthCheck: resolveHealthCheck(section.healthCheck),
    maxConnections: section.maxConnections ?? 1024,
    keepAlive: section.keepAlive !== 'off',
    ruleGuard: optional(section.ruleGuard, resolveRuleGuard),
    ruleTable: optional(section.ruleTable, resolveRuleTable),
    slowStart: optional(section.slowStart, resolveSlowStart),
    outlierEjection: optional(section.outlierEjection, resolveOutlier),
    concurrency: optional(section.concurrency, (own) => resolveConcurrency(own, criticality)),
    globalConcurrency: optional(section.globalConcurrency, (own) => resolveConcurrency(own, criticality)),
    admission: optional(section.admission, resolveAdmission),
    criticality,
    breaker: optional(section.breaker, resolveBreaker),
    retry: optional(section.retry, resolveRetry),
    hedge: optional(section.hedge, resolveHedge),
    rateLimit: optional(section.rateLimit, resolveRateLimit),
    cache: optional(section.cache, resolveCache),
    statusDialect: section.statusDialect ?? 'standard',
    location: section.location ?? null,
    errorPage: resolveErrorPage(section.errorPage),
  };
};
