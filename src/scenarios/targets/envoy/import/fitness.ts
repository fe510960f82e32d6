/** Health checks and outlier detection of a cluster: the section's own words come from these. */
import type { Draft } from './clusters.js';
import { type Cursor, durationText, percentText } from './cursor.js';

export const readChecks = (cluster: Cursor, draft: Draft): void => {
  const [check, ...more] = cluster.at('health_checks').items;
  for (const other of more) other.lost('one check is read');
  if (check === undefined) {
    draft.healthCheck = 'off';
    return;
  }
  const http = check.at('http_health_check');
  const isTcp = check.at('tcp_health_check').isThere;
  if (!http.isThere && !isTcp) {
    check.lost('only HTTP and TCP checks are read');
    draft.healthCheck = 'off';
    return;
  }
  const path = http.at('path').text;
  const [intervalMs, timeoutMs] = [check.at('interval').durationMs, check.at('timeout').durationMs];
  const [rise, fall] = [check.at('healthy_threshold').number, check.at('unhealthy_threshold').number];
  draft.healthCheck = {
    type: isTcp ? 'tcp' : 'http',
    ...(path?.startsWith('/') && { path }),
    ...(intervalMs !== null && { interval: durationText(intervalMs) }),
    jitter: percentText(check.at('interval_jitter_percent').number ?? 0),
    ...(timeoutMs !== null && { timeout: durationText(timeoutMs) }),
    ...(rise !== null && rise > 0 && { rise }),
    ...(fall !== null && fall > 0 && { fall }),
  };
  const noted: Readonly<Record<string, string>> = {
    interval: 'interval',
    timeout: 'timeout',
    interval_jitter_percent: 'jitter',
    healthy_threshold: 'rise',
    unhealthy_threshold: 'fall',
    tcp_health_check: 'type: tcp',
  };
  for (const [key, name] of Object.entries(noted)) check.at(key).understood(`healthCheck.${name}`);
  http.at('path').understood(`healthCheck.path: ${path}`);
  http.at('expected_statuses').nearly('good is any 2xx');
  http.at('retriable_statuses').ignored('every bad check counts by healthCheck.fall');
  http.at('host').ignored('what a check says its host is');
  check.at('no_traffic_interval').ignored('checks do not wait for traffic');
  check.at('reuse_connection').ignored('how a check connects');
};

/** A detector: how much of what it sees it enforces, and its own numbers. */
const readDetector = (
  outlier: Cursor,
  enforcing: string,
  numbers: Readonly<Record<string, readonly [field: string, divisor: number]>>,
  note: string,
): 'off' | Record<string, number | string> | undefined => {
  const enforced = outlier.at(enforcing);
  const found = Object.entries(numbers).flatMap(([key, [field, divisor]]) => {
    const number = outlier.at(field).number;
    return number === null ? [] : [[key, number / divisor] as const];
  });
  for (const [field] of Object.values(numbers)) outlier.at(field).understood(note);
  enforced.understood(note);
  if (enforced.number === 0 && found.length === 0) return 'off';
  if (enforced.number === null && found.length === 0) return undefined;
  return {
    ...Object.fromEntries(found),
    ...(enforced.number !== null && { enforced: percentText(enforced.number) }),
  };
};

const ROWS = {
  consecutive5xx: 'consecutive_5xx',
  consecutiveGatewayFailures: 'consecutive_gateway_failure',
  consecutiveLocalOriginFailures: 'consecutive_local_origin_failure',
} as const;

/** What is enforced when a file says only how many; Envoy's own. */
const ROW_ENFORCED: Readonly<Record<keyof typeof ROWS, string>> = {
  consecutive5xx: '100%',
  consecutiveGatewayFailures: '0%',
  consecutiveLocalOriginFailures: '100%',
};

const DURATIONS = {
  interval: 'interval',
  baseEjection: 'base_ejection_time',
  maxEjection: 'max_ejection_time',
  jitter: 'max_ejection_time_jitter',
} as const;

type Section = Record<string, unknown>;

const readRows = (outlier: Cursor, section: Section): void => {
  for (const [key, field] of Object.entries(ROWS) as [keyof typeof ROWS, string][]) {
    const row = readDetector(
      outlier,
      `enforcing_${field}`,
      { failures: [field, 1] },
      `outlierEjection.${key}`,
    );
    if (row === undefined) continue;
    section[key] = row === 'off' ? 'off' : { enforced: ROW_ENFORCED[key], ...row };
  }
};

const readStatistics = (outlier: Cursor, section: Section): void => {
  const rate = readDetector(
    outlier,
    'enforcing_success_rate',
    {
      minHosts: ['success_rate_minimum_hosts', 1],
      minRequests: ['success_rate_request_volume', 1],
      deviations: ['success_rate_stdev_factor', 1_000],
    },
    'outlierEjection.successRate',
  );
  if (rate !== undefined) section.successRate = rate;
  const ratio = readDetector(
    outlier,
    'enforcing_failure_percentage',
    {
      minHosts: ['failure_percentage_minimum_hosts', 1],
      minRequests: ['failure_percentage_request_volume', 1],
    },
    'outlierEjection.failureRatio',
  );
  const threshold = outlier.at('failure_percentage_threshold');
  threshold.understood('outlierEjection.failureRatio.threshold');
  if (ratio === undefined && threshold.number === null) return;
  const numbers = ratio === 'off' || ratio === undefined ? {} : ratio;
  section.failureRatio =
    ratio === 'off' && threshold.number === null
      ? 'off'
      : {
          enforced: '0%',
          ...numbers,
          ...(threshold.number !== null && { threshold: percentText(threshold.number) }),
        };
};

export const readOutliers = (cluster: Cursor, draft: Draft): void => {
  const outlier = cluster.at('outlier_detection');
  if (!outlier.isThere) return;
  const section: Section = {};
  readRows(outlier, section);
  readStatistics(outlier, section);
  for (const [key, field] of Object.entries(DURATIONS)) {
    const ms = outlier.at(field).durationMs;
    if (ms !== null) section[key] = durationText(ms);
    outlier.at(field).understood(`outlierEjection.${key}`);
  }
  const most = outlier.at('max_ejection_percent');
  if (most.number !== null) section.maxEjected = percentText(most.number);
  most.understood('outlierEjection.maxEjected');
  const flags = {
    splitLocalOrigin: 'split_external_local_origin_errors',
    healthCheckUnejects: 'successful_active_health_check_uneject_host',
  };
  for (const [key, field] of Object.entries(flags)) {
    const { value } = outlier.at(field);
    if (typeof value === 'boolean') section[key] = value;
    outlier.at(field).understood(`outlierEjection.${key}`);
  }
  outlier.at('always_eject_one_host').ignored('one always may be ejected here');
  if (outlier.keys.length === 0) outlier.understood('outlierEjection: {}');
  draft.outlierEjection = section as NonNullable<Draft['outlierEjection']>;
};
