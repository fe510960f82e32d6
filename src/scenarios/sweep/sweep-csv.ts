/** A sweep as a table for other programs: RFC 4180, one line for each run. */
import { csvLine } from '../../core/csv.js';
import type { SweepResult } from './sweep-result.js';

/** Shares are from 0 to 1, durations in milliseconds; empty: no value. */
export const renderCsv = ({ parameters, metrics, runs }: SweepResult): string => {
  const head = [
    'variant',
    ...parameters.map(({ name }) => name),
    'seed',
    ...metrics.map(({ expression }) => expression),
    'recovered',
  ];
  const rows = runs.map(({ variant, point, seed, values, recovered }) =>
    csvLine([variant, ...point, seed, ...values, recovered]),
  );
  return [csvLine(head), ...rows].join('');
};
