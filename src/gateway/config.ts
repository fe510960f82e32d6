/**
 * The gateway's configuration: the `gateway:` section as it is written, and the same with its defaults filled in.
 */
import { Count, Duration, OneOf, Optional, Section, type Static, Type } from '../core/schema.js';
import { parseDurationMs } from '../core/units.js';
import { BALANCERS, type BalancerName } from './balance/selector.js';

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

export const GatewaySchema = Section(
  {
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
  readonly balancer: BalancerName;
  readonly connectTimeoutMs: number;
  readonly attemptTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** `null`: every upstream counts as healthy for ever. */
  readonly healthCheck: HealthCheckConfig | null;
  /** One more than this many at once is refused with BGW_ERR_CONNECTION_LIMIT: nothing waits unseen in a pool. */
  readonly maxConnections: number;
}

const durationOr = (text: string | undefined, defaultMs: number): number =>
  text === undefined ? defaultMs : parseDurationMs(text);

/**
 * Fills in the defaults. Health checks are HAProxy's (`inter 2s`, `rise 2`, `fall 3`), the request timeout and the
 * connection limit Envoy's (route timeout 15 s, `max_connections` 1024). An attempt may take less than the whole, so
 * that another attempt fits; a connection on one network takes a second only when it never will be accepted.
 */
export const resolveGatewayConfig = (section: GatewaySection = {}): GatewayConfig => {
  const health = section.healthCheck ?? {};
  return {
    balancer: section.balancer ?? 'round-robin',
    connectTimeoutMs: durationOr(section.timeouts?.connect, 1_000),
    attemptTimeoutMs: durationOr(section.timeouts?.attempt, 10_000),
    requestTimeoutMs: durationOr(section.timeouts?.request, 15_000),
    healthCheck:
      health === 'off'
        ? null
        : {
            path: health.path ?? '/healthz',
            intervalMs: durationOr(health.interval, 2_000),
            timeoutMs: durationOr(health.timeout, 1_000),
            rise: health.rise ?? 2,
            fall: health.fall ?? 3,
          },
    maxConnections: section.maxConnections ?? 1024,
  };
};
