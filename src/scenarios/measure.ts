/**
 * What a run's records come to. Requests are counted in the window in which they were meant to be sent, whenever they
 * ended: an outage must not look shorter because its victims waited.
 */
import type { Event } from '../core/events.js';
import { Histogram } from '../core/histogram.js';
import type { WorkerSample } from '../upstream/fleet.js';
import type { RequestRecord } from './clients.js';
import type { ProbeReport } from './recorder.js';
import type { RequestsResult, SampledRequest, SeriesPoint, WindowResult } from './result.js';
import type { Window } from './scenario.js';

/** Fine enough to show a heap's climb of a second. */
export const BUCKET_MS = 250;

/** Service counts as recovered when this many seconds in a row were at least this good. */
export const RECOVERY_SECONDS = 3;
export const RECOVERY_AVAILABILITY = 0.99;

/** Failed requests kept whole, spread evenly over all that failed. Enough to explain any phase of an outage. */
export const MAX_SAMPLED_REQUESTS = 200;

export const statusKey = (status: number): string => (status === 0 ? 'none' : String(status));

const increment = (counts: Record<string, number>, key: string): void => {
  counts[key] = (counts[key] ?? 0) + 1;
};

const round = (value: number, digits = 2): number => Number(value.toFixed(digits));

const latency = (histogram: Histogram) => {
  const { p50, p95, p99, max } = histogram.latencyMs();
  return { p50: round(p50), p95: round(p95), p99: round(p99), max: round(max) };
};

export const within = (window: Window) => (record: RequestRecord) =>
  record.arrivalMs >= window.fromMs && record.arrivalMs < window.toMs;

/**
 * Of the work that workers finished in a window, the share that nobody waited for any more. Workers count since they
 * began; a count that falls is another process's.
 */
export const wastedShare = (
  window: Window,
  samples: readonly WorkerSample[],
  originMs: number,
): number | null => {
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
export const measureRequests = (
  { fromMs, toMs }: Window,
  records: readonly RequestRecord[],
): RequestsResult => {
  const status: Record<string, number> = {};
  const cause: Record<string, number> = {};
  const histogram = new Histogram();
  let ok = 0;
  let degraded = 0;
  let attempts = 0;
  for (const record of records) {
    increment(status, statusKey(record.status));
    attempts += record.attempts.length;
    if (record.degraded) degraded++;
    if (record.ok) ok++;
    else increment(cause, record.cause);
    if (record.status !== 0) histogram.record(record.endMs - record.arrivalMs);
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
  readonly histogram: Histogram;
  readonly status: Record<string, number>;
  offered: number;
  ok: number;
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
    histogram: new Histogram(),
    status: {},
    offered: 0,
    ok: 0,
    workers: new Map(),
  }));
  const bucketAt = (ms: number): Bucket | undefined => buckets[Math.floor(ms / BUCKET_MS)];
  for (const record of records) {
    const bucket = bucketAt(record.arrivalMs);
    if (bucket === undefined) continue;
    bucket.offered++;
    if (record.ok) bucket.ok++;
    increment(bucket.status, statusKey(record.status));
    if (record.status !== 0) bucket.histogram.record(record.endMs - record.arrivalMs);
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

export interface Recovery {
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

/** Failed requests, evenly spread over all that failed, joined with what the gateway reported under their Ray IDs. */
export const sampleFailures = (
  records: readonly RequestRecord[],
  events: readonly Event[],
): SampledRequest[] => {
  const failed = records.filter((record) => !record.ok).sort((a, b) => a.arrivalMs - b.arrivalMs);
  const step = Math.max(1, failed.length / MAX_SAMPLED_REQUESTS);
  const chosen = Array.from(
    { length: Math.min(failed.length, MAX_SAMPLED_REQUESTS) },
    (_, index) => failed[Math.floor(index * step)]!,
  );
  const wanted = new Set(chosen.flatMap((record) => record.attempts.map((attempt) => attempt.rayId)));
  const byRayId = new Map<string, { upstream: string; cause: string; afterMs: number }[]>();
  for (const event of events) {
    if (event.type !== 'attempt.failed' || !wanted.has(event.rayId)) continue;
    const list = byRayId.get(event.rayId) ?? [];
    list.push({ upstream: event.upstream, cause: event.cause, afterMs: round(event.afterMs) });
    byRayId.set(event.rayId, list);
  }
  return chosen.map((record) => ({
    rayId: record.attempts.findLast((attempt) => attempt.rayId !== '')?.rayId ?? '',
    arrivalMs: round(record.arrivalMs),
    endMs: round(record.endMs),
    status: record.status,
    cause: record.cause,
    attempts: record.attempts.map(({ startMs, endMs, status, cause, rayId }) => ({
      startMs: round(startMs),
      endMs: round(endMs),
      status,
      cause,
      rayId,
      upstreams: byRayId.get(rayId) ?? [],
    })),
  }));
};

/** Largest share, over the windows, of something that should not have been. `null` where nothing was seen. */
const worstShare = (
  windows: readonly Window[],
  count: (window: Window) => { total: number; bad: number },
): number | null => {
  const shares = windows
    .map(count)
    .filter(({ total }) => total > 0)
    .map(({ total, bad }) => bad / total);
  return shares.length === 0 ? null : Math.max(...shares);
};

export const lateSendShare = (
  windows: readonly Window[],
  records: readonly RequestRecord[],
  limitMs: number,
): number | null =>
  worstShare(windows, (window) => {
    const inWindow = records.filter(within(window));
    return { total: inWindow.length, bad: inWindow.filter((record) => record.lateMs > limitMs).length };
  });

export const starvedShare = (
  windows: readonly Window[],
  reports: readonly ProbeReport[],
  originMs: number,
  limitMs: number,
): number | null => {
  const lastMs = Math.max(0, ...windows.map(({ toMs }) => toMs));
  const watched = reports.some(({ atMs }) => atMs >= originMs && atMs - originMs < lastMs);
  return worstShare(windows, ({ fromMs, toMs }) => {
    const waitsMs = reports
      .filter(({ atMs }) => atMs - originMs >= fromMs && atMs - originMs < toMs)
      .flatMap((report) => report.waitsMs);
    // A window in which the probe did not run even once is the worst there is.
    if (waitsMs.length === 0) return { total: watched ? 1 : 0, bad: 1 };
    return { total: waitsMs.length, bad: waitsMs.filter((waitMs) => waitMs > limitMs).length };
  });
};
