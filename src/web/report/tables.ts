/** What a variant came to, as tables: by window, by cause, by whom it was, and what the machine did. */
import { formatDuration, formatRatio } from '../../core/units.js';
import { WHOLE_RUN } from '../../scenarios/metrics/metrics.js';
import { MACHINE_LIMITS } from '../../scenarios/metrics/verdict.js';
import { causeText } from '../../scenarios/report/story.js';
import type { RequestsResult, VariantResult, WindowResult } from '../../scenarios/result.js';
import type { AlertData, Rows } from '../app/report/report-data.js';

const NONE = '–';

const percent = (ratio: number | null | undefined): string =>
  ratio === null || ratio === undefined ? NONE : formatRatio(ratio);

const windowName = (name: string): string => (name === WHOLE_RUN ? 'whole run' : name);

const windowHead = (name: string, { fromMs, toMs }: WindowResult): string =>
  `${windowName(name)} (${formatDuration(fromMs)} to ${formatDuration(toMs)})`;

const windowsOf = ({ windows }: VariantResult): [string, WindowResult][] => Object.entries(windows);

const statusText = (status: string): string => (status === 'none' ? 'no answer' : status);

/** `12 (3.1%)`; a dash for none. */
const countText = (count: number | undefined, requests: number): string =>
  count === undefined || count === 0 ? NONE : `${count} (${formatRatio(count / Math.max(1, requests))})`;

const keysOf = (windows: readonly WindowResult[], of: 'status' | 'cause'): string[] =>
  [...new Set(windows.flatMap((window) => Object.keys(window[of])))].sort();

export const windowRows = (variant: VariantResult): Rows => {
  const named = windowsOf(variant);
  const windows = named.map(([, window]) => window);
  const row = (title: string, cell: (window: WindowResult) => string): string[] => [
    title,
    ...windows.map(cell),
  ];
  return [
    ['', ...named.map(([name, window]) => windowHead(name, window))],
    row('requests', ({ requests }) => String(requests)),
    row('availability', ({ availability }) => percent(availability)),
    row('good answers', ({ goodputRps }) => `${goodputRps.toFixed(1)}/s`),
    ...(['p50', 'p95', 'p99', 'max'] as const).map((quantile) =>
      row(quantile === 'max' ? 'slowest' : quantile, ({ latencyMs }) =>
        latencyMs.max === 0 ? NONE : formatDuration(latencyMs[quantile]),
      ),
    ),
    row('tries per request', ({ amplification }) => amplification?.toFixed(2) ?? NONE),
    ...(windows.some(({ degraded }) => degraded !== undefined)
      ? [row('good answers with a fallback', ({ degraded }) => percent(degraded))]
      : []),
    ...(windows.some(({ wasted }) => wasted !== null)
      ? [row('work for nobody', ({ wasted }) => percent(wasted))]
      : []),
    ...keysOf(windows, 'status').map((status) =>
      row(statusText(status), (window) => countText(window.status[status], window.requests)),
    ),
  ];
};

/** Failed requests by what they failed of; empty where none did. */
export const causeRows = (variant: VariantResult): Rows => {
  const named = windowsOf(variant);
  const causes = keysOf(
    named.map(([, window]) => window),
    'cause',
  );
  if (causes.length === 0) return [];
  const total = (cause: string): number => variant.windows[WHOLE_RUN]?.cause[cause] ?? 0;
  return [
    ['cause', 'which means', ...named.map(([name]) => windowName(name))],
    ...causes
      .sort((a, b) => total(b) - total(a))
      .map((cause) => [
        cause,
        causeText(cause) ?? NONE,
        ...named.map(([, window]) => countText(window.cause[cause], window.requests)),
      ]),
  ];
};

const partsOf = ({ classes = {}, groups = {} }: WindowResult): Record<string, RequestsResult> => ({
  ...classes,
  ...groups,
});

/** Availability by class, tier and route, and how many requests of each there were. */
export const groupRows = (variant: VariantResult): Rows => {
  const named = windowsOf(variant);
  const names = new Set(named.flatMap(([, window]) => Object.keys(partsOf(window))));
  if (names.size === 0) return [];
  const cell = (part: RequestsResult | undefined): string =>
    part === undefined || part.requests === 0
      ? NONE
      : `${percent(part.availability)} of ${part.requests}, p99 ${formatDuration(part.latencyMs.p99)}`;
  return [
    ['whose', ...named.map(([name]) => windowName(name))],
    ...[...names].map((name) => [name, ...named.map(([, window]) => cell(partsOf(window)[name]))]),
  ];
};

export const populationRows = ({ population = {} }: VariantResult): Rows => {
  const classes = Object.entries(population);
  if (classes.length === 0) return [];
  return [
    ['users', 'there were', 'gave up for good', 'sessions', 'of these with a failed request'],
    ...classes.map(([name, { users, usersLost, sessions, sessionsFailed }]) => [
      name === '' ? 'all' : name,
      ...[users, usersLost, sessions, sessionsFailed].map(String),
    ]),
  ];
};

export const floodRows = ({ floods = [] }: VariantResult): Rows =>
  floods.length === 0
    ? []
    : [
        ['flood', 'from', 'hostile clients', 'sent', 'held back', 'good answers', 'answers by status'],
        ...floods.map(({ path, t, identities, sent, skipped, ok, status }) => [
          path,
          `${t}s`,
          ...[identities, sent, skipped, ok].map(String),
          Object.entries(status)
            .map(([name, count]) => `${statusText(name)}: ${count}`)
            .join(', '),
        ]),
      ];

/** Whether the machine kept up, against what makes a run inconclusive; empty in virtual time. */
export const machineRows = ({ machine }: VariantResult): Rows => {
  if (machine === null) return [];
  const { lateSendMs, lateSendShare, starvedShare, gatewayStallMs } = MACHINE_LIMITS;
  const starved: Rows =
    machine.starvedSamples === undefined
      ? []
      : [
          [
            'probes at the workers’ priority that waited longer than they worked',
            percent(machine.starvedSamples),
            formatRatio(starvedShare),
          ],
        ];
  return [
    ['the machine', 'measured', 'may be'],
    [
      `sends later than ${formatDuration(lateSendMs)}, worst window`,
      percent(machine.lateSends),
      formatRatio(lateSendShare),
    ],
    ...starved,
    [
      'longest stall of the gateway’s event loop',
      formatDuration(machine.gatewayStallMs),
      formatDuration(gatewayStallMs),
    ],
  ];
};

export const upstreamRows = ({ upstreams = [] }: VariantResult): Rows =>
  upstreams.length === 0
    ? []
    : [['place', 'your server'], ...upstreams.map(({ worker, address }) => [worker, address])];

export const lossRows = ({ losses = [] }: VariantResult): Rows =>
  losses.length === 0
    ? []
    : [
        ['what the scenario asks for', '', 'what is there instead'],
        ...losses.map(({ path, degree, text }) => [path, degree, text]),
      ];

/** Against the moment at which users were first hurt. */
const leadText = (raisedMs: number, onsetMs: number | undefined): string => {
  if (onsetMs === undefined) return 'nobody was hurt';
  const leadMs = onsetMs - raisedMs;
  return leadMs >= 0 ? `${formatDuration(leadMs)} ahead` : `${formatDuration(-leadMs)} late`;
};

export const alertsOf = ({ alerts, incident }: VariantResult): AlertData[] =>
  alerts.map(({ rule, raisedMs, clearedMs, reason }) => ({
    rule,
    raised: formatDuration(raisedMs),
    lead: leadText(raisedMs, incident?.onsetMs),
    cleared: clearedMs === null ? 'not before the end' : formatDuration(clearedMs),
    reason,
  }));
