/** What the real engine said of the bundled scenarios, run after run: the file it is kept in, and the table made of it. */
import { existsSync, readFileSync } from 'node:fs';
import type { Result, Verdict } from 'badgateway';

/** One run of one scenario. */
export interface LibraryRun {
  /** When it began, ISO 8601. */
  readonly startedAt: string;
  readonly node: string;
  readonly cpus: number;
  readonly verdict: Verdict;
  /** Thresholds that did not hold, with what was observed; empty when all did. */
  readonly failed: readonly string[];
  /** By variant and window. */
  readonly availability: Readonly<Record<string, Readonly<Record<string, number | null>>>>;
  /** By variant: deaths of workers. */
  readonly crashes: Readonly<Record<string, number>>;
}

export interface LibraryRuns {
  /** Of the scenario's file; runs of another text say nothing of this one. */
  readonly digest: string;
  /** Oldest first. */
  readonly runs: readonly LibraryRun[];
}

export type LibraryRecord = Readonly<Record<string, LibraryRuns>>;

export const readRecord = (file: URL): LibraryRecord =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as LibraryRecord) : {};

export const toLibraryRun = ({ startedAt, host, verdict, variants }: Result): LibraryRun => ({
  startedAt,
  node: host.node,
  cpus: host.cpus,
  verdict,
  failed: variants.flatMap(({ name, reasons }) => reasons.map((reason) => `${name}: ${reason}`)),
  availability: Object.fromEntries(
    variants.map(({ name, windows }) => [
      name,
      Object.fromEntries(Object.entries(windows).map(([window, { availability }]) => [window, availability])),
    ]),
  ),
  crashes: Object.fromEntries(variants.map(({ name, crashes }) => [name, crashes])),
});

/** As many in a row as the library promises. */
export const PASSES = 3;

/** How many runs in a row passed, up to the newest. */
export const passesInARow = (runs: readonly LibraryRun[]): number => {
  const bad = runs.findLastIndex(({ verdict }) => verdict !== 'pass');
  return runs.length - 1 - bad;
};

/** Windows in which a variant is judged; a baseline is the same for all. */
const TOLD_WINDOWS = ['outage', 'after'] as const;

const percent = (ratio: number): string => {
  const value = ratio * 100;
  return value === 0 || value === 100 ? value.toFixed(0) : value.toFixed(1);
};

const spread = (values: readonly number[]): string => {
  const low = percent(Math.min(...values));
  const high = percent(Math.max(...values));
  return low === high ? low : `${low}–${high}`;
};

const spreadOf = (runs: readonly LibraryRun[], variant: string, window: string): string => {
  const values = runs.flatMap(({ availability }) => availability[variant]?.[window] ?? []);
  return values.length === 0 ? '–' : spread(values);
};

const daysOf = (runs: readonly LibraryRun[]): string =>
  [...new Set(runs.map(({ startedAt }) => startedAt.slice(0, 10)))].join(', ');

const variantRows = (name: string, { runs }: LibraryRuns): string[] => {
  const last = runs.slice(-3);
  return Object.keys(last[0]?.availability ?? {}).map((variant, index) => {
    const crashes = last.map((run) => run.crashes[variant] ?? 0);
    const cells = [
      index === 0 ? `\`${name}\`` : '',
      index === 0 ? `${last.map(({ verdict }) => verdict).join(' · ')} (${daysOf(last)})` : '',
      `\`${variant}\``,
      ...TOLD_WINDOWS.map((window) => spreadOf(last, variant, window)),
      Math.max(...crashes) === 0 ? '0' : [...new Set([Math.min(...crashes), Math.max(...crashes)])].join('–'),
    ];
    return `| ${cells.join(' | ')} |`;
  });
};

/** The last three runs of each. @param names in their order; one that was never run is named as such. */
export const libraryTable = (names: readonly string[], record: LibraryRecord): string => {
  const missing = names.filter((name) => passesInARow(record[name]?.runs ?? []) < PASSES);
  const lines = [
    '| scenario | last runs | variant | availability in the outage, % | after it, % | deaths |',
    '|---|---|---|---:|---:|---:|',
    ...names.flatMap((name) => (record[name] === undefined ? [] : variantRows(name, record[name]))),
  ];
  if (missing.length > 0) {
    lines.push(
      '',
      `Not yet passed three times in a row as they are now: ${missing.map((name) => `\`${name}\``).join(', ')}.`,
    );
  }
  return lines.join('\n');
};
