/** Requests, events and results made by hand, for tests of what is computed from them. */
import type { Event } from '../../src/core/events.js';
import type { ClientAttempt, RequestRecord } from '../../src/scenarios/clients/clients.js';
import { WHOLE_RUN } from '../../src/scenarios/metrics/metrics.js';
import type { Result, SeriesPoint, VariantResult, WindowResult } from '../../src/scenarios/result.js';

export const attempt = (fields: Partial<ClientAttempt> = {}): ClientAttempt => ({
  status: 200,
  cause: '',
  rayId: '',
  startMs: 0,
  endMs: 10,
  ...fields,
});

/** A request that got a good answer at its first try, 10 ms after it was meant to be sent. */
export const goodRequest = (arrivalMs: number, fields: Partial<RequestRecord> = {}): RequestRecord => ({
  id: 0,
  arrivalMs,
  lateMs: 0,
  endMs: arrivalMs + 10,
  ok: true,
  status: 200,
  cause: '',
  attempts: [attempt({ startMs: arrivalMs, endMs: arrivalMs + 10 })],
  ...fields,
});

/** A request that failed at its only try, 10 ms after it was meant to be sent. */
export const failedRequest = (
  arrivalMs: number,
  status = 503,
  cause = 'no_upstream',
  fields: Partial<RequestRecord> = {},
): RequestRecord => ({
  id: 0,
  arrivalMs,
  lateMs: 0,
  endMs: arrivalMs + 10,
  ok: false,
  status,
  cause,
  attempts: [attempt({ status, cause, startMs: arrivalMs, endMs: arrivalMs + 10 })],
  ...fields,
});

export const failedAttempt = (rayId: string, upstream: string, cause: string, afterMs = 5): Event => ({
  atMs: 0,
  type: 'attempt.failed',
  rayId,
  upstream,
  cause,
  afterMs,
});

const NO_LATENCY = { p50: 0, p95: 0, p99: 0, max: 0 } as const;

export const windowResult = (fields: Partial<WindowResult> = {}): WindowResult => ({
  fromMs: 0,
  toMs: 10_000,
  requests: 100,
  availability: 1,
  goodputRps: 10,
  amplification: 1,
  wasted: null,
  status: { '200': 100 },
  cause: {},
  latencyMs: { ...NO_LATENCY },
  ...fields,
});

export const seriesPoint = (workers: readonly string[], fields: Partial<SeriesPoint> = {}): SeriesPoint => ({
  t: 0,
  offered: 0,
  ok: 0,
  status: {},
  latencyMs: { ...NO_LATENCY },
  workers: workers.map((worker) => ({ worker, heapBytes: null, busy: 0, queued: 0 })),
  ...fields,
});

type ResultEvent = VariantResult['events'][number];

/** An event as a result holds it: seconds from the start of the load, and fields by type. */
export const resultEvent = (t: number, type: string, fields: Record<string, unknown> = {}): ResultEvent => ({
  t,
  type,
  ...fields,
});

const MIB = 1024 ** 2;

/** The death of a worker by its heap limit. */
export const workerExit = (t: number, worker: string, configVersion = 2): ResultEvent =>
  resultEvent(t, 'worker.exited', {
    worker,
    pid: 1,
    code: null,
    signal: 'SIGABRT',
    fatalLine: 'FATAL ERROR: Reached heap limit',
    lastHeapBytes: 60 * MIB,
    lastSampleAgeMs: 20,
    heapLimitBytes: 64 * MIB,
    uptimeMs: 1_000,
    restartInMs: 1_000,
    configVersion,
  });

export const threshold = (
  fields: Partial<VariantResult['thresholds'][number]> = {},
): VariantResult['thresholds'][number] => ({
  expression: 'availability > 99%',
  observed: 1,
  expected: 0.99,
  observedText: '100%',
  expectedText: '99%',
  pass: true,
  ...fields,
});

/** A variant on two workers in which nothing went wrong. */
export const variantResult = (fields: Partial<VariantResult> = {}): VariantResult => ({
  name: 'default',
  verdict: 'pass',
  reasons: [],
  durationMs: 10_000,
  partial: false,
  windows: { [WHOLE_RUN]: windowResult() },
  recoveryMs: null,
  recoveredMs: 0,
  crashes: 0,
  workersLost: 0,
  workerSeconds: 0,
  heapLimitBytes: 64 * MIB,
  firstStatusMs: { '200': 10 },
  bucketMs: 250,
  series: [seriesPoint(['worker-1', 'worker-2'])],
  events: [],
  requests: [],
  thresholds: [],
  skippedThresholds: [],
  alerts: [],
  incident: null,
  downtime: { costPerMinute: 5_600, minuteMs: 60_000, clock: null },
  machine: { lateSends: 0, starvedSamples: 0, gatewayStallMs: 5 },
  ...fields,
});

export const result = (variants: VariantResult[], fields: Partial<Result> = {}): Result => ({
  version: 1,
  engine: 'real',
  target: 'gateway',
  seed: 42,
  verdict: 'pass',
  startedAt: '2024-11-08T16:06:00.000Z',
  scenario: { name: 'small', title: 'A small one', story: '', reproduces: [] },
  host: { node: 'v20.19.0', platform: 'linux', cpus: 2, dependencies: { fastify: '5.0.0' } },
  variants,
  ...fields,
});
