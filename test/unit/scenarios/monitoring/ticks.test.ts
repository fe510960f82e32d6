/** What a monitor sees of a run: everything in the tick in which it could be seen, in whatever order it came. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TickSeries } from '../../../../src/scenarios/monitoring/ticks.js';
import type { WorkerSample } from '../../../../src/upstream/fleet.js';
import { attempt, failedRequest, goodRequest } from '../../../support/records.js';

const LIMIT_BYTES = 64;
const series = (): TickSeries => new TickSeries(2_000, LIMIT_BYTES);
const sample = (fields: Partial<WorkerSample> = {}): WorkerSample => ({
  worker: 'worker-1',
  atMs: 0,
  heapBytes: 6,
  busy: 0,
  queued: 0,
  served: 0,
  wasted: 0,
  abandoned: 0,
  ...fields,
});

describe('a tick', () => {
  it('has tries when they are sent, and requests when they end', () => {
    const ticks = series();
    ticks.record(
      failedRequest(120, 503, 'no_upstream', {
        endMs: 950,
        attempts: [attempt({ startMs: 130, endMs: 200 }), attempt({ startMs: 700, endMs: 950 })],
      }),
    );
    ticks.record(goodRequest(940));
    ticks.event({ atMs: 0, type: 'attempt.retried', rayId: '', attempt: 2, cause: '', waitMs: 0 }, 710);
    ticks.event({ atMs: 0, type: 'request.hedged', rayId: '', afterMs: 1 }, 720);
    const all = [...ticks.ticks()];
    expect(all).toHaveLength(20);
    expect(all.flatMap((tick) => (tick.tries + tick.ended > 0 ? [tick] : []))).toMatchObject([
      { nowMs: 200, requests: 1, tries: 1, ended: 0, failed: 0 },
      { nowMs: 800, requests: 0, tries: 3, ended: 0 },
      { nowMs: 1_000, requests: 1, tries: 1, ended: 2, failed: 1 },
    ]);
  });

  it('has the queues of all workers, less those of the dead', () => {
    const ticks = series();
    ticks.sample(sample({ queued: 5 }), -50);
    ticks.sample(sample({ worker: 'worker-2', queued: 3 }), 50);
    ticks.sample(sample({ queued: 9 }), 150);
    ticks.event(
      {
        ...{
          atMs: 0,
          type: 'worker.exited',
          worker: 'worker-1',
          pid: 1,
          code: 1,
          signal: null,
          fatalLine: null,
        },
        ...{
          lastHeapBytes: 0,
          lastSampleAgeMs: 0,
          heapLimitBytes: 0,
          uptimeMs: 0,
          restartInMs: null,
          configVersion: 1,
        },
      },
      250,
    );
    expect([...ticks.ticks()].slice(0, 4).map(({ queued }) => queued)).toEqual([8, 12, 3, 3]);
  });

  it('has what workers finished, over the end of one of them', () => {
    const ticks = series();
    ticks.sample(sample({ served: 10, wasted: 1 }), 50);
    ticks.sample(sample({ served: 14, wasted: 2 }), 150);
    ticks.sample(sample({ served: 2 }), 250);
    expect([...ticks.ticks()].slice(0, 3).map(({ worked }) => worked)).toEqual([11, 5, 2]);
  });

  it('has the worker whose heap is full first', () => {
    const ticks = series();
    for (let index = 0; index < 10; index++) {
      ticks.sample(sample({ heapBytes: 30 + index }), index * 50);
      ticks.sample(sample({ worker: 'worker-2', heapBytes: 30 + 2 * index }), index * 50);
    }
    const [last] = [...ticks.ticks()].slice(4, 5);
    expect(last!.heapFull).toMatchObject({ worker: 'worker-2', inMs: expect.closeTo((64 - 48) * 25, 6) });
  });

  it('ends half seconds with the percentile of their answers', () => {
    const ticks = series();
    for (let ms = 1; ms <= 100; ms++) ticks.record(goodRequest(400 - ms, { endMs: 400 }));
    ticks.record(goodRequest(500, { endMs: 520 }));
    ticks.record(failedRequest(0, 0, 'client_left', { endMs: 450 }));
    const told = [...ticks.ticks()].flatMap(({ nowMs, latency }) =>
      latency === null ? [] : [{ nowMs, ...latency }],
    );
    expect(told.slice(0, 2)).toEqual([
      { nowMs: 500, answers: 100, p99Ms: expect.toSatisfy((ms: number) => ms >= 99 && ms < 99 * (17 / 16)) },
      { nowMs: 1_000, answers: 1, p99Ms: expect.toSatisfy((ms: number) => ms >= 20 && ms < 20 * (17 / 16)) },
    ]);
  });

  it('has a percentile that is at most a sixteenth above an answer of its rank', () => {
    const latencies = fc.array(fc.double({ min: 0.02, max: 400, noNaN: true }), {
      minLength: 1,
      maxLength: 300,
    });
    fc.assert(
      fc.property(latencies, (all) => {
        const ticks = series();
        for (const ms of all) ticks.record(goodRequest(450 - ms, { endMs: 450 }));
        const { latency } = [...ticks.ticks()][4]!;
        const ofRank = all.toSorted((a, b) => a - b)[Math.ceil(all.length * 0.99) - 1]!;
        expect(latency!.answers).toBe(all.length);
        expect(latency!.p99Ms).toBeGreaterThanOrEqual(ofRank - 0.001);
        expect(latency!.p99Ms).toBeLessThanOrEqual((ofRank + 0.001) * (17 / 16));
      }),
    );
  });

  it('is the same in whatever order requests come', () => {
    const requests = fc.array(
      fc.record({
        arrivalMs: fc.integer({ min: 0, max: 2_500 }),
        tookMs: fc.integer({ min: 1, max: 900 }),
        ok: fc.boolean(),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(
        requests.chain((all) =>
          fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
        ),
        ([all, shuffled]) => {
          const ticksOf = (list: typeof all) => {
            const ticks = series();
            for (const { arrivalMs, tookMs, ok } of list) {
              const fields = { endMs: arrivalMs + tookMs };
              ticks.record(ok ? goodRequest(arrivalMs, fields) : failedRequest(arrivalMs, 503, 'x', fields));
            }
            return [...ticks.ticks()];
          };
          expect(ticksOf(shuffled)).toEqual(ticksOf(all));
        },
      ),
    );
  });
});
