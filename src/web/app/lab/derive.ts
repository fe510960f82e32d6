/** What curves and headline numbers are made of: ticks, added up over the second before, since one tick alone jumps. */
import type { FeedEvent, Tick } from '../../../scenarios/live/feed.js';
import { OUTCOMES, type Outcome, outcomeOf } from '../parts/palette.js';

/** Long enough for a steady curve at 60 requests a second, short enough to be seen at once. */
export const SMOOTH_MS = 1_000;

/** A number for each tick: the counts of the ticks within `SMOOTH_MS` before its end, for each second. */
export const ratesOf = (ticks: readonly Tick[], count: (tick: Tick) => number): number[] => {
  let from = 0;
  let spanMs = 0;
  let sum = 0;
  return ticks.map((tick) => {
    spanMs += tick.spanMs;
    sum += count(tick);
    while (from < ticks.length - 1 && spanMs - ticks[from]!.spanMs >= SMOOTH_MS) {
      spanMs -= ticks[from]!.spanMs;
      sum -= count(ticks[from]!);
      from += 1;
    }
    return spanMs > 0 ? (Math.max(0, sum) * 1_000) / spanMs : 0;
  });
};

/** Requests that ended in this tick, by outcome. A good status that came too late is another error. */
export const outcomesOf = (tick: Tick): Readonly<Record<Outcome['key'], number>> => {
  const counts: Record<Outcome['key'], number> = { ok: 0, '502': 0, '503': 0, '504': 0, other: 0, none: 0 };
  for (const [status, count] of Object.entries(tick.status)) counts[outcomeOf(status)] += count;
  counts.other += Math.max(0, counts.ok - tick.ok);
  counts.ok = tick.ok;
  return counts;
};

export const mixOf = (
  ticks: readonly Tick[],
): readonly { readonly outcome: Outcome; readonly values: number[] }[] => {
  const counted = new Map(ticks.map((tick) => [tick, outcomesOf(tick)]));
  return OUTCOMES.map((outcome) => ({
    outcome,
    values: ratesOf(ticks, (tick) => counted.get(tick)![outcome.key]),
  }));
};

/** Ticks of the last so many seconds. */
export const lastOf = (ticks: readonly Tick[], seconds: number): readonly Tick[] => {
  const end = ticks.at(-1)?.t ?? 0;
  return ticks.slice(
    Math.max(
      0,
      ticks.findIndex(({ t }) => t > end - seconds),
    ),
  );
};

export interface Headline {
  readonly offeredRps: number;
  readonly goodRps: number;
  /** Of the requests that ended; `null`: none did. */
  readonly goodRatio: number | null;
  /** Failed, by outcome, a second; those that are not there are left out. */
  readonly failed: readonly { readonly outcome: Outcome; readonly rps: number }[];
  readonly latencyMs: Tick['latencyMs'];
  readonly amplification: number | null;
  /** The cause of most failures; `null`: there are none. */
  readonly cause: string | null;
}

/** Latest of the values that are there. */
const latest = <Value>(ticks: readonly Tick[], pick: (tick: Tick) => Value | null): Value | null => {
  for (let at = ticks.length - 1; at >= 0; at -= 1) {
    const value = pick(ticks[at]!);
    if (value !== null) return value;
  }
  return null;
};

const mostOf = (ticks: readonly Tick[]): string | null => {
  const sums = new Map<string, number>();
  for (const { cause } of ticks) {
    for (const [name, count] of Object.entries(cause)) sums.set(name, (sums.get(name) ?? 0) + count);
  }
  return [...sums].sort(([, one], [, other]) => other - one)[0]?.[0] ?? null;
};

/** What there is to be said of the last second. */
export const headlineOf = (all: readonly Tick[]): Headline => {
  const ticks = lastOf(all, SMOOTH_MS / 1_000);
  const seconds = ticks.reduce((sum, { spanMs }) => sum + spanMs, 0) / 1_000;
  const perSecond = (count: (tick: Tick) => number): number =>
    seconds === 0 ? 0 : ticks.reduce((sum, tick) => sum + count(tick), 0) / seconds;
  const counted = ticks.map(outcomesOf);
  const sums = OUTCOMES.map((outcome) => ({
    outcome,
    rps: seconds === 0 ? 0 : counted.reduce((sum, counts) => sum + counts[outcome.key], 0) / seconds,
  }));
  const ended = sums.reduce((sum, { rps }) => sum + rps, 0);
  const good = sums.find(({ outcome }) => outcome.key === 'ok')?.rps ?? 0;
  return {
    offeredRps: perSecond(({ offered }) => offered),
    goodRps: good,
    goodRatio: ended === 0 ? null : good / ended,
    failed: sums.filter(({ outcome, rps }) => outcome.key !== 'ok' && rps > 0),
    latencyMs: latest(ticks, ({ latencyMs }) => latencyMs),
    amplification: latest(ticks, ({ amplification }) => amplification),
    cause: mostOf(ticks),
  };
};

const SHORT: readonly (readonly [long: string, short: string])[] = [
  ['worker-', 'w'],
  ['gateway-', 'gw'],
];

/** An id, as short as a mark has room for. */
const short = (id: unknown): string =>
  typeof id === 'string' ? SHORT.reduce((text, [from, to]) => text.replace(from, to), id) : '';

/** Short words for a mark in a curve; `null`: an event that is none. */
export const markOf = ({ eventType, text, fields }: FeedEvent): string | null => {
  const worker = short(fields.worker);
  const fault = typeof fields.fault === 'string' ? fields.fault : '';
  switch (eventType) {
    case 'fault.injected':
      return `${fault} ${worker}`;
    case 'fault.healed':
      return `healed ${worker}`;
    case 'worker.exited':
      return `† ${worker}`;
    case 'config.pushed':
      return 'push';
    case 'config.rolled-back':
      return 'rollback';
    case 'config.locked':
      return 'locked';
    case 'link.toxic-added':
      return `${fields.toxic} link ${short(fields.link)}`;
    case 'link.toxic-removed':
      return `link ${short(fields.link)} well`;
    case 'dependency.disturbed':
      return `${fault} ${fields.dependency}`;
    case 'dependency.recovered':
      return `${fields.dependency} well`;
    case 'gateway.disrupted':
      return `${fields.how} ${short(fields.gateway)}`;
    case 'gateway.recovered':
      return `${short(fields.gateway)} back`;
    case 'certificate.replaced':
      return `certificate ${fields.as}`;
    case 'clients.updated':
      return 'clients';
    case 'clients.reverted':
      return 'clients as before';
    case 'flood.began':
      return 'flood';
    case 'flood.ended':
      return 'flood over';
    case 'load.changed':
      return fields.rateRps === null ? `load ×${fields.scale}` : `${fields.rateRps}/s`;
    case 'deploy.began':
      return `deploy v${fields.version}`;
    case 'deploy.rolled-back':
      return `deploy back to v${fields.version}`;
    case 'fleet.scaled':
      return `${fields.to} workers`;
    case 'run.noted':
      return text.length > 24 ? `${text.slice(0, 23)}…` : text;
    default:
      return null;
  }
};

export const formatRps = (rps: number): string => (rps >= 10 || rps === 0 ? rps.toFixed(0) : rps.toFixed(1));

export const formatMs = (ms: number): string =>
  ms >= 10_000
    ? `${(ms / 1_000).toFixed(0)} s`
    : ms >= 1_000
      ? `${(ms / 1_000).toFixed(1)} s`
      : `${ms.toFixed(0)} ms`;

export const formatMiB = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(0)} MiB`;

export const formatPercent = (ratio: number): string => {
  const percent = ratio * 100;
  // What is not all is never said to be all.
  const digits = percent === 100 || percent === 0 ? 0 : percent > 99 ? 2 : 1;
  return `${(digits === 2 ? Math.floor(percent * 100) / 100 : percent).toFixed(digits)} %`;
};
