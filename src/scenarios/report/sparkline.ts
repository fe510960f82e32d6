/**
 * A run in two lines of text: how many good answers there were, as bars, and below each bar the error that was most frequent.
 * Made of characters alone, so that it says the same without colour.
 */
import { formatDuration } from '../../core/units.js';
import type { VariantResult } from '../result.js';

const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/** Below so many failures of what was meant to be sent in a column, it counts as good. */
const QUIET_SHARE = 0.01;

const QUIET = '·';

/** What stands for an error status. */
const MARKS: Readonly<Record<string, string>> = { '502': '2', '503': '3', '504': '4', none: 'x' };
const OTHER_MARK = 'o';

const MARK_MEANINGS: readonly (readonly [mark: string, meaning: string])[] = [
  ['2', '502'],
  ['3', '503'],
  ['4', '504'],
  ['x', 'no answer'],
  [OTHER_MARK, 'another error'],
];

/** What those marks mean that occur in a text, such as `, 2: 502, x: no answer`; empty for none. */
export const markLegend = (marks: string): string =>
  MARK_MEANINGS.filter(([mark]) => marks.includes(mark))
    .map(([mark, meaning]) => `, ${mark}: ${meaning}`)
    .join('');

const isGood = (status: string): boolean => /^[23]\d\d$/.test(status);

/** Several buckets of a series together. */
interface Column {
  /** How many; the last column may have fewer than the others. */
  buckets: number;
  offered: number;
  ok: number;
  readonly errors: Map<string, number>;
}

export interface SparkScale {
  /** What one column stands for. */
  readonly columnMs: number;
  readonly columns: number;
  /** Good answers in a bucket, by the mean of a column, that are a full bar. */
  readonly top: number;
}

const columnsOf = ({ series, bucketMs }: VariantResult, columnMs: number): Column[] => {
  const perColumn = Math.max(1, Math.round(columnMs / bucketMs));
  const columns: Column[] = [];
  for (const [index, { offered, ok, status }] of series.entries()) {
    const at = Math.floor(index / perColumn);
    columns[at] ??= { buckets: 0, offered: 0, ok: 0, errors: new Map() };
    const column = columns[at];
    column.buckets++;
    column.offered += offered;
    column.ok += ok;
    for (const [key, count] of Object.entries(status)) {
      if (!isGood(key)) column.errors.set(key, (column.errors.get(key) ?? 0) + count);
    }
  }
  return columns;
};

/** One scale for all variants, so that heights can be compared. @param width columns there are. */
export const sparkScale = (variants: readonly VariantResult[], width: number): SparkScale => {
  const durationMs = Math.max(...variants.map((one) => one.durationMs));
  const bucketMs = Math.max(...variants.map((one) => one.bucketMs));
  const perColumn = Math.max(1, Math.ceil(durationMs / bucketMs / Math.max(1, width)));
  const columnMs = perColumn * bucketMs;
  const means = variants.flatMap((one) => columnsOf(one, columnMs).map(({ ok, buckets }) => ok / buckets));
  const top = Math.max(1, ...means);
  return { columnMs, columns: Math.ceil(durationMs / columnMs), top };
};

const barOf = ({ offered, ok, buckets }: Column, top: number): string => {
  if (offered === 0) return ' ';
  return BARS[ok === 0 ? 0 : Math.max(1, Math.round((ok / buckets / top) * (BARS.length - 1)))]!;
};

const markOf = ({ offered, ok, errors }: Column): string => {
  if (offered === 0) return ' ';
  if (offered - ok <= offered * QUIET_SHARE) return QUIET;
  const [most] = [...errors].sort(([, a], [, b]) => b - a);
  return most === undefined ? QUIET : (MARKS[most[0]] ?? OTHER_MARK);
};

/** Good answers, and the most frequent error, by column. */
export const sparkline = (
  variant: VariantResult,
  scale: SparkScale,
): readonly [bars: string, marks: string] => {
  const columns = columnsOf(variant, scale.columnMs);
  return [columns.map((one) => barOf(one, scale.top)).join(''), columns.map(markOf).join('')];
};

/** Between two labels of the axis. */
const STEPS_S = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600] as const;
const MIN_LABEL_COLUMNS = 8;

/** Labels at round seconds, each beginning at its column. */
export const sparkAxis = ({ columnMs, columns }: SparkScale): string => {
  const stepS = STEPS_S.find((step) => (step * 1000) / columnMs >= MIN_LABEL_COLUMNS) ?? STEPS_S.at(-1)!;
  let axis = '';
  for (let s = 0; (s * 1000) / columnMs < columns; s += stepS) {
    axis = `${axis.padEnd(Math.round((s * 1000) / columnMs))}${formatDuration(s * 1000).replace(/^0ms$/, '0s')}`;
  }
  return axis;
};
