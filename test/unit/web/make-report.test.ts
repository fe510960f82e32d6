/** A result as what its page shows: curves in so many points, lanes of workers, marks, requests with explanations. */
import { describe, expect, it } from 'vitest';
import { WHOLE_RUN } from '../../../src/scenarios/metrics/metrics.js';
import type { SampledRequest, VariantResult } from '../../../src/scenarios/result.js';
import { curvesOf, MAX_WORKERS, shownWorkers } from '../../../src/web/report/curves.js';
import { lanesOf } from '../../../src/web/report/lanes.js';
import { makeReport } from '../../../src/web/report/make-report.js';
import { marksOf } from '../../../src/web/report/marks.js';
import { alertsOf, causeRows } from '../../../src/web/report/tables.js';
import {
  result,
  resultEvent,
  seriesPoint,
  threshold,
  variantResult,
  windowResult,
  workerExit,
} from '../../support/records.js';

const LIMITS = { maxPoints: 1_000, maxRequests: 100 };
const MIB = 1024 ** 2;

const point = (t: number, offered: number, heapBytes: number | null, p99 = 0) =>
  seriesPoint([], {
    ...{ t, offered, tries: offered * 2, status: { '200': offered - 1, '502': 1 } },
    latencyMs: { p50: p99 / 2, p95: p99, p99, max: p99 },
    workers: [{ worker: 'worker-1', heapBytes, busy: 2, queued: 1 }],
  });

const failed = (rayId: string, arrivalMs: number): SampledRequest => ({
  ...{ rayId, arrivalMs, endMs: arrivalMs + 10, status: 502, cause: 'connection_refused' },
  attempts: [
    {
      ...{ startMs: arrivalMs, endMs: arrivalMs + 10, status: 502, cause: 'connection_refused', rayId },
      upstreams: [{ upstream: 'worker-1', cause: 'connection_refused', afterMs: 1 }],
    },
  ],
});

describe('the curves of a variant', () => {
  const series = [point(0, 10, 5 * MIB, 30), point(0.25, 20, 9 * MIB), point(0.5, 5, null, 12.34)];

  it('have a point for each bucket, at its middle', () => {
    const { curves, merged } = curvesOf(variantResult({ series }), 10);
    expect(merged).toBe(1);
    expect(curves.times).toEqual([0.125, 0.375, 0.625]);
    expect(curves.outcomes.slice(0, 2)).toEqual([
      [9, 19, 4],
      [1, 1, 1],
    ]);
    expect(curves.p99).toEqual([30, null, 12.3]);
    expect(curves.tries).toEqual([2, 2, 2]);
    expect(curves.workers[0]!.heap).toEqual([5 * MIB, 9 * MIB, null]);
  });

  it('add requests up and keep the highest of everything else where there are too many', () => {
    const { curves, merged } = curvesOf(variantResult({ series }), 2);
    expect(merged).toBe(2);
    expect(curves.times).toEqual([0.25, 0.75]);
    expect(curves.offered).toEqual([30, 5]);
    expect(curves.p99).toEqual([30, 12.3]);
    expect(curves.workers[0]!.heap).toEqual([9 * MIB, null]);
  });

  it('say nothing of tries where a result is too old to know', () => {
    expect(curvesOf(variantResult(), 10).curves.tries).toBeNull();
  });

  it('show of a large fleet those in trouble', () => {
    const names = Array.from({ length: 40 }, (_, index) => `worker-${index + 1}`);
    const large = variantResult({ series: [seriesPoint(names)], events: [workerExit(1, 'worker-39')] });
    const shown = shownWorkers(large);
    expect(shown).toHaveLength(MAX_WORKERS);
    expect(shown.at(-1)).toBe('worker-39');
    const { thinned } = makeReport(result([large]), LIMITS);
    expect(thinned).toEqual([expect.stringContaining(`${MAX_WORKERS} of 40 workers`)]);
  });
});

describe('the lanes of workers', () => {
  const laneOf = (events: VariantResult['events']) =>
    lanesOf(
      variantResult({
        series: [point(0, 1, 5 * MIB)],
        events,
      }),
    )[0]!;

  it('are up with their config, and down from a death to the next start', () => {
    const started = (t: number, configVersion: number) =>
      resultEvent(t, 'worker.started', { worker: 'worker-1', pid: 1, configVersion });
    const { process } = laneOf([
      started(-0.2, 1),
      resultEvent(2, 'config.applied', { version: 2, reader: 'worker-1' }),
      workerExit(3, 'worker-1'),
      started(4, 2),
    ]);
    expect(process).toEqual([
      { fromS: 0, toS: 2, kind: 'up', text: 'v1' },
      { fromS: 2, toS: 3, kind: 'up', text: 'v2' },
      { fromS: 3, toS: 4, kind: 'down', text: 'died' },
      { fromS: 4, toS: 10, kind: 'up', text: 'v2' },
    ]);
  });

  it('stay up while one process takes over from another', () => {
    const { process } = laneOf([
      resultEvent(-0.2, 'worker.started', { worker: 'worker-1', pid: 1, configVersion: 1 }),
      resultEvent(2, 'worker.started', { worker: 'worker-1', pid: 2, configVersion: 1 }),
      resultEvent(3, 'worker.stopped', { worker: 'worker-1', pid: 1, reason: 'deploy' }),
    ]);
    expect(process).toEqual([{ fromS: 0, toS: 10, kind: 'up', text: 'v1' }]);
  });

  it('are out of rotation for as long as anything keeps them out', () => {
    const of = { upstream: 'worker-1' };
    const { rotation } = laneOf([
      resultEvent(1, 'circuit.opened', of),
      resultEvent(2, 'upstream.turned-unhealthy', of),
      resultEvent(3, 'upstream.turned-healthy', of),
      resultEvent(4, 'circuit.closed', of),
      resultEvent(5, 'upstream.ejected', of),
    ]);
    expect(rotation.map(({ fromS, toS, kind }) => [fromS, toS, kind])).toEqual([
      [1, 2, 'open'],
      [2, 3, 'unhealthy'],
      [3, 4, 'open'],
      [5, 10, 'ejected'],
    ]);
  });

  it('name all faults at once', () => {
    const fault = (name: string) => ({ fault: name, worker: 'worker-1' });
    const { faults } = laneOf([
      resultEvent(1, 'fault.injected', fault('leak')),
      resultEvent(2, 'fault.injected', fault('hang')),
      resultEvent(3, 'fault.healed', fault('leak')),
    ]);
    expect(faults.map(({ text }) => text)).toEqual(['leak', 'leak, hang', 'hang']);
  });
});

describe('marks', () => {
  it('are one for what is done to several at once, and leave out what is outside of the run', () => {
    const inject = (t: number, worker: string) =>
      resultEvent(t, 'fault.injected', { fault: 'leak', worker, forMs: null, options: {} });
    const events = [
      inject(1, 'worker-1'),
      inject(1.01, 'worker-2'),
      inject(5, 'worker-1'),
      inject(99, 'worker-1'),
    ];
    expect(marksOf({ events, durationMs: 10_000 })).toEqual([
      { atS: 1, label: 'leak' },
      { atS: 5, label: 'leak' },
    ]);
  });

  it('name the first death only', () => {
    const events = [workerExit(1, 'worker-1'), workerExit(2, 'worker-2')];
    expect(marksOf({ events, durationMs: 10_000 })).toEqual([{ atS: 1, label: 'first death' }]);
  });
});

describe('requests', () => {
  const requests = [failed('a', 1_000), failed('b', 2_000), failed('', 3_000)];
  const one = variantResult({ name: 'one', requests });

  it('come with the chain of causes and the words of others', () => {
    const [request] = makeReport(result([one]), LIMITS).variants[0]!.requests;
    expect(request).toMatchObject({ id: 'a', tookMs: 10, status: 502, tries: 1 });
    expect(request!.steps.at(-1)![1]).toContain('the client gets 502');
    expect(request!.elsewhere).toMatchObject({
      proxyStatus: 'connection_refused',
      envoy: 'UF',
      haproxy: 'SC',
    });
  });

  it('have addresses of their own, also without a Ray ID, and where variants have the same', () => {
    const { variants } = makeReport(result([one, { ...one, name: 'two' }]), LIMITS);
    const ids = variants.flatMap((variant) => variant.requests.map(({ id }) => id));
    expect(ids).toEqual(['a', 'b', 'one-3', 'two-1', 'two-2', 'two-3']);
  });

  it('are fewer where the page has no room, which it says', () => {
    const { variants, thinned } = makeReport(result([one]), { ...LIMITS, maxRequests: 2 });
    expect(variants[0]!.requests).toHaveLength(2);
    expect(thinned).toEqual(['one: 2 of the 3 failed requests of the result are here']);
  });
});

describe('tables', () => {
  it('have causes by window, the most frequent first, with what they mean', () => {
    const variant = variantResult({
      windows: {
        outage: windowResult({ cause: { no_upstream: 30, deadline: 20 } }),
        [WHOLE_RUN]: windowResult({ requests: 1_000, cause: { no_upstream: 30, deadline: 40 } }),
      },
    });
    const [head, first, second] = causeRows(variant);
    expect(head).toEqual(['cause', 'which means', 'outage', 'whole run']);
    expect(first!.filter((_, index) => index !== 1)).toEqual(['deadline', '20 (20%)', '40 (4%)']);
    expect(second![1]).toBe('no healthy worker is left to ask');
  });

  it('have the lead time of alerts against the onset', () => {
    const alert = { rule: 'fast-burn', clearedMs: null, reason: '' } as const;
    const incident = { onsetMs: 5_000 } as NonNullable<VariantResult['incident']>;
    const alerts = [
      { ...alert, raisedMs: 4_000 },
      { ...alert, raisedMs: 5_500 },
    ];
    expect(alertsOf(variantResult({ alerts, incident })).map(({ lead }) => lead)).toEqual([
      '1s ahead',
      '500ms late',
    ]);
    expect(alertsOf(variantResult({ alerts }))[0]!.lead).toBe('nobody was hurt');
  });

  it('tell which thresholds were skipped, and why', () => {
    const variant = variantResult({
      thresholds: [threshold()],
      skippedThresholds: [{ expression: 'crashes == 0', reason: 'it was not run' }],
    });
    const skippedVariants = [
      { name: 'gone', target: 'nginx', reasons: ['no nginx'], thresholds: ['recovery < 5s'] },
    ];
    const { thresholds, skipped } = makeReport(result([variant], { skippedVariants }), LIMITS);
    expect(thresholds.map(({ pass, observed }) => [pass, observed])).toEqual([
      [true, '100%'],
      [null, 'it was not run'],
      [null, 'no nginx'],
    ]);
    expect(skipped[0]!.name).toBe('gone');
  });
});
