/** Replications as text for a terminal: a table of medians and ranges, thresholds, and what differs by more than chance. */
import type { createColors } from 'picocolors';
import { leastMeasurements } from '../../core/statistics.js';
import { formatRatio } from '../../core/units.js';
import { formatValue, type Kind } from '../../core/values.js';
import type { Measured } from '../measure/measured.js';
import { WHOLE_RUN } from '../metrics/metrics.js';
import type { Comparison, Replications, SpreadOf } from './schema.js';

type Colors = ReturnType<typeof createColors>;

const measuredText = (value: Measured, kind: string): string => {
  if (value === null) return '–';
  return value === 'never' ? 'never' : formatValue(value, kind as Kind);
};

const spreadText = (spread: SpreadOf | undefined): string => {
  if (spread === undefined || spread.measured === 0) return '–';
  const { metric, median, min, max, kind } = spread;
  const text = (value: Measured): string =>
    metric === 'recovered' && value === 0 ? 'not needed' : measuredText(value, kind);
  const [middle, least, most] = [text(median), text(min), text(max)];
  return least === most ? middle : `${middle} (${least} to ${most})`;
};

type Row = readonly [title: string, metric: string, window?: string];

const isMeasured = (variants: Replications['variants'], metric: string): boolean =>
  variants.some(({ metrics }) => metrics.some((one) => one.metric === metric && one.measured > 0));

/** The first row is the header. */
export const replicationRows = ({ variants }: Replications): string[][] => {
  const windows = [
    ...new Set(variants.flatMap(({ metrics }) => metrics.flatMap(({ window }) => window ?? []))),
  ];
  const named = windows.filter((window) => window !== WHOLE_RUN);
  const shown = named.length > 0 ? named : [WHOLE_RUN];
  const rows: Row[] = [
    ...shown.map((window): Row => [`availability, ${window}`, 'availability', window]),
    ...shown.map((window): Row => [`p99, ${window}`, 'latency.p99', window]),
    ...shown.map((window): Row => [`tries per request, ${window}`, 'amplification', window]),
    // Of upstreams of the user's own no death is known.
    ...(isMeasured(variants, 'crashes') ? [['deaths', 'crashes'] as const] : []),
    ['good again', 'recovered'],
  ];
  return [
    ['', ...variants.map(({ name }) => name)],
    ...rows.map(([title, metric, window]) => [
      title,
      ...variants.map(({ metrics }) =>
        spreadText(metrics.find((one) => one.metric === metric && one.window === window)),
      ),
    ]),
  ];
};

const signed = (value: number, kind: string): string =>
  `${value > 0 ? '+' : ''}${formatValue(value, kind as Kind)}`;

const comparisonText = ({ metric, window, kind, difference, low, high }: Comparison): string => {
  const where = window === WHOLE_RUN ? '' : `[${window}]`;
  const interval = `${signed(low!, kind)} to ${signed(high!, kind)}`;
  return `${metric}${where} ${signed(difference!, kind)} (${interval})`;
};

export interface Differences {
  /** By more than chance. */
  readonly found: readonly string[];
  /** What was compared besides, and how; where there are too few replications, only that. */
  readonly notes: readonly string[];
  readonly areEnough: boolean;
}

/** What differs between variants by more than chance. */
export const differencesOf = ({ comparisons, confidence, seeds }: Replications): Differences => {
  if (comparisons.length === 0) return { found: [], notes: [], areEnough: false };
  const least = leastMeasurements(confidence);
  const share = formatRatio(confidence);
  if (comparisons.every(({ differs }) => differs === null)) {
    const text = `Whether variants differ by more than chance takes at least ${least} replications at ${share}; there are ${seeds.length}.`;
    return { found: [], notes: [text], areEnough: false };
  }
  const found = comparisons
    .filter(({ differs }) => differs === true)
    .map((one) => `${one.from} → ${one.to}: ${comparisonText(one)}`);
  const same = comparisons.filter(({ differs }) => differs === false).length;
  const unknown = comparisons.filter(({ differs }) => differs === null).length;
  const rest = [
    ...(same > 0 ? [`${same} of ${comparisons.length} comparisons show no more than chance`] : []),
    ...(unknown > 0 ? [`${unknown} have too few values on both sides`] : []),
  ];
  const method = `paired by seed, Wilcoxon signed-rank, each at ${share} by itself`;
  return { found, notes: [...(rest.length > 0 ? [rest.join('; ')] : []), method], areEnough: true };
};

const differenceLines = (replications: Replications, colors: Colors): string[] => {
  const { found, notes, areEnough } = differencesOf(replications);
  if (!areEnough) return notes.length === 0 ? [] : [...notes.map(colors.dim), ''];
  return [
    'Differences by more than chance',
    ...found.map((line) => `  ${line}`),
    ...notes.map((note) => colors.dim(`  ${note}`)),
    '',
  ];
};

const thresholdLines = ({ variants, seeds }: Replications, colors: Colors): string[] =>
  variants.flatMap(({ name, thresholds }) =>
    thresholds.length === 0
      ? []
      : [
          colors.bold(name),
          ...thresholds.map(({ expression, passed }) => {
            const mark = passed === seeds.length ? colors.green('✓') : colors.red('✗');
            return `  ${mark} ${expression}  ${colors.dim(`held in ${passed} of ${seeds.length}`)}`;
          }),
        ],
  );

/** Everything from the table on, up to the verdict. */
export const replicationLines = (
  replications: Replications,
  table: (rows: readonly (readonly string[])[]) => string[],
  colors: Colors,
): string[] => {
  const { seeds } = replications;
  return [
    `${seeds.length} replications, seeds ${seeds[0]} to ${seeds.at(-1)}: the median, and the least and the most`,
    '',
    ...table(replicationRows(replications)),
    'Thresholds',
    ...thresholdLines(replications, colors),
    '',
    ...differenceLines(replications, colors),
  ];
};

/** Reasons that are listed; a threshold that fails mostly fails with many seeds. */
const MAX_REASONS = 20;

/** Behind the verdict: how many replications passed, and why the others did not. */
export const replicationReasons = ({ verdicts, reasons }: Replications): string[] => {
  const passed = verdicts.filter((verdict) => verdict === 'pass').length;
  const more = reasons.length - MAX_REASONS;
  return [
    `  ${passed} of ${verdicts.length} replications passed`,
    ...reasons.slice(0, MAX_REASONS).map((reason) => `  ${reason}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
};
