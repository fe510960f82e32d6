/**
 * Every metric a threshold can name: what it is called, what it counts, and where its value is in a result. To add
 * one: an entry here.
 */
import { causeOf, ERRORS, type ErrorCode } from '../../core/errors.js';
import type { EventType } from '../../core/event-map.js';
import { EVENT_TYPE_NAMES } from '../../core/event-types.js';
import { isEmpty, type Selector } from '../../core/selectors.js';
import { CLIENT_CAUSES } from '../clients/clients.js';
import type { RequestsResult, VariantResult } from '../result.js';
import { ofType } from '../result-events.js';
import { failedSessions, failedShare, floodSum, selected, usersLost, WHOLE_RUN } from './clients.js';
import { blastRadius } from './delivery.js';
import { INCIDENT_METRICS } from './incident.js';
import { type Metric, oneOf, orNever, orNothing } from './metric.js';

export type { Metric };
export { WHOLE_RUN };

const share = ({ requests }: RequestsResult, count: number | undefined): number =>
  requests === 0 ? Number.NaN : (count ?? 0) / requests;

const always = (): boolean => true;

/** Of events, those that come of a worker of badgateway's. */
const WORKERS_EVENTS = /^((worker|fleet|deploy|dependency)\.|request\.quarantined$|fault\.refused$)/;

/** Those that the built-in gateway tells of itself. What is ordered (`upstream.drained`, `config.*`) is told by who orders. */
const GATEWAYS_EVENTS =
  /^((circuit|attempt|retry|hedge|limit|queue|cache|panic|name|rule|client)\.|request\.(hedged|shed|refused)$|upstream\.((un)?ejected|spared|turned-(un)?healthy)$|certificate\.(reloaded|refused)$|gateway\.process-)/;

const heapAtDeath = (variant: VariantResult): number => {
  const ratios = ofType(variant, 'worker.exited').map(
    ({ fields }) => fields.lastHeapBytes / fields.heapLimitBytes,
  );
  return ratios.length === 0 ? Number.NaN : Math.min(...ratios);
};

/** Every cause a request can fail for: the gateway's, and what a client makes of an answer that is none. */
const CAUSES = [...Object.keys(ERRORS).map((code) => causeOf(code as ErrorCode)), ...CLIENT_CAUSES];

/** Those that a client knows without being told in an answer. */
const UNTOLD_CAUSES: readonly string[] = [
  causeOf('BGW_ERR_CLIENT_LEFT'),
  ...CLIENT_CAUSES.filter((cause) => cause !== 'upstream_response'),
];

export const METRICS: readonly Metric[] = [
  {
    pattern: /^availability$/,
    kind: 'ratio',
    windowed: true,
    selectable: true,
    example: 'availability[after]',
    meaning: 'share of requests that got a good answer within the client’s patience',
    value: (window) => orNothing(window.availability),
  },
  {
    pattern: /^goodput$/,
    kind: 'rate',
    windowed: true,
    selectable: true,
    example: 'goodput[after]',
    meaning: 'good answers a second',
    value: (window) => window.goodputRps,
  },
  {
    pattern: /^latency\.(p50|p95|p99|max)$/,
    kind: 'duration',
    windowed: true,
    selectable: true,
    example: 'latency.p99[baseline]',
    meaning: 'time from the intended send to the end, of requests that were answered',
    value: (window, quantile) => window.latencyMs[quantile as 'p50'],
  },
  {
    pattern: /^status\.([1-5]\d\d|none)$/,
    kind: 'ratio',
    windowed: true,
    selectable: true,
    example: 'status.502[outage]',
    meaning: 'share of requests that ended with this status; none: without any answer',
    value: (window, status) => share(window, window.status[status]),
  },
  {
    ...oneOf('cause', CAUSES),
    kind: 'ratio',
    windowed: true,
    selectable: true,
    example: 'cause.connection_refused[outage]',
    meaning: 'share of requests that failed for this cause',
    needsGateway: (cause) => !UNTOLD_CAUSES.includes(cause),
    value: (window, cause) => share(window, window.cause[cause]),
  },
  {
    pattern: /^degraded$/,
    kind: 'ratio',
    windowed: true,
    selectable: true,
    example: 'degraded[outage]',
    meaning: 'share of the good answers that a fallback had a part in, because a dependency failed',
    value: ({ availability, degraded = 0 }) => (availability ? degraded : Number.NaN),
  },
  {
    pattern: /^amplification$/,
    kind: 'scalar',
    windowed: true,
    selectable: true,
    example: 'amplification[outage]',
    meaning: 'tries that clients sent, per request',
    value: (window) => orNothing(window.amplification),
  },
  {
    pattern: /^wasted$/,
    kind: 'ratio',
    windowed: true,
    example: 'wasted[after]',
    meaning: 'of the work that workers finished, the share that nobody waited for any more',
    needsWorkers: always,
    value: (window) => orNothing(window.wasted),
  },
  {
    pattern: /^cost$/,
    kind: 'scalar',
    windowed: true,
    example: 'cost[outage]',
    meaning:
      'US dollars lost: the share of requests that failed, times the minutes, times what an outage for everybody costs',
    value: ({ availability, fromMs, toMs }, _part, { downtime: { minuteMs, costPerMinute } }) =>
      (1 - orNothing(availability)) * ((toMs - fromMs) / minuteMs) * costPerMinute,
  },
  {
    pattern: /^requests$/,
    kind: 'count',
    windowed: true,
    selectable: true,
    example: 'requests[baseline]',
    meaning: 'requests that were meant to be sent',
    value: (window) => window.requests,
  },
  {
    pattern: /^crashes$/,
    kind: 'count',
    windowed: false,
    example: 'crashes',
    meaning: 'deaths of workers',
    needsWorkers: always,
    value: (variant) => variant.crashes,
  },
  {
    pattern: /^workers-lost$/,
    kind: 'count',
    windowed: false,
    example: 'workers-lost',
    meaning: 'workers that died at least once',
    needsWorkers: always,
    value: (variant) => variant.workersLost,
  },
  {
    pattern: /^worker-seconds$/,
    kind: 'scalar',
    windowed: false,
    example: 'worker-seconds',
    meaning: 'how long worker processes ran during the load, all together: what the fleet cost',
    needsWorkers: always,
    value: (variant) => variant.workerSeconds,
  },
  {
    pattern: /^blast-radius$/,
    kind: 'ratio',
    windowed: false,
    selectable: true,
    example: 'blast-radius',
    meaning:
      'share of the workers that were given a config which was rolled back later; with a selector, share of these clients’ requests that failed in the window `outage`, or in the run where there is none',
    needsWorkers: (_part, selector) => isEmpty(selector),
    value: (variant, _part, selector) =>
      isEmpty(selector) ? blastRadius(variant) : failedShare(variant, selector),
  },
  {
    pattern: /^users-lost$/,
    kind: 'count',
    windowed: false,
    selectable: true,
    example: 'users-lost',
    meaning: 'users of the population who gave up for good',
    value: (variant, _part, selector) => usersLost(variant, selector),
  },
  {
    pattern: /^sessions-failed$/,
    kind: 'ratio',
    windowed: false,
    selectable: true,
    example: 'sessions-failed',
    meaning: 'share of the sessions of the population in which a request failed',
    value: (variant, _part, selector) => failedSessions(variant, selector),
  },
  {
    pattern: /^flood\.sent$/,
    kind: 'count',
    windowed: false,
    example: 'flood.sent',
    meaning: 'requests that floods sent',
    value: (variant) => floodSum(variant, 'sent'),
  },
  {
    pattern: /^flood\.served$/,
    kind: 'ratio',
    windowed: false,
    example: 'flood.served',
    meaning: 'share of them that got a good answer',
    value: (variant) => {
      const sent = floodSum(variant, 'sent');
      return sent === 0 ? Number.NaN : floodSum(variant, 'ok') / sent;
    },
  },
  {
    pattern: /^heap-at-death$/,
    kind: 'ratio',
    windowed: false,
    example: 'heap-at-death',
    meaning: 'the least heap in use, of its limit, in the last sample before a death',
    needsWorkers: always,
    value: heapAtDeath,
  },
  {
    pattern: /^first\.([1-5]\d\d|none)$/,
    kind: 'duration',
    windowed: false,
    example: 'first.502',
    meaning: 'when a client first got this status, from the start of the load',
    value: (variant, status) => orNever(variant.firstStatusMs[status]),
  },
  {
    ...oneOf('first', EVENT_TYPE_NAMES),
    kind: 'duration',
    windowed: false,
    example: 'first.worker.exited',
    meaning: 'when this event first happened, from the start of the load',
    needsWorkers: (type) => WORKERS_EVENTS.test(type),
    needsGateway: (type) => GATEWAYS_EVENTS.test(type),
    value: (variant, type) => orNever(ofType(variant, type as EventType)[0]?.t) * 1000,
  },
  {
    ...oneOf('count', EVENT_TYPE_NAMES),
    kind: 'count',
    windowed: false,
    example: 'count.config.refused',
    meaning: 'how often this event happened, as far as events are kept: the first 10,000 of each',
    needsWorkers: (type) => WORKERS_EVENTS.test(type),
    needsGateway: (type) => GATEWAYS_EVENTS.test(type),
    value: (variant, type) => ofType(variant, type as EventType).length,
  },
  ...INCIDENT_METRICS,
  {
    pattern: /^recovered$/,
    kind: 'duration',
    windowed: false,
    example: 'recovered',
    meaning: 'when service was first good again for 3 s after it had failed, from the start of the load',
    value: (variant) => orNever(variant.recoveredMs),
  },
  {
    pattern: /^recovery$/,
    kind: 'duration',
    windowed: false,
    example: 'recovery',
    meaning: 'from the end of the window `outage` until service was good for 3 s',
    value: (variant) => orNever(variant.recoveryMs),
  },
];

/** Names that begin as this one does, up to its first dot; empty where nothing has names behind a dot there. */
export const namesLike = (name: string): string[] => {
  const prefix = `${name.split('.')[0]}.`;
  return METRICS.flatMap(({ names = [] }) => names.filter((one) => one.startsWith(prefix)));
};

export const findMetric = (name: string): Metric | undefined =>
  METRICS.find(({ pattern }) => pattern.test(name));

/** Whether a value of it says nothing of a variant with something else than the built-in gateway. @param name of a metric. */
export const needsGateway = (name: string): boolean => {
  const metric = findMetric(name);
  return metric?.needsGateway?.(metric.pattern.exec(name)?.[1] ?? '') ?? false;
};

/**
 * @param window empty: the whole run.
 * @param selector empty: all clients.
 */
export const metricValue = (
  variant: VariantResult,
  name: string,
  window: string,
  selector: Selector = {},
): number => {
  const metric = findMetric(name);
  if (metric === undefined) throw new Error(`no metric is called ${name}`);
  const part = metric.pattern.exec(name)?.[1] ?? '';
  if (variant.upstreams !== undefined && metric.needsWorkers?.(part, selector)) return Number.NaN;
  if (!metric.windowed) return metric.value(variant, part, selector);
  const whole = variant.windows[window === '' ? WHOLE_RUN : window];
  if (!metric.selectable) return whole === undefined ? Number.NaN : metric.value(whole, part, variant);
  const measured = selected(whole, selector);
  return measured === undefined ? Number.NaN : metric.value(measured, part);
};
