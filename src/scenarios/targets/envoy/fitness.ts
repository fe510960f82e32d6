/** Who is fit: active checks and outlier detection, in Envoy's words, which the section's own come from. */
import type { ConsecutiveOptions } from '../../../policies/outlier-options.js';
import { count, duration, type Fields, type Parts, wholePercent } from './words.js';

export const checkFields = ({
  state: {
    config: { healthCheck },
  },
  losses,
  note,
}: Parts): Fields => {
  if (healthCheck === null) return {};
  const { type, path, intervalMs, jitterRatio, timeoutMs, rise, fall } = healthCheck;
  if (jitterRatio > 0) {
    losses.otherwise(
      ['healthCheck', 'jitter'],
      'Envoy only lengthens an interval, and its first good check makes an upstream healthy at once',
    );
  }
  return {
    ...note('healthCheck'),
    health_checks: [
      {
        timeout: duration(timeoutMs),
        interval: duration(intervalMs),
        interval_jitter_percent: wholePercent(jitterRatio),
        unhealthy_threshold: count(fall),
        healthy_threshold: count(rise),
        // Without it a cluster is checked once a minute until it has had a request.
        no_traffic_interval: duration(intervalMs),
        ...(type === 'tcp'
          ? { tcp_health_check: {} }
          : {
              http_health_check: {
                path,
                expected_statuses: [{ start: 200, end: 400 }],
                // Counted by the threshold; any other status would take an upstream out at once.
                retriable_statuses: [{ start: 400, end: 600 }],
              },
            }),
      },
    ],
  };
};

const row = (options: ConsecutiveOptions | null, name: string): Fields => ({
  ...(options !== null && { [name]: count(options.failures) }),
  [`enforcing_${name}`]: options === null ? 0 : wholePercent(options.enforcedRatio),
});

export const outlierFields = ({
  state: {
    config: { outlierEjection: outlier },
  },
  note,
}: Parts): Fields => {
  if (outlier === null) return {};
  const { successRate, failureRatio } = outlier;
  return {
    ...note('outlierEjection'),
    outlier_detection: {
      ...row(outlier.consecutive5xx, 'consecutive_5xx'),
      ...row(outlier.consecutiveGatewayFailures, 'consecutive_gateway_failure'),
      split_external_local_origin_errors: outlier.splitLocalOrigin,
      ...row(outlier.consecutiveLocalOriginFailures, 'consecutive_local_origin_failure'),
      enforcing_success_rate: successRate === null ? 0 : wholePercent(successRate.enforcedRatio),
      ...(successRate !== null && {
        success_rate_minimum_hosts: count(successRate.minHosts),
        success_rate_request_volume: count(successRate.minRequests),
        success_rate_stdev_factor: count(successRate.deviations * 1_000),
      }),
      enforcing_failure_percentage: failureRatio === null ? 0 : wholePercent(failureRatio.enforcedRatio),
      ...(failureRatio !== null && {
        failure_percentage_minimum_hosts: count(failureRatio.minHosts),
        failure_percentage_request_volume: count(failureRatio.minRequests),
        failure_percentage_threshold: wholePercent(failureRatio.ratio),
      }),
      interval: duration(outlier.intervalMs),
      base_ejection_time: duration(outlier.baseEjectionMs),
      max_ejection_time: duration(outlier.maxEjectionMs),
      ...(outlier.jitterMs > 0 && { max_ejection_time_jitter: duration(outlier.jitterMs) }),
      max_ejection_percent: wholePercent(outlier.maxEjectedRatio),
      always_eject_one_host: true,
      successful_active_health_check_uneject_host: outlier.healthCheckUnejects,
    },
  };
};
