/** What the curves of a report can show, and how a variant's come to lines. */
import { formatDuration, formatMebibytes } from '../../../core/units.js';
import { lineStyle, OUTCOMES, type Pattern } from '../parts/palette.js';
import { highest, niceCeiling, stackUp, type Values } from '../parts/plot-data.js';
import type { Curves, VariantData } from './report-data.js';

export interface MeasureLine {
  readonly label: string;
  readonly values: Values;
  readonly color: string;
  readonly dash?: readonly number[];
  readonly pattern?: Pattern;
}

export interface Measure {
  readonly key: string;
  /** In a list to choose from. */
  readonly name: string;
  readonly title: string;
  readonly stacked?: boolean;
  readonly heightPx: number;
  readonly format: (value: number) => string;
  readonly unit?: 'bytes';
  /** Empty: this variant has nothing of it. */
  readonly lines: (curves: Curves) => readonly MeasureLine[];
  /** A line across, the same for all workers. */
  readonly limit?: (curves: Curves) => { readonly value: number; readonly label: string } | undefined;
}

const sumOf = (curves: Curves, key: 'busy' | 'queued'): number[] =>
  curves.times.map((_, index) => curves.workers.reduce((sum, worker) => sum + (worker[key][index] ?? 0), 0));

const rate = (value: number): string => `${Math.round(value * 10) / 10}/s`;

const count = (value: number): string => String(Math.round(value * 100) / 100);

export const MEASURES: readonly Measure[] = [
  {
    key: 'outcomes',
    name: 'outcomes',
    title: 'Requests a second, by what became of them',
    stacked: true,
    heightPx: 190,
    format: rate,
    lines: ({ outcomes, pointS }) =>
      OUTCOMES.map(({ label, color, pattern }, index) => ({
        ...{ label, color, pattern },
        values: (outcomes[index] ?? []).map((requests) => requests / pointS),
      })).filter(({ values }) => highest([values]) > 0),
  },
  {
    key: 'latency',
    name: 'latency',
    title: 'Latency of requests that were answered',
    heightPx: 150,
    format: formatDuration,
    lines: ({ p50, p99 }) => [
      { label: 'p50', values: p50, ...lineStyle(0) },
      { label: 'p99', values: p99, ...lineStyle(1) },
    ],
  },
  {
    key: 'tries',
    name: 'amplification',
    title: 'Tries that clients sent for each request',
    heightPx: 110,
    format: count,
    lines: ({ tries }) =>
      tries === null ? [] : [{ label: 'tries per request', values: tries, ...lineStyle(3) }],
  },
  {
    key: 'heap',
    name: 'heap',
    title: 'Heap in use, by worker; a gap is a dead worker',
    heightPx: 150,
    format: formatMebibytes,
    unit: 'bytes',
    // Upstreams of the user's own tell of no heap.
    lines: ({ workers, heapLimitBytes }) =>
      heapLimitBytes === null
        ? []
        : workers.map(({ id, heap }, index) => ({ label: id, values: heap, ...lineStyle(index) })),
    limit: ({ heapLimitBytes }) =>
      heapLimitBytes === null
        ? undefined
        : { value: heapLimitBytes, label: `limit ${formatMebibytes(heapLimitBytes)}` },
  },
  {
    key: 'work',
    name: 'work and queue',
    title: 'Requests in the workers: in work, and waiting',
    heightPx: 130,
    format: count,
    lines: (curves) =>
      curves.workers.length === 0
        ? []
        : [
            { label: 'in work', values: sumOf(curves, 'busy'), ...lineStyle(0) },
            { label: 'waiting', values: sumOf(curves, 'queued'), ...lineStyle(1) },
          ],
  },
];

/** One scale for all variants, so that heights can be compared. */
export const topOf = (measure: Measure, variants: readonly VariantData[]): number => {
  const tops = variants.map(({ curves }) => {
    const values = measure.lines(curves).map((line) => line.values);
    const top = measure.stacked === true ? highest(stackUp(values).slice(-1)) : highest(values);
    return Math.max(top, measure.limit?.(curves)?.value ?? 0);
  });
  const limited = variants.some(({ curves }) => measure.limit?.(curves) !== undefined);
  const top = Math.max(0, ...tops);
  return limited ? top : niceCeiling(top);
};
