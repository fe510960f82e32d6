/** The run in buckets: requests by when they were meant to be sent, workers by their samples. */
import { describe, expect, it } from 'vitest';
import { BUCKET_MS, measureSeries } from '../../../src/scenarios/measure.js';
import type { WorkerSample } from '../../../src/upstream/fleet.js';
import { failedRequest, goodRequest } from '../../support/records.js';

const ORIGIN_MS = 1_000_000;

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
    const times = (durationMs: number) => measureSeries(durationMs, [], [], [], ORIGIN_MS).map(({ t }) => t);
    expect(times(4 * BUCKET_MS)).toEqual([0, 0.25, 0.5, 0.75]);
    expect(times(4 * BUCKET_MS + 1)).toEqual([0, 0.25, 0.5, 0.75, 1]);
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
    const series = measureSeries(3 * BUCKET_MS, requests, [], [], ORIGIN_MS);
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
    const [first, second] = measureSeries(2 * BUCKET_MS, requests, [], [], ORIGIN_MS);
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
    const series = measureSeries(2 * BUCKET_MS, [], samples, ['worker-1', 'worker-2'], ORIGIN_MS);
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
