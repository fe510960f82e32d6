/** A sweep as a table for other programs: RFC 4180, one line for each run. */
import type { SweepResult } from './sweep-result.js';

const field = (value: unknown): string => {
  const text = value === null ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

const line = (fields: readonly unknown[]): string => `${fields.map(field).join(',')}\r\n`;

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
    line([variant, ...point, seed, ...values, recovered]),
  );
  return [line(head), ...rows].join('');
};
