/** The variants of a result beside each other: one row a measure, one column a variant. */

import { formatDuration, formatRatio } from '../../core/units.js';
import { formatValue } from '../../core/values.js';
import { metricValue, WHOLE_RUN } from '../metrics/metrics.js';
import type { VariantResult } from '../result.js';

const percent = (ratio: number | null | undefined): string =>
  ratio === null || ratio === undefined ? '–' : formatRatio(ratio);

const recoveredText = (variant: VariantResult): string => {
  if (variant.recoveredMs === null) return 'never';
  return variant.recoveredMs === 0 ? 'not needed' : `at ${formatDuration(variant.recoveredMs)}`;
};

const recoveryText = (variant: VariantResult): string => {
  if (variant.recoveryMs === null) return variant.recoveredMs === 0 ? 'not needed' : 'never';
  return formatDuration(variant.recoveryMs);
};

/** 87,412.5 → `$87,413`; what is less than ten dollars, to the cent. */
export const formatDollars = (dollars: number): string => {
  if (Number.isNaN(dollars)) return '–';
  const [whole, cents] = dollars.toFixed(dollars < 10 && dollars > 0 ? 2 : 0).split('.');
  return `$${whole!.replace(/\B(?=(\d{3})+$)/g, ',')}${cents === undefined ? '' : `.${cents}`}`;
};

const ERROR_STATUSES = ['502', '503', '504', 'none'] as const;

/** The first error statuses of a variant in order, with their times, as clients got them at any of their tries. */
export const firstErrorsText = ({ firstStatusMs }: Pick<VariantResult, 'firstStatusMs'>): string => {
  const errors = Object.entries(firstStatusMs)
    .filter(([status]) => !/^[123]/.test(status))
    .sort(([, a], [, b]) => a - b)
    .map(([status, ms]) => `${status === 'none' ? 'no answer' : status} at ${formatDuration(ms)}`);
  return errors.length === 0 ? 'no errors' : `first errors: ${errors.join(', ')}`;
};

/** When each rule first raised an alert, in order; empty where none did. */
export const alertsText = ({ alerts }: Pick<VariantResult, 'alerts'>): string => {
  const first = new Map<string, number>();
  for (const { rule, raisedMs } of alerts) if (!first.has(rule)) first.set(rule, raisedMs);
  const told = [...first].map(([rule, ms]) => `${rule} at ${formatDuration(ms)}`);
  return told.length === 0 ? 'no alerts' : `alerts: ${told.join(', ')}`;
};

type Row = (title: string, cell: (variant: VariantResult) => string) => string[];

const rowOf =
  (variants: readonly VariantResult[]): Row =>
  (title, cell) => [title, ...variants.map(cell)];

/** Of each class, the share that failed in the outage. */
const classRows = (variants: readonly VariantResult[], window: string, inWindow: string): string[][] => {
  const names = new Set(variants.flatMap(({ classes }) => Object.keys(classes ?? {})));
  return [...names].map((name) =>
    rowOf(variants)(`blast radius, ${name}${inWindow}`, ({ windows }) => {
      const availability = windows[window]?.classes?.[name]?.availability ?? null;
      return percent(availability === null ? null : 1 - availability);
    }),
  );
};

const populationRows = (variants: readonly VariantResult[]): string[][] => {
  if (variants.every(({ population }) => population === undefined)) return [];
  const row = rowOf(variants);
  return [
    row('users lost', (variant) => {
      const all = Object.values(variant.population ?? {});
      const sum = (key: 'users' | 'usersLost'): number => all.reduce((total, one) => total + one[key], 0);
      return all.length === 0 ? '–' : `${sum('usersLost')} of ${sum('users')}`;
    }),
    row('sessions failed', (variant) => {
      const failed = metricValue(variant, 'sessions-failed', '');
      return percent(Number.isNaN(failed) ? null : failed);
    }),
  ];
};

const floodRows = (variants: readonly VariantResult[]): string[][] => {
  if (variants.every(({ floods }) => floods === undefined)) return [];
  return [
    rowOf(variants)('flood served', (variant) => {
      const served = metricValue(variant, 'flood.served', '');
      return Number.isNaN(served)
        ? '–'
        : `${formatRatio(served)} of ${metricValue(variant, 'flood.sent', '')}`;
    }),
  ];
};

const TIMES = ['mttd', 'mtti', 'mttm', 'mttr'] as const;

/** How long before the first error of a client the first alert was raised, or after it. */
const leadText = (variant: VariantResult): string => {
  const ms = metricValue(variant, 'lead', '');
  if (Number.isNaN(ms)) return '–';
  if (ms === Number.POSITIVE_INFINITY) return 'no error';
  return ms < 0 ? `${formatDuration(-ms)} after` : `${formatDuration(ms)} before`;
};

/** How often users were hurt again after the incident was over. */
const reopenedText = ({ incident }: VariantResult): string => {
  const count = incident?.again.length;
  if (count === undefined) return '–';
  return count === 0 ? 'no' : `${count} ${count === 1 ? 'time' : 'times'}`;
};

/** Places of workers at which one ran at any time: a fleet that may grow has some that stay empty. */
const placesUsed = ({ series, workersLost }: VariantResult): number => {
  const used = new Set(
    series.flatMap(({ workers }) =>
      workers.flatMap(({ worker, heapBytes }) => (heapBytes === null ? [] : [worker])),
    ),
  );
  return Math.max(used.size, workersLost);
};

/** How long it took to notice the incident, and so on; nothing where users were hurt in no variant. */
const incidentRows = (variants: readonly VariantResult[]): string[][] => {
  if (variants.every(({ incident }) => incident === null)) return [];
  const known = variants.some(({ incident }) => (incident?.cause ?? null) !== null);
  const times = TIMES.filter((metric) => metric !== 'mtti' || known).map((metric) =>
    rowOf(variants)(metric.toUpperCase(), (variant) => {
      const ms = variant.incident === null ? Number.NaN : metricValue(variant, metric, '');
      return Number.isNaN(ms) ? '–' : formatValue(ms, 'duration');
    }),
  );
  const isReopened = variants.some(({ incident }) => (incident?.again.length ?? 0) > 0);
  return [
    ...(isReopened ? [rowOf(variants)('hurt again', reopenedText)] : []),
    rowOf(variants)('lead of the first alert', leadText),
    ...times,
  ];
};

/** The first row is the header; every row begins with what it is about. */
export const summaryRows = (variants: readonly VariantResult[]): string[][] => {
  const windows = Object.keys(variants[0]?.windows ?? {}).filter((name) => name !== WHOLE_RUN);
  const errorWindow = windows.includes('outage') ? 'outage' : WHOLE_RUN;
  const inWindow = errorWindow === 'outage' ? ' in outage' : '';
  // Of upstreams of the user's own nobody tells that, in any variant.
  const ofWorkers = variants.every(({ upstreams }) => upstreams === undefined);
  const row = rowOf(variants);
  return [
    row('', ({ name }) => name),
    ...(windows.length === 0 ? [WHOLE_RUN] : windows).map((window) =>
      row(`availability, ${window}`, (variant) => percent(variant.windows[window]?.availability)),
    ),
    row(`good answers${inWindow}`, (variant) => {
      const goodputRps = variant.windows[errorWindow]?.goodputRps;
      return goodputRps === undefined ? '–' : `${goodputRps.toFixed(1)}/s`;
    }),
    ...ERROR_STATUSES.filter((status) =>
      variants.some(({ windows: { [errorWindow]: window } }) => (window?.status[status] ?? 0) > 0),
    ).map((status) =>
      row(`${status === 'none' ? 'no answer' : status}${inWindow}`, (variant) =>
        String(variant.windows[errorWindow]?.status[status] ?? 0),
      ),
    ),
    row(`p99${inWindow}`, (variant) => formatDuration(variant.windows[errorWindow]?.latencyMs.p99 ?? 0)),
    row('tries per request', (variant) => variant.windows[errorWindow]?.amplification?.toFixed(2) ?? '–'),
    ...(ofWorkers
      ? [row(`work for nobody${inWindow}`, (variant) => percent(variant.windows[errorWindow]?.wasted))]
      : []),
    ...classRows(variants, errorWindow, inWindow),
    ...populationRows(variants),
    ...floodRows(variants),
    ...(ofWorkers
      ? [
          row('workers lost', (variant) => `${variant.workersLost} of ${placesUsed(variant)}`),
          row('deaths', (variant) => String(variant.crashes)),
        ]
      : []),
    row('good again', recoveredText),
    ...(errorWindow === 'outage' ? [row('recovery', recoveryText)] : []),
    ...incidentRows(variants),
    row('cost', (variant) => formatDollars(metricValue(variant, 'cost', ''))),
  ];
};
