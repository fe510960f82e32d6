/** The series of a result as a table for other programs: RFC 4180, one line for each variant and bucket of time. */
import { csvLine } from '../../core/csv.js';
import type { Result, SeriesPoint } from '../result.js';

const LATENCIES = ['p50', 'p95', 'p99', 'max'] as const;

/** A model's heap has fractions of bytes. */
const wholeBytes = (bytes: number | null): number | null => (bytes === null ? null : Math.round(bytes));

const workerFields = ({ workers }: SeriesPoint, name: string): (number | null)[] => {
  const worker = workers.find((one) => one.worker === name);
  return worker === undefined
    ? [null, null, null]
    : [wholeBytes(worker.heapBytes), worker.busy, worker.queued];
};

/**
 * Columns are the same for all variants: every status and every worker that any of them has. Units are in their names;
 * empty: no value, as the heap of a worker that is down.
 */
export const renderSeriesCsv = ({ variants }: Pick<Result, 'variants'>): string => {
  const points = variants.flatMap(({ series }) => series);
  const statuses = [...new Set(points.flatMap(({ status }) => Object.keys(status)))].sort();
  const workers = [...new Set(points.flatMap((point) => point.workers.map(({ worker }) => worker)))];
  const head = [
    'variant',
    't_s',
    'offered',
    'ok',
    'tries',
    ...statuses.map((status) => `status_${status}`),
    ...LATENCIES.map((name) => `latency_${name}_ms`),
    ...workers.flatMap((worker) => [`${worker}_heap_bytes`, `${worker}_busy`, `${worker}_queued`]),
  ];
  const lines = variants.flatMap(({ name, series }) =>
    series.map((point) =>
      csvLine([
        name,
        point.t,
        point.offered,
        point.ok,
        point.tries ?? null,
        ...statuses.map((status) => point.status[status] ?? 0),
        ...LATENCIES.map((quantile) => point.latencyMs[quantile]),
        ...workers.flatMap((worker) => workerFields(point, worker)),
      ]),
    ),
  );
  return [csvLine(head), ...lines].join('');
};
