/** Counts and latencies of requests that were kept, by window, class, bucket and second, with Node's own histogram. */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { ClientClass } from '../../src/scenarios/clients/classes.js';
import type { RequestRecord } from '../../src/scenarios/clients/clients.js';
import { groupsOf, selects } from '../../src/scenarios/clients/selectors.js';
import type { RequestsResult, SeriesPoint, WindowResult } from '../../src/scenarios/result.js';
import type { Window } from '../../src/scenarios/scenario.js';
import type { WorkerSample } from '../../src/upstream/fleet.js';

export const BUCKET_MS = 250;
const RECOVERY_SECONDS = 3;
const RECOVERY_AVAILABILITY = 0.99;

const statusKey = (status: number): string => (status === 0 ? 'none' : String(status));

const increment = (counts: Record<string, number>, key: string): void => {
  counts[key] = (counts[key] ?? 0) + 1;
};

export const round = (value: number, digits = 2): number => Number(value.toFixed(digits));

const newHistogram = (): RecordableHistogram => createHistogram({ figures: 3 });

const recordMs = (histogram: RecordableHistogram, ms: number): void =>
  histogram.record(Math.max(1, Math.round(ms * 1000)));

const latency = (histogram: RecordableHistogram): RequestsResult['latencyMs'] => {
  const of = (us: number): number => (histogram.count === 0 ? 0 : round(us / 1000));
  return {
    p50: of(histogram.percentile(50)),
    p95: of(histogram.percentile(95)),
    p99: of(histogram.percentile(99)),
    max: of(histogram.max),
  };
};

export const within = (window: Window) => (record: RequestRecord) =>
  record.arrivalMs >= window.fromMs && record.arrivalMs < window.toMs;

/**
 * Of the work that workers finished in a window, the share that nobody waited for any more. Workers count since they
 * began; a count that falls is another process's.
 */
const wastedShare = (window: Window, samples: readonly WorkerSample[], originMs: number): number | null => {
  const before = new Map<string, WorkerSample>();
  let served = 0;
  let wasted = 0;
  for (const sample of samples) {
    const last = before.get(sample.worker);
    before.set(sample.worker, sample);
    const atMs = sample.atMs - originMs;
    if (atMs < window.fromMs || atMs >= window.toMs) continue;
    const restarted = last === undefined || sample.served < last.served || sample.wasted < last.wasted;
    served += sample.served - (restarted ? 0 : last.served);
    wasted += sample.wasted - (restarted ? 0 : last.wasted);
  }
  return served + wasted === 0 ? null : wasted / (served + wasted);
};

/** @param records those that were meant to be sent within the window. */
const measureRequests = ({ fromMs, toMs }: Window, records: readonly RequestRecord[]): RequestsResult => {
  const status: Record<string, number> = {};
  const cause: Record<string, number> = {};
  const histogram = newHistogram();
  let ok = 0;
  let degraded = 0;
  let attempts = 0;
  for (const record of records) {
    increment(status, statusKey(record.status));
    attempts += record.attempts.length;
    if (record.degraded) degraded++;
    if (record.ok) ok++;
    else increment(cause, record.cause);
    if (record.status !== 0) recordMs(histogram, record.endMs - record.arrivalMs);
  }
  const requests = records.length;
  return {
    requests,
    availability: requests === 0 ? null : ok / requests,
    goodputRps: round(ok / ((toMs - fromMs) / 1000)),
    amplification: requests === 0 ? null : attempts / requests,
    ...(degraded > 0 && { degraded: degraded / ok }),
    status,
    cause,
    latencyMs: latency(histogram),
  };
};

export const measureWindow = (
  window: Window,
  all: readonly RequestRecord[],
  samples: readonly WorkerSample[] = [],
  originMs = 0,
): WindowResult => ({
  fromMs: window.fromMs,
  toMs: window.toMs,
  ...measureRequests(window, all.filter(within(window))),
  wasted: wastedShare(window, samples, originMs),
});

interface Bucket {
  readonly histogram: RecordableHistogram;
  readonly status: Record<string, number>;
  offered: number;
  ok: number;
  tries: number;
  readonly workers: Map<string, { heapBytes: number; busy: number; queued: number }>;
}

export const measureSeries = (
  durationMs: number,
  records: readonly RequestRecord[],
  samples: readonly WorkerSample[],
  workers: readonly string[],
  originMs: number,
): SeriesPoint[] => {
  const buckets: Bucket[] = Array.from({ length: Math.ceil(durationMs / BUCKET_MS) }, () => ({
    histogram: newHistogram(),
    status: {},
    offered: 0,
    ok: 0,
    tries: 0,
    workers: new Map(),
  }));
  const bucketAt = (ms: number): Bucket | undefined => buckets[Math.floor(ms / BUCKET_MS)];
  for (const record of records) {
    const bucket = bucketAt(record.arrivalMs);
    if (bucket === undefined) continue;
    bucket.offered++;
    if (record.ok) bucket.ok++;
    bucket.tries += record.attempts.length;
    increment(bucket.status, statusKey(record.status));
    if (record.status !== 0) recordMs(bucket.histogram, record.endMs - record.arrivalMs);
  }
  for (const { worker, atMs, heapBytes, busy, queued } of samples) {
    const bucket = bucketAt(atMs - originMs);
    const before = bucket?.workers.get(worker);
    bucket?.workers.set(worker, { heapBytes: Math.max(heapBytes, before?.heapBytes ?? 0), busy, queued });
  }
  return buckets.map((bucket, index) => ({
    t: round((index * BUCKET_MS) / 1000, 3),
    offered: bucket.offered,
    ok: bucket.ok,
    tries: bucket.tries,
    status: bucket.status,
    latencyMs: latency(bucket.histogram),
    workers: workers.map((worker) => {
      const sample = bucket.workers.get(worker);
      return {
        worker,
        heapBytes: sample?.heapBytes ?? null,
        busy: sample?.busy ?? 0,
        queued: sample?.queued ?? 0,
      };
    }),
  }));
};

/** Whether each second of the run was good; a second without requests says nothing against it. */
const goodSeconds = (durationMs: number, records: readonly RequestRecord[]): boolean[] => {
  const offered = new Array<number>(Math.ceil(durationMs / 1000)).fill(0);
  const ok = [...offered];
  for (const record of records) {
    const second = Math.floor(record.arrivalMs / 1000);
    if (second >= offered.length) continue;
    offered[second]!++;
    if (record.ok) ok[second]!++;
  }
  return offered.map((count, second) => count === 0 || ok[second]! / count >= RECOVERY_AVAILABILITY);
};

const firstGoodRun = (good: readonly boolean[], from: number): number | null => {
  for (let second = from; second + RECOVERY_SECONDS <= good.length; second++) {
    if (good.slice(second, second + RECOVERY_SECONDS).every(Boolean)) return second * 1000;
  }
  return null;
};

interface Recovery {
  /** When service was first good again after it had failed; 0 when it never failed, null when it never recovered. */
  readonly recoveredMs: number | null;
  /** From the end of the outage; null when it never recovered, or when there is no window `outage`. */
  readonly recoveryMs: number | null;
}

export const measureRecovery = (
  durationMs: number,
  records: readonly RequestRecord[],
  outage: Window | undefined,
): Recovery => {
  const good = goodSeconds(durationMs, records);
  // A lone failure before the outage is the baseline's affair, and not what service recovered from.
  const firstBad = good.indexOf(false, Math.floor((outage?.fromMs ?? 0) / 1000));
  const recoveredMs = firstBad === -1 ? 0 : firstGoodRun(good, firstBad);
  if (outage === undefined) return { recoveredMs, recoveryMs: null };
  const after = firstGoodRun(good, Math.floor(outage.toMs / 1000));
  return { recoveredMs, recoveryMs: after === null ? null : Math.max(0, after - outage.toMs) };
};

/** When a client first got each status, milliseconds of the run. */
export const firstStatuses = (records: readonly RequestRecord[]): Record<string, number> => {
  const first: Record<string, number> = {};
  for (const record of records) {
    for (const { status, endMs } of record.attempts) {
      const key = statusKey(status);
      first[key] = Math.min(first[key] ?? Number.POSITIVE_INFINITY, round(endMs));
    }
  }
  return first;
};

const hasClasses = (classes: readonly ClientClass[]): boolean => classes.some(({ name }) => name !== '');

/** What each class and group got in a window; nothing where the scenario names no classes. */
export const measureClasses = (
  window: Window,
  all: readonly RequestRecord[],
  classes: readonly ClientClass[],
): Pick<WindowResult, 'classes' | 'groups'> => {
  if (!hasClasses(classes)) return {};
  const byClass = new Map<string, RequestRecord[]>(classes.map(({ name }) => [name, []]));
  const isWithin = within(window);
  for (const record of all) if (isWithin(record)) byClass.get(record.class ?? '')?.push(record);
  const measure = (names: readonly string[]): RequestsResult =>
    measureRequests(
      window,
      names.flatMap((name) => byClass.get(name) ?? []),
    );
  const groups = [...groupsOf(classes)].map(([text, selector]): [string, RequestsResult] => [
    text,
    measure(classes.filter((one) => selects(selector, one)).map(({ name }) => name)),
  ]);
  return {
    classes: Object.fromEntries(classes.map(({ name }) => [name, measure([name])])),
    groups: Object.fromEntries(groups),
  };
};
