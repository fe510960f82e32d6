/** What can be looked at beyond what is free, each at its price. Nothing here says what the cause is; all of it is what a run left behind. */
import { isObject, type Json, leafPaths } from '../../core/json.js';
import { textTable } from '../../core/text-table.js';
import { formatDuration, formatMebibytes } from '../../core/units.js';
import { elsewhereOf } from '../explain/elsewhere.js';
import { explain } from '../explain/explain.js';
import type { SampledAttempt, SampledRequest, VariantResult } from '../result.js';
import { ofType } from '../result-events.js';
import type { Challenge } from './challenge.js';
import { curve, seconds } from './lines.js';
import type { View } from './opening.js';
import { untilNow } from './until-now.js';

interface Kind {
  readonly title: string;
  /** Points that it costs. */
  readonly cost: number;
  readonly look: (challenge: Challenge, now: VariantResult) => readonly string[];
  /** As of a view. */
  readonly isPicture?: true;
}

const seriesOf = (now: VariantResult, name: string) =>
  now.series.map(({ workers }) => workers.find(({ worker }) => worker === name));

const workerLines = ({ scene }: Challenge, now: VariantResult): string[] => {
  const limit = now.heapLimitBytes ?? 1;
  const all = scene.workers.map((name) => ({ name, points: seriesOf(now, name) }));
  const most = Math.max(1, ...all.flatMap(({ points }) => points.map((point) => point?.queued ?? 0)));
  return all.flatMap(({ name, points }) => {
    const of = (key: 'heapBytes' | 'busy' | 'queued') =>
      points.map((point) => (point === undefined || point.heapBytes === null ? null : point[key]));
    return [
      `${name.padEnd(10)}heap     ${curve(of('heapBytes'), limit)}  of ${formatMebibytes(limit)}`,
      `${''.padEnd(10)}in work  ${curve(of('busy'), scene.slots)}  of ${scene.slots} slots`,
      `${''.padEnd(10)}waiting  ${curve(of('queued'), most)}  of ${most}`,
    ];
  });
};

const MAX_LOG_LINES = 12;

/** Whoever answered with an error of its own is not told: to the gateway it is an answer. */
const failedOf = ({ upstreams }: SampledAttempt): SampledAttempt['upstreams'] =>
  upstreams.filter(({ cause }) => cause !== 'upstream_response');

const logLine = ({ attempts, endMs }: SampledRequest): string => {
  const last = attempts.at(-1)!;
  const { status, cause, rayId, startMs } = last;
  const asked = failedOf(last).map(
    ({ upstream, cause: how, afterMs }) =>
      `${upstream} after ${formatDuration(afterMs)}: ${how.replaceAll('_', ' ')}`,
  );
  const own = `no attempt failed; ${formatDuration(endMs - startMs)}, ${cause.replaceAll('_', ' ')}`;
  const flag = elsewhereOf(cause)?.envoy ?? '-';
  return [
    seconds(endMs),
    status === 0 ? 'no answer' : String(status),
    rayId,
    (flag.length > MAX_FLAG ? '-' : flag).padEnd(MAX_FLAG),
    asked.length === 0 ? own : asked.join(', '),
  ].join('  ');
};

/** Envoy's flags are short words; what has none is told in a sentence. */
const MAX_FLAG = 3;

/** Every so many, so that it is spread over the time. */
const spread = <Item>(items: readonly Item[], most: number): Item[] => {
  const step = Math.max(1, items.length / most);
  return Array.from({ length: Math.min(most, items.length) }, (_, index) => items[Math.floor(index * step)]!);
};

const logLines = (_challenge: Challenge, { requests }: VariantResult): string[] => {
  const answered = requests.filter(({ attempts }) => attempts.length > 0);
  const counts = new Map<string, number>();
  for (const { upstream, cause } of answered.flatMap(({ attempts }) => attempts.flatMap(failedOf))) {
    const key = `${upstream} ${cause.replaceAll('_', ' ')}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const rows = [...counts].sort(([, a], [, b]) => b - a).map(([key, count]) => [key, String(count)]);
  return [
    ...spread(answered, MAX_LOG_LINES).map(logLine),
    '',
    ...(rows.length === 0
      ? ['no attempt at a worker failed']
      : ['failed attempts, of all in the log:', ...textTable(rows)]),
  ];
};

/** One that had an attempt, rather than one that was refused at the door. */
const traceLines = (_challenge: Challenge, now: VariantResult): string[] => {
  const asked = now.requests.filter(({ attempts }) => attempts.some(({ upstreams }) => upstreams.length > 0));
  const request = asked.at(-1) ?? now.requests.at(-1);
  const [explanation] = request === undefined ? [] : explain(now, [request]);
  if (explanation === undefined) return ['no request failed'];
  const { what } = explanation.root;
  // What was at the bottom of it is for whoever plays to find.
  return explanation.steps
    .filter(({ text }) => text !== `it begins: ${what}` && text !== `over: ${what}`)
    .map(({ atMs, text }) => `${(atMs / 1_000).toFixed(3).padStart(8)}s  ${text}`);
};

const valuesText = (pushed: Json): string =>
  leafPaths(pushed)
    .map((path) => {
      const value = path.reduce<unknown>((below, key) => (isObject(below) ? below[key] : undefined), pushed);
      const text = Array.isArray(value)
        ? value.map((one) => `${(one as Json).name}: ${(one as Json).weight}`).join(', ')
        : String(value);
      return `${path.join('.')} = ${text}`;
    })
    .join(', ');

const changeText = (entry: Json): string | null => {
  if ('push-config' in entry) {
    const to = entry.to === 'gateway' ? 'the gateway' : 'the workers';
    return `a config was pushed to ${to}: ${valuesText(entry['push-config'] as Json)}`;
  }
  if ('deploy' in entry) {
    const { version, strategy } = entry.deploy as Json;
    return `a deploy of version ${version} of the workers began, ${strategy}`;
  }
  return null;
};

const changeLines = ({ timeline }: Challenge): string[] => {
  const changes = timeline.flatMap((entry) => {
    const text = changeText(entry);
    return text === null ? [] : [`${seconds(Number.parseFloat(String(entry.at)))}  ${text}`];
  });
  return changes.length === 0 ? ['nobody changed anything'] : changes;
};

/** Requests a second, over some seconds. */
const rateOf = ({ series, bucketMs }: VariantResult, fromMs: number, toMs: number): number => {
  const points = series.filter(({ t }) => t * 1_000 >= fromMs && t * 1_000 < toMs);
  const offered = points.reduce((sum, one) => sum + one.offered, 0);
  return points.length === 0 ? 0 : (offered / (points.length * bucketMs)) * 1_000;
};

const clientLines = ({ times, addresses }: Challenge, now: VariantResult): string[] => {
  const { onsetMs, actMs } = times;
  const before = rateOf(now, 2_000, onsetMs);
  const since = rateOf(now, onsetMs, onsetMs + 5_000);
  const lately = rateOf(now, actMs - 3_000, actMs);
  const tries = now.requests.map(({ attempts }) => attempts.length);
  const [flood] = ofType(now, 'flood.began');
  const each = (rate: number, count: number): string => `${(rate / count).toFixed(1)}/s each`;
  return [
    `known clients ask for ${Math.round(before)}/s before it began, ${Math.round(since)}/s in its first five seconds, ${Math.round(lately)}/s now`,
    `of those that fail, a request is tried ${Math.max(1, ...tries)} times at most`,
    `${addresses} addresses of known clients: ${each(lately, addresses)}`,
    flood === undefined
      ? 'nobody else sends anything'
      : `${flood.fields.identities} other addresses: ${each(flood.fields.rateRps, flood.fields.identities)}`,
  ];
};

/** Every kind there is. Together they cost what is to be had for doing without. */
export const EVIDENCE = {
  workers: { title: 'Each worker over time', cost: 4, look: workerLines, isPicture: true },
  log: { title: 'The gateway’s log of failed requests', cost: 4, look: logLines },
  trace: { title: 'One failed request, step by step', cost: 4, look: traceLines },
  changes: { title: 'What was changed lately', cost: 5, look: changeLines },
  clients: { title: 'Who asks, and how often', cost: 3, look: clientLines },
} as const satisfies Record<string, Kind>;

export type EvidenceKind = keyof typeof EVIDENCE;

export const EVIDENCE_KINDS = Object.keys(EVIDENCE) as readonly EvidenceKind[];

/** @param result of the run in which nothing was done. */
export const evidenceView = (challenge: Challenge, result: VariantResult, kind: EvidenceKind): View => {
  const { title, look, isPicture }: Kind = EVIDENCE[kind];
  const lines = look(challenge, untilNow(result, challenge.times.actMs));
  return { title, lines, ...(isPicture && { isPicture }) };
};
