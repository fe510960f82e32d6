/**
 * What a run comes to, worked out the plain way: everything is kept, and looked through afterwards. What folds it as it
 * comes in has to say the same.
 */
import type { Event } from '../../src/core/events.js';
import type { RequestRecord } from '../../src/scenarios/clients/clients.js';
import type { ProbeReport } from '../../src/scenarios/measure/machine.js';
import type { Recorded, RecordedPlan } from '../../src/scenarios/measure/recorder.js';
import { WHOLE_RUN } from '../../src/scenarios/metrics/metrics.js';
import type { SampledRequest } from '../../src/scenarios/result.js';
import type { Window } from '../../src/scenarios/scenario.js';
import type { WorkerSample } from '../../src/upstream/fleet.js';
import {
  BUCKET_MS,
  firstStatuses,
  measureClasses,
  measureRecovery,
  measureSeries,
  measureWindow,
  round,
  within,
} from './plain-measures.js';

const MAX_SAMPLED_REQUESTS = 200;
const LATE_SEND_MS = 20;
const STARVED_MS = 2;

/** Everything that a run produced, in the order in which it came. */
export interface Kept {
  readonly requests: readonly RequestRecord[];
  readonly events: readonly Event[];
  readonly samples: readonly WorkerSample[];
  readonly probeReports: readonly ProbeReport[];
  readonly gatewayStallMs: number;
  readonly originMs: number;
}

/** Failed requests, evenly spread over all that failed, joined with what the gateway reported under their Ray IDs. */
const sampleFailures = (
  records: readonly RequestRecord[],
  events: readonly Event[],
  originMs: number,
): SampledRequest[] => {
  const failed = records.filter((record) => !record.ok).sort((a, b) => a.arrivalMs - b.arrivalMs);
  const step = Math.max(1, failed.length / MAX_SAMPLED_REQUESTS);
  const chosen = Array.from(
    { length: Math.min(failed.length, MAX_SAMPLED_REQUESTS) },
    (_, index) => failed[Math.floor(index * step)]!,
  );
  const wanted = new Set(chosen.flatMap((record) => record.attempts.map((attempt) => attempt.rayId)));
  const byRayId = new Map<string, { upstream: string; cause: string; afterMs: number; endMs: number }[]>();
  const decisions = new Map<string, string>();
  for (const event of events) {
    if (event.type === 'request.refused') decisions.set(event.rayId, event.detail);
    if (event.type !== 'attempt.failed' || !wanted.has(event.rayId)) continue;
    const list = byRayId.get(event.rayId) ?? [];
    const { upstream, cause, afterMs, atMs } = event;
    list.push({ upstream, cause, afterMs: round(afterMs), endMs: round(atMs - originMs) });
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
      ...(decisions.has(rayId) && { decision: decisions.get(rayId)! }),
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

const lateSendShare = (
  windows: readonly Window[],
  records: readonly RequestRecord[],
  limitMs: number,
): number | null =>
  worstShare(windows, (window) => {
    const inWindow = records.filter(within(window));
    return { total: inWindow.length, bad: inWindow.filter((record) => record.lateMs > limitMs).length };
  });

const starvedShare = (
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

/** Events that come with requests: a result holds them with the sampled requests, not in the list of what happened. */
const PER_REQUEST: ReadonlySet<string> = new Set<Event['type']>([
  'attempt.failed',
  'attempt.retried',
  'request.refused',
  'retry.refused',
  'client.refused',
  'request.hedged',
  'hedge.won',
  'hedge.refused',
  'request.shed',
  'limit.changed',
  'queue.dropped',
  'cache.served-stale',
  'cache.evicted',
]);

const toResultEvent = (event: Event, originMs: number): Recorded['events'][number] => {
  const { atMs, ...fields } = event;
  return { t: Number(((atMs - originMs) / 1000).toFixed(3)), ...fields };
};

/** @param workers whom the series is about. */
export const measurePlainly = (plan: RecordedPlan, kept: Kept, workers: readonly string[]): Recorded => {
  const { requests, events, samples, probeReports, gatewayStallMs, originMs } = kept;
  const run: Window = { name: WHOLE_RUN, fromMs: 0, toMs: plan.durationMs };
  const windows = [...plan.windows, run];
  const exits = events.filter((event) => event.type === 'worker.exited');
  const outage = plan.windows.find(({ name }) => name === 'outage');
  const { recoveredMs, recoveryMs } = measureRecovery(plan.durationMs, requests, outage);
  const told = events.filter(({ type }) => !PER_REQUEST.has(type)).sort((a, b) => a.atMs - b.atMs);
  return {
    windows: Object.fromEntries(
      windows.map((window) => [
        window.name,
        {
          ...measureWindow(window, requests, samples, originMs),
          ...measureClasses(window, requests, plan.clients),
        },
      ]),
    ),
    recoveredMs,
    recoveryMs,
    crashes: exits.length,
    workersLost: new Set(exits.map(({ worker }) => worker)).size,
    firstStatusMs: firstStatuses(requests),
    bucketMs: BUCKET_MS,
    series: measureSeries(plan.durationMs, requests, samples, workers, originMs),
    events: told.map((event) => toResultEvent(event, originMs)),
    requests: sampleFailures(requests, events, originMs),
    machine: {
      lateSends: lateSendShare(windows, requests, LATE_SEND_MS),
      starvedSamples: starvedShare(windows, probeReports, originMs, STARVED_MS),
      gatewayStallMs: Number(gatewayStallMs.toFixed(1)),
    },
  };
};
