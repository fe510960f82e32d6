/** How an upstream is found unfit: `gateway.healthCheck`, `gateway.outlierEjection` and `gateway.breaker`. */
import { Count, Duration, OneOf, Optional, Percent, Section, type Static, Type } from '../../core/schema.js';
import { parseDurationMsOr, parseRatio, parseRatioOr } from '../../core/units.js';
import { breakerSchema } from '../../policies/breaker-options.js';
import {
  type ConsecutiveOptions,
  OUTLIER_DEFAULTS,
  type OutlierOptions,
} from '../../policies/outlier-options.js';

export const HEALTH_CHECK_TYPES = ['http', 'tcp', 'deep'] as const;

export const HealthCheckSchema = Section(
  {
    type: Optional(
      OneOf(
        HEALTH_CHECK_TYPES,
        'http (default): an answer of the process; tcp: only that it takes connections; deep: an answer by way of its queue, as a request gets one.',
      ),
    ),
    path: Optional(
      Type.String({ pattern: '^/', description: 'Path asked for; default /healthz, deep: /healthz/deep.' }),
    ),
    interval: Optional(Duration('From one check to the next; default 2s.')),
    jitter: Optional(Percent('Each interval is longer or shorter by up to this, at random; default 10%.')),
    timeout: Optional(Duration('How long a check may take; default 1s.')),
    rise: Optional(Count(1, 'Good checks in a row that make an upstream healthy again; default 2.')),
    fall: Optional(Count(1, 'Bad checks in a row that make an upstream unhealthy; default 3.')),
  },
  'Active health checks.',
);

const enforced = Optional(Percent('Share of the detections that eject; the others are only told.'));

const RowSchema = Type.Union([
  Type.Literal('off'),
  Section({ failures: Optional(Count(1, 'So many in a row; default 5.')), enforced }, 'Failures in a row.'),
]);

export const OutlierSchema = Section(
  {
    consecutive5xx: Optional(RowSchema),
    consecutiveGatewayFailures: Optional(RowSchema),
    consecutiveLocalOriginFailures: Optional(RowSchema),
    successRate: Optional(
      Type.Union([
        Type.Literal('off'),
        Section(
          {
            minHosts: Optional(Count(2, 'Fewer are not compared; default 5.')),
            minRequests: Optional(Count(1, 'Per interval, to be compared; default 100.')),
            deviations: Optional(
              Type.Number({
                exclusiveMinimum: 0,
                description: 'Below the mean that are too many; default 1.9.',
              }),
            ),
            enforced,
          },
          'Worse than the others.',
        ),
      ]),
    ),
    failureRatio: Optional(
      Type.Union([
        Type.Literal('off'),
        Section(
          {
            minHosts: Optional(Count(1, 'Fewer are not judged; default 5.')),
            minRequests: Optional(Count(1, 'Per interval, to be judged; default 50.')),
            threshold: Optional(Percent('Failures, of the requests of an interval; default 85%.')),
            enforced,
          },
          'Too many failures.',
        ),
      ]),
    ),
    splitLocalOrigin: Optional(
      Type.Boolean({ description: 'Whether failures without an answer are counted apart; default false.' }),
    ),
    interval: Optional(Duration('From one sweep to the next; default 10s.')),
    baseEjection: Optional(Duration('The first ejection, the k-th k times as long; default 30s.')),
    maxEjection: Optional(Duration('No ejection is longer; default 300s.')),
    jitter: Optional(Duration('Added to an ejection at random; default 0s.')),
    maxEjected: Optional(Percent('Of the upstreams at once; one always may be; default 10%.')),
    healthCheckUnejects: Optional(
      Type.Boolean({ description: 'Whether a good health check brings one back at once; default true.' }),
    ),
  },
  'Outlier ejection, after Envoy.',
);

export const BreakerSchema = breakerSchema('Circuit breaker per upstream.');

export interface HealthCheckConfig {
  readonly type: (typeof HEALTH_CHECK_TYPES)[number];
  readonly path: string;
  readonly intervalMs: number;
  readonly jitterRatio: number;
  readonly timeoutMs: number;
  readonly rise: number;
  readonly fall: number;
}

/** HAProxy's `inter 2s`, `rise 2`, `fall 3`; the jitter keeps many gateways from checking in step. */
export const resolveHealthCheck = (
  section: 'off' | Static<typeof HealthCheckSchema> = {},
): HealthCheckConfig | null => {
  if (section === 'off') return null;
  const type = section.type ?? 'http';
  return {
    type,
    path: section.path ?? (type === 'deep' ? '/healthz/deep' : '/healthz'),
    intervalMs: parseDurationMsOr(section.interval, 2_000),
    jitterRatio: parseRatio(section.jitter ?? '10%'),
    timeoutMs: parseDurationMsOr(section.timeout, 1_000),
    rise: section.rise ?? 2,
    fall: section.fall ?? 3,
  };
};

/** A detector that is written down is meant: it is enforced unless it says otherwise. */
const resolveRow = (
  section: Static<typeof RowSchema> | undefined,
  otherwise: ConsecutiveOptions,
): OutlierOptions['consecutive5xx'] => {
  if (section === undefined) return otherwise;
  if (section === 'off') return null;
  return {
    failures: section.failures ?? otherwise.failures,
    enforcedRatio: parseRatioOr(section.enforced, 1),
  };
};

/** Envoy's defaults; see `OUTLIER_DEFAULTS`. */
export const resolveOutlier = (section: Static<typeof OutlierSchema>): OutlierOptions => {
  const { successRate = {}, failureRatio } = section;
  return {
    consecutive5xx: resolveRow(section.consecutive5xx, OUTLIER_DEFAULTS.consecutive5xx),
    consecutiveGatewayFailures: resolveRow(
      section.consecutiveGatewayFailures,
      OUTLIER_DEFAULTS.consecutiveGatewayFailures,
    ),
    consecutiveLocalOriginFailures: resolveRow(
      section.consecutiveLocalOriginFailures,
      OUTLIER_DEFAULTS.consecutiveLocalOriginFailures,
    ),
    successRate:
      successRate === 'off'
        ? null
        : {
            minHosts: successRate.minHosts ?? OUTLIER_DEFAULTS.successRate.minHosts,
            minRequests: successRate.minRequests ?? OUTLIER_DEFAULTS.successRate.minRequests,
            deviations: successRate.deviations ?? OUTLIER_DEFAULTS.successRate.deviations,
            enforcedRatio: parseRatioOr(successRate.enforced, 1),
          },
    failureRatio: resolveFailureRatio(failureRatio),
    splitLocalOrigin: section.splitLocalOrigin ?? OUTLIER_DEFAULTS.splitLocalOrigin,
    intervalMs: parseDurationMsOr(section.interval, OUTLIER_DEFAULTS.intervalMs),
    baseEjectionMs: parseDurationMsOr(section.baseEjection, OUTLIER_DEFAULTS.baseEjectionMs),
    maxEjectionMs: parseDurationMsOr(section.maxEjection, OUTLIER_DEFAULTS.maxEjectionMs),
    jitterMs: parseDurationMsOr(section.jitter, OUTLIER_DEFAULTS.jitterMs),
    maxEjectedRatio: parseRatioOr(section.maxEjected, OUTLIER_DEFAULTS.maxEjectedRatio),
    healthCheckUnejects: section.healthCheckUnejects ?? OUTLIER_DEFAULTS.healthCheckUnejects,
  };
};

const resolveFailureRatio = (
  section: Static<typeof OutlierSchema>['failureRatio'],
): OutlierOptions['failureRatio'] => {
  const byDefault = OUTLIER_DEFAULTS.failureRatio;
  if (section === undefined) return byDefault;
  if (section === 'off') return null;
  return {
    minHosts: section.minHosts ?? byDefault.minHosts,
    minRequests: section.minRequests ?? byDefault.minRequests,
    ratio: parseRatioOr(section.threshold, byDefault.ratio),
    enforcedRatio: parseRatioOr(section.enforced, 1),
  };
};
