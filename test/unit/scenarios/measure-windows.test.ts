/**
 * What one window of time comes to: requests counted by when they were meant to be sent, and what became of
 * them.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Window } from '../../../src/scenarios/scenario.js';
import { recorded, recordedWindow } from '../../support/recording.js';
import { attempt, failedRequest, goodRequest } from '../../support/records.js';

const WINDOW: Window = { name: 'outage', fromMs: 1_000, toMs: 3_000 };

describe('a window', () => {
  it('counts a request by when it was meant to be sent, whenever it ended', () => {
    const measured = recordedWindow(WINDOW, [
      goodRequest(999, { endMs: 1_500 }),
      goodRequest(1_000),
      goodRequest(2_999, { endMs: 9_000 }),
      goodRequest(3_000),
      goodRequest(1_500, { lateMs: 5_000, endMs: 7_000 }),
    ]);
    expect(measured).toMatchObject({ fromMs: 1_000, toMs: 3_000, requests: 3 });
  });

  it('has its availability, its goodput a second, its statuses and its causes', () => {
    const measured = recordedWindow(WINDOW, [
      ...Array.from({ length: 5 }, () => goodRequest(2_000)),
      failedRequest(2_000, 503, 'no_upstream'),
      failedRequest(2_000, 503, 'no_upstream'),
      failedRequest(2_000, 503, 'upstream_response'),
      failedRequest(2_000, 502, 'connection_refused'),
      failedRequest(2_000, 0, 'client_left'),
    ]);
    expect(measured).toMatchObject({
      requests: 10,
      availability: 0.5,
      goodputRps: 2.5,
      status: { '200': 5, '503': 3, '502': 1, none: 1 },
      cause: { no_upstream: 2, upstream_response: 1, connection_refused: 1, client_left: 1 },
    });
  });

  it('has as amplification the tries per request', () => {
    const tries = (count: number) => Array.from({ length: count }, () => attempt());
    const measured = recordedWindow(WINDOW, [
      goodRequest(2_000, { attempts: tries(1) }),
      goodRequest(2_000, { attempts: tries(4) }),
    ]);
    expect(measured.amplification).toBe(2.5);
  });

  it('has latencies of those that were answered, well or badly, and of no others', () => {
    const measured = recordedWindow(WINDOW, [
      goodRequest(2_000, { endMs: 2_100 }),
      failedRequest(2_000, 503, 'no_upstream', { endMs: 2_300 }),
      failedRequest(2_000, 0, 'client_left', { endMs: 12_000 }),
    ]);
    expect(measured.latencyMs.p50).toBeCloseTo(100, 0);
    expect(measured.latencyMs.max).toBeGreaterThanOrEqual(299);
    expect(measured.latencyMs.max).toBeLessThanOrEqual(301);
  });

  it('without requests has no availability and no amplification, rather than good or bad ones', () => {
    expect(recordedWindow(WINDOW, [goodRequest(5_000)])).toEqual({
      fromMs: 1_000,
      toMs: 3_000,
      requests: 0,
      availability: null,
      goodputRps: 0,
      amplification: null,
      wasted: null,
      status: {},
      cause: {},
      latencyMs: { p50: 0, p95: 0, p99: 0, max: 0 },
    });
  });

  it('beside another counts every request of both exactly once', () => {
    const request = fc
      .record({ arrivalMs: fc.double({ min: 0, max: 4_000, noNaN: true }), good: fc.boolean() })
      .map(({ arrivalMs, good }) => (good ? goodRequest(arrivalMs) : failedRequest(arrivalMs)));
    fc.assert(
      fc.property(fc.array(request), fc.integer({ min: 1, max: 3_999 }), (requests, middle) => {
        const first = recordedWindow({ name: 'a', fromMs: 0, toMs: middle }, requests);
        const second = recordedWindow({ name: 'b', fromMs: middle, toMs: 4_001 }, requests);
        expect(first.requests + second.requests).toBe(requests.length);
        for (const { status, cause, requests: count, availability } of [first, second]) {
          const sum = (counts: Record<string, number>) => Object.values(counts).reduce((a, b) => a + b, 0);
          expect(sum(status)).toBe(count);
          expect(sum(cause)).toBe(count - Math.round((availability ?? 0) * count));
        }
      }),
    );
  });
});

describe('the first time of each status', () => {
  it('is when a client first got it, at whichever try of whichever request', () => {
    const requests = [
      failedRequest(0, 503, 'no_upstream', {
        attempts: [attempt({ status: 502, endMs: 900 }), attempt({ status: 503, endMs: 1_700 })],
      }),
      failedRequest(0, 503, 'no_upstream', { attempts: [attempt({ status: 503, endMs: 1_200 })] }),
      goodRequest(0, { attempts: [attempt({ status: 502, endMs: 950 }), attempt({ endMs: 1_000.123 })] }),
      failedRequest(0, 0, 'client_left', { attempts: [attempt({ status: 0, endMs: 3_000 })] }),
    ];
    expect(recorded({ requests }).firstStatusMs).toEqual({
      '200': 1_000.12,
      '502': 900,
      '503': 1_200,
      none: 3_000,
    });
  });

  it('is none where there were no requests', () => {
    expect(recorded({}).firstStatusMs).toEqual({});
  });
});
