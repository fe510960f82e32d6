/** What scenarios come to with other proxies in the gateway's place: the file it is kept in, and the table made of it. */
import { existsSync, readFileSync } from 'node:fs';
import type { Result } from 'badgateway';

/** One variant at one target. */
interface Measured {
  readonly verdict: string;
  /** By window. */
  readonly availability: Readonly<Record<string, number | null>>;
  /** The most frequent status in the outage that is no good answer; '' where there is none. */
  readonly error: string;
  /** Thresholds that did not hold there. */
  readonly failed: readonly string[];
}

export interface TargetRun {
  /** Of the scenario's file. */
  readonly digest: string;
  readonly startedAt: string;
  readonly verdict: string;
  readonly proxies: Readonly<Record<string, string>>;
  /** By `variant@target`. */
  readonly measured: Readonly<Record<string, Measured>>;
  /** What was not run, with what the target lacks for it. */
  readonly impossible: Readonly<Record<string, readonly string[]>>;
  /** Of which the machine leaves nothing to say. */
  readonly spoiled: readonly string[];
}

export type TargetRuns = Readonly<Record<string, TargetRun>>;

export const readTargetRuns = (file: URL): TargetRuns =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as TargetRuns) : {};

const worstError = (status: Readonly<Record<string, number>>): string => {
  const errors = Object.entries(status).filter(([name]) => !/^[123]/.test(name));
  return errors.sort(([, a], [, b]) => b - a)[0]?.[0] ?? '';
};

export const toTargetRun = (result: Result, digest: string): TargetRun => ({
  digest,
  startedAt: result.startedAt,
  verdict: result.verdict,
  proxies: result.host.proxies ?? {},
  measured: Object.fromEntries(
    result.variants.map(({ name, verdict, windows, reasons }) => [
      name,
      {
        verdict,
        availability: Object.fromEntries(
          Object.entries(windows).map(([window, { availability }]) => [window, availability]),
        ),
        error: worstError((windows.outage ?? windows['(run)'])?.status ?? {}),
        failed: reasons,
      },
    ]),
  ),
  impossible: Object.fromEntries((result.skippedVariants ?? []).map(({ name, reasons }) => [name, reasons])),
  spoiled: result.variants.filter(({ verdict }) => verdict === 'inconclusive').map(({ name }) => name),
});

const percent = (ratio: number | null | undefined): string =>
  ratio === null || ratio === undefined
    ? '–'
    : `${(ratio * 100).toFixed(ratio === 1 || ratio === 0 ? 0 : 1)}`;

const cellOf = ({ measured, impossible }: TargetRun, name: string): string => {
  if (impossible[name] !== undefined) return 'cannot';
  const found = measured[name];
  if (found === undefined) return '–';
  const { availability, error, verdict } = found;
  const after = availability.after;
  const shown = [percent(availability.outage), ...(after === undefined ? [] : [percent(after)])].join(' · ');
  const with_ =
    error === '' || availability.outage === 1 ? '' : ` (${error === 'none' ? 'no answer' : error})`;
  return `${shown}${with_}${verdict === 'inconclusive' ? ' ?' : ''}`;
};

const TITLES: Readonly<Record<string, string>> = {
  gateway: 'badgateway',
  nginx: 'nginx',
  haproxy: 'HAProxy',
  caddy: 'Caddy',
};

/** @param plan variants by scenario. */
export const targetTable = (
  runs: TargetRuns,
  plan: Readonly<Record<string, readonly string[]>>,
  targets: readonly string[],
): string => {
  const rows = Object.entries(plan).flatMap(([scenario, variants]) => {
    const run = runs[scenario];
    if (run === undefined) return [];
    return variants.map((variant, index) => [
      index === 0 ? `\`${scenario}\`` : '',
      `\`${variant}\``,
      ...targets.map((target) => cellOf(run, `${variant}@${target}`)),
    ]);
  });
  const head = ['scenario', 'variant', ...targets.map((target) => TITLES[target] ?? target)];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const versions = Object.entries(Object.assign({}, ...Object.values(runs).map(({ proxies }) => proxies)))
    .map(([name, version]) => `${TITLES[name] ?? name} ${version}`)
    .join(', ');
  const days = [...new Set(Object.values(runs).map(({ startedAt }) => startedAt.slice(0, 10)))].sort();
  return [
    line(head),
    line(head.map((_, index) => (index < 2 ? '---' : '---:'))),
    ...rows.map(line),
    '',
    `${versions}; ${days.join(', ')}. A question mark: the machine was too busy for that run to be judged.`,
  ].join('\n');
};
