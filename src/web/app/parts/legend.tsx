/** What is drawn how, and what it comes to at the moment of the cursor. */
import { type TimeCursor, useMoment } from './cursor.js';
import type { Pattern } from './palette.js';
import { indexAt, type Values } from './plot-data.js';

/** A bit of a line or an area, as the chart has it. */
export const Swatch = ({
  color,
  dash = [],
  pattern,
}: {
  readonly color: string;
  readonly dash?: readonly number[];
  readonly pattern?: Pattern;
}) =>
  pattern === undefined ? (
    <svg class="swatch" viewBox="0 0 28 12" aria-hidden="true">
      <path d="M0,6H28" style={`stroke:var(--${color})`} stroke-dasharray={dash.join(' ')} />
    </svg>
  ) : (
    <span class={`swatch area ${pattern}`} style={`background-color:var(--${color})`} aria-hidden="true" />
  );

export interface LegendEntry {
  readonly label: string;
  readonly color: string;
  readonly dash?: readonly number[];
  /** Of an area; left out: a line. */
  readonly pattern?: Pattern;
  readonly values?: Values;
}

export interface LegendProps {
  readonly entries: readonly LegendEntry[];
  readonly times?: readonly number[];
  readonly cursor?: TimeCursor;
  readonly format?: (value: number) => string;
}

const LegendWithValues = ({ entries, times, cursor, format }: Required<LegendProps>) => {
  const atS = useMoment(cursor);
  const index = atS === null ? -1 : indexAt(times, atS);
  const textOf = ({ values = [] }: LegendEntry): string => {
    const value = values[index];
    if (value === undefined) return '';
    return value === null ? '–' : format(value);
  };
  return (
    <ul class="legend">
      {entries.map((entry) => (
        <li key={entry.label}>
          <Swatch {...entry} />
          {entry.label} <b>{textOf(entry)}</b>
        </li>
      ))}
    </ul>
  );
};

/** With values where there is a cursor. */
export const Legend = ({ entries, times = [], cursor, format = String }: LegendProps) =>
  cursor === undefined ? (
    <ul class="legend">
      {entries.map((entry) => (
        <li key={entry.label}>
          <Swatch {...entry} />
          {entry.label}
        </li>
      ))}
    </ul>
  ) : (
    <LegendWithValues entries={entries} times={times} cursor={cursor} format={format} />
  );
