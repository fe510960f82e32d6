/** The run in buckets: requests by when they were meant to be sent, workers by their samples. */
import { describe, expect, it } from 'vitest';
import { resolveClasses } from '../../../src/scenarios/clients/classes.js';
import type { RequestRecord } from '../../../src/scenarios/clients/clients.js';
import { Recorder } from '../../../src/scenarios/measure/recorder.js';
import {
  BUCKET_MS,
  bucketMsFor,
  MAX_BUCKETS,
  SETTLE_SLACK_MS,
} from '../../../src/scenarios/measure/series.js';
import { WHOLE_RUN } from '../../../src/scenarios/metrics/metrics.js';
import type { WorkerSample } from '../../../src/upstream/fleet.js';
import { ORIGIN_MS, recorded, recordedPlan } from '../../support/recording.js';
import { failedRequest, goodRequest } from '../../support/records.js';

const sample = (worker: string, runMs: number, fields: Partial<WorkerSample> = {}): WorkerSample => ({
  worker,
  atMs: ORIGIN_MS + runMs,
  heapBytes: 0,
  busy: 0,
  queued: 0,
  served: 0,
  wasted: 0,
  abandoned: 0,
  ...fields,
});

describe('the series', () => {
  it('has a bucket for every part of the run, the last one begun included', () => {
    const times = (durationMs: number) => recorded({}, { durationMs }).series.map(({ t }) => t);
    expect(times(4 * BUCKET_MS)).toEqual([0, 0.25, 0.5, 0.75]);
    expect(times(4 * BUCKET_MS + 1)).toEqual([0, 0.25, 0.5, 0.75, 1]);
  });

  it.each([
    { durationMs: 1, bucketMs: BUCKET_MS },
    { durationMs: MAX_BUCKETS * BUCKET_MS, bucketMs: BUCKET_MS },
    { durationMs: MAX_BUCKETS * BUCKET_MS + 1, bucketMs: 2 * BUCKET_MS },
    { durationMs: 35 * 60_000, bucketMs: 4 * BUCKET_MS },
  ])('of a run of $durationMs ms has buckets of $bucketMs ms', ({ durationMs, bucketMs }) => {
    expect(bucketMsFor(durationMs)).toBe(bucketMs);
    const { series, bucketMs: told } = recorded({ requests: [goodRequest(durationMs - 1)] }, { durationMs });
    expect(told).toBe(bucketMs);
    expect(series).toHaveLength(Math.ceil(durationMs / bucketMs));
    expect(series.at(-1)!.offered).toBe(1);
  });

  it('counts each request in the bucket in which it was meant to be sent', () => {
    const requests = [
      goodRequest(0),
      goodRequest(BUCKET_MS - 0.001, { endMs: 5_000 }),
      goodRequest(BUCKET_MS),
      failedRequest(BUCKET_MS + 1, 502),
      failedRequest(BUCKET_MS + 2, 0, 'client_left'),
      goodRequest(3 * BUCKET_MS),
    ];
    const { series } = recorded({ requests }, { durationMs: 3 * BUCKET_MS });
    expect(series.map(({ offered, ok, status }) => ({ offered, ok, status }))).toEqual([
      { offered: 2, ok: 2, status: { '200': 2 } },
      { offered: 3, ok: 1, status: { '200': 1, '502': 1, none: 1 } },
      { offered: 0, ok: 0, status: {} },
    ]);
  });

  it('has the latencies of each bucket for itself', () => {
    const requests = [
      goodRequest(0, { endMs: 100 }),
      failedRequest(1, 0, 'client_left', { endMs: 9_000 }),
      goodRequest(BUCKET_MS, { endMs: BUCKET_MS + 40 }),
    ];
    const [first, second] = recorded({ requests }, { durationMs: 2 * BUCKET_MS }).series;
    expect(first!.latencyMs.max).toBeCloseTo(100, 0);
    expect(second!.latencyMs.max).toBeCloseTo(40, 0);
  });

  it('has every worker in every bucket: its highest heap, its last work, nothing while it was down', () => {
    const samples = [
      sample('worker-1', -10, { heapBytes: 999 }),
      sample('worker-1', 10, { heapBytes: 300, busy: 1, queued: 0 }),
      sample('worker-1', 110, { heapBytes: 200, busy: 8, queued: 3 }),
      sample('worker-2', BUCKET_MS + 5, { heapBytes: 50, busy: 2 }),
      sample('worker-1', 99_999, { heapBytes: 999 }),
    ];
    const { series } = recorded({ samples }, { durationMs: 2 * BUCKET_MS }, ['worker-1', 'worker-2']);
    expect(series.map(({ workers }) => workers)).toEqual([
      [
        { worker: 'worker-1', heapBytes: 300, busy: 8, queued: 3 },
        { worker: 'worker-2', heapBytes: null, busy: 0, queued: 0 },
      ],
      [
        { worker: 'worker-1', heapBytes: null, busy: 0, queued: 0 },
        { worker: 'worker-2', heapBytes: 50, busy: 2, queued: 0 },
      ],
    ]);
  });
});

describe('a bucket that is settled', () => {
  const PATIENCE_MS = 1_000;
  const plan = { durationMs: 60_000, clients: resolveClasses({ patience: '1s' }) };
  /** Ends when nobody can be waiting in the first bucket any more. */
  const later = goodRequest(30_000);
  const first = (requests: readonly RequestRecord[]) => recorded({ requests }, plan).series[0]!;

  it('keeps its quantiles', () => {
    const requests = [10, 20, 30, 900].map((ms) => goodRequest(0, { endMs: ms }));
    expect(first([...requests, later])).toEqual(first(requests));
  });

  it('counts a request that ends even later, and takes it for its longest', () => {
    const requests = [10, 20, 30].map((ms) => goodRequest(0, { endMs: ms }));
    const late = failedRequest(1, 503, 'no_upstream', { endMs: 30_000 });
    const { latencyMs: before } = first(requests);
    const { offered, ok, status, latencyMs } = first([...requests, later, late]);
    expect({ offered, ok, status }).toEqual({ offered: 4, ok: 3, status: { '200': 3, '503': 1 } });
    expect(latencyMs).toEqual({ ...before, max: expect.closeTo(30_000, -2) });
    expect(first([later, late, late]).latencyMs.p50).toBeCloseTo(30_000, -2);
  });

  it('is not one that a client may still be waiting in', () => {
    const last = goodRequest(0, { endMs: BUCKET_MS + PATIENCE_MS + SETTLE_SLACK_MS - 1 });
    expect(first([goodRequest(0, { endMs: 10 }), last, later]).latencyMs.p99).toBeGreaterThan(PATIENCE_MS);
  });

  it('stays open for as long as clients wait after an update', () => {
    const update = { classes: [], changes: { patience: '40s' }, forMs: null };
    const timeline = [{ atMs: 0, action: { type: 'update-clients' as const, update } }];
    const requests = [goodRequest(0, { endMs: 10 }), later, goodRequest(0, { endMs: 40_000 })];
    expect(first(requests).latencyMs.p99).toBeLessThan(11);
    const { series } = recorded({ requests }, { ...plan, timeline });
    expect(series[0]!.latencyMs.p99).toBeGreaterThan(39_000);
  });
});

describe('samples and probes before the load begins', () => {
  it('are in no bucket and no window, but are what later samples are counted from', () => {
    const recorder = new Recorder(recordedPlan({ durationMs: 1_000 }), ORIGIN_MS - 5_000);
    recorder.sample(sample('worker-1', -4_900, { heapBytes: 999, served: 10, wasted: 10 }));
    recorder.probe({ atMs: ORIGIN_MS - 4_900, waitsMs: [0, 0] });
    recorder.begin(ORIGIN_MS);
    recorder.sample(sample('worker-1', 400, { heapBytes: 5, served: 13, wasted: 11 }));
    recorder.probe({ atMs: ORIGIN_MS + 100, waitsMs: [9] });
    const { series, windows, machine } = recorder.recorded(['worker-1']);
    expect(series.map(({ workers }) => workers[0]!.heapBytes)).toEqual([null, 5, null, null]);
    expect(windows[WHOLE_RUN]!.wasted).toBe(0.25);
    expect(machine!.starvedSamples).toBe(1);
  });
});
