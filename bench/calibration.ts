/**
 * What calibration compares: the same scenario, with the same seeds, in both engines. Kept of each run is what its
 * windows show; held against each other are the means over the seeds, since one run more or one less of a crash loop is
 * chance in either engine.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { Result, VariantResult } from 'badgateway';

export interface CalibratedWindow {
  readonly requests: number;
  readonly availability: number;
  /** Milliseconds, of requests that were answered. */
  readonly p50: number;
  readonly p99: number;
}

/** One run of one variant. */
export interface CalibratedRun {
  readonly variant: string;
  readonly seed: number;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly windows: Readonly<Record<string, CalibratedWindow>>;
  /** Of the whole run: shares of its requests by last status. */
  readonly status: Readonly<Record<string, number>>;
  readonly firstStatusMs: Readonly<Record<string, number>>;
  readonly crashes: number;
  /** Share of the probe's samples that waited for a processor, worst window; `null` in virtual time. */
  readonly starved: number | null;
}

export interface CalibratedFile {
  /** Of the file that was run: another one has to be measured again. */
  readonly digest: string;
  readonly runs: readonly CalibratedRun[];
}

export interface Measured {
  readonly host: { readonly cpu: string; readonly cpus: number; readonly node: string };
  /** By the name of the file. */
  readonly files: Readonly<Record<string, CalibratedFile>>;
}

export const calibrationFiles = (folder: URL): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .sort();

export const digestOf = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 16);

/** @throws when there is none. */
export const readMeasured = (file: URL): Measured => JSON.parse(readFileSync(file, 'utf8')) as Measured;

/** Of the whole run, among the windows of a result. */
const WHOLE_RUN = '(run)';

const round = (value: number, digits: number): number => Number(value.toFixed(digits));

const toRun = (
  { name, windows, firstStatusMs, crashes, machine }: VariantResult,
  { seed, startedAt }: Pick<Result, 'seed' | 'startedAt'>,
): CalibratedRun => {
  const { requests, status } = windows[WHOLE_RUN]!;
  return {
    ...{ variant: name, seed, startedAt, crashes },
    windows: Object.fromEntries(
      Object.entries(windows)
        .filter(([window]) => window !== WHOLE_RUN)
        .map(([window, { requests: sent, availability, latencyMs }]) => [
          window,
          {
            requests: sent,
            availability: round(availability ?? 0, 4),
            p50: round(latencyMs.p50, 1),
            p99: round(latencyMs.p99, 1),
          },
        ]),
    ),
    status: Object.fromEntries(
      Object.entries(status).map(([code, count]) => [code, round(count / requests, 4)]),
    ),
    firstStatusMs: Object.fromEntries(
      Object.entries(firstStatusMs).map(([code, atMs]) => [code, round(atMs, 0)]),
    ),
    starved: machine?.starvedSamples === undefined ? null : round(machine.starvedSamples ?? 0, 3),
  };
};

/** One run of each variant. */
export const toRuns = (result: Pick<Result, 'seed' | 'startedAt' | 'variants'>): CalibratedRun[] =>
  result.variants.map((variant) => toRun(variant, result));

export const variantsOf = (runs: readonly CalibratedRun[]): string[] => [
  ...new Set(runs.map(({ variant }) => variant)),
];

export const runsOf = (runs: readonly CalibratedRun[], variant: string): CalibratedRun[] =>
  runs.filter((run) => run.variant === variant);

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Means over the seeds. */
export const windowOf = (runs: readonly CalibratedRun[], window: string): CalibratedWindow => {
  const of = (key: keyof CalibratedWindow): number =>
    meanOf(runs.map(({ windows }) => windows[window]![key]));
  return { requests: of('requests'), availability: of('availability'), p50: of('p50'), p99: of('p99') };
};

/** How far the engines may lie apart. */
export const BANDS = {
  /** Of all requests of a window: what the issue of calibration asks for. */
  availability: 0.05,
  /**
   * Milliseconds, or a share of the real value, whichever is more. A median stands on hundreds of answers; what is left is
   * that every way through a process waits for a processor: the medians of one run differ by up to 6 ms with how busy the
   * machine is otherwise, and by 1 ms where it is not.
   */
  p50: { ms: 7, ratio: 0.15 },
  /**
   * A p99 stands on the three to nine slowest answers of a window, and these on what the machine did in that moment.
   */
  p99: { ms: 20, ratio: 0.3 },
} as const;

/** A status that fewer clients got, in the mean over the seeds, is no part of a scenario's order. */
const SEEN_RATIO = 0.005;

/** Two statuses that came nearer to each other than this came at once. */
const AT_ONCE_MS = 100;

const shareOf = (runs: readonly CalibratedRun[], status: string): number =>
  meanOf(runs.map((run) => run.status[status] ?? 0));

/** Statuses of failures that enough clients got, as they first came. */
export const errorsOf = (runs: readonly CalibratedRun[]): { status: string; firstMs: number }[] => {
  const statuses = new Set(runs.flatMap(({ status }) => Object.keys(status)));
  return [...statuses]
    .filter((status) => !status.startsWith('2') && shareOf(runs, status) >= SEEN_RATIO)
    .map((status) => ({
      status,
      firstMs: meanOf(runs.flatMap(({ firstStatusMs }) => firstStatusMs[status] ?? [])),
    }))
    .sort((a, b) => a.firstMs - b.firstMs);
};

const compareOrder = (real: readonly CalibratedRun[], virtual: readonly CalibratedRun[]): string[] => {
  const [ours, theirs] = [errorsOf(virtual), errorsOf(real)];
  const namesOf = (errors: typeof ours): string => errors.map(({ status }) => status).join(', ') || 'none';
  // A status at the edge of being seen may be seen in one engine alone.
  const isMissing = (runs: readonly CalibratedRun[], errors: typeof ours): boolean =>
    errors.some(({ status }) => shareOf(runs, status) < SEEN_RATIO / 2);
  const isTurned = theirs.some(({ status: first, firstMs }, index) =>
    theirs.slice(index + 1).some(({ status: second, firstMs: secondMs }) => {
      const [a, b] = [first, second].map((name) => ours.find(({ status }) => status === name)?.firstMs);
      if (a === undefined || b === undefined || secondMs - firstMs <= AT_ONCE_MS) return false;
      return b < a;
    }),
  );
  if (!isTurned && !isMissing(virtual, theirs) && !isMissing(real, ours)) return [];
  return [`errors: ${namesOf(theirs)} really, ${namesOf(ours)} virtually`];
};

const percent = (ratio: number): string => `${(ratio * 100).toFixed(1)} %`;

/** @returns what lies outside of the bands, with both values. */
export const compareEngines = (
  real: readonly CalibratedRun[],
  virtual: readonly CalibratedRun[],
): string[] => {
  const found = compareOrder(real, virtual);
  for (const window of Object.keys(real[0]!.windows)) {
    const [truth, model] = [windowOf(real, window), windowOf(virtual, window)];
    if (Math.abs(truth.availability - model.availability) > BANDS.availability) {
      const values = `${percent(truth.availability)} really, ${percent(model.availability)} virtually`;
      found.push(`availability[${window}]: ${values}`);
    }
    for (const key of ['p50', 'p99'] as const) {
      const bandMs = Math.max(BANDS[key].ms, BANDS[key].ratio * truth[key]);
      if (Math.abs(truth[key] - model[key]) <= bandMs) continue;
      const values = `${truth[key].toFixed(1)} ms really, ${model[key].toFixed(1)} ms virtually`;
      found.push(`${key}[${window}]: ${values}, may differ by ${bandMs.toFixed(1)} ms`);
    }
  }
  return found;
};
