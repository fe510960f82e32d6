/**
 * The sample of failed requests: bounded, spread over the run, and joined with what the gateway saw of each
 * try.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Event } from '../../../src/core/events.js';
import type { RequestId, RequestRecord } from '../../../src/scenarios/clients/clients.js';
import { FailureSample, MAX_SAMPLED_REQUESTS } from '../../../src/scenarios/measure/failures.js';
import type { SampledRequest } from '../../../src/scenarios/result.js';
import { ORIGIN_MS, recorded } from '../../support/recording.js';
import { attempt, failedAttempt, failedRequest, goodRequest } from '../../support/records.js';

const sampleFailures = (requests: readonly RequestRecord[], events: readonly Event[]): SampledRequest[] =>
  recorded({ requests, events }).requests;

describe('the sample of failures', () => {
  it('holds every failure when there are few, in order of their arrival, and no success', () => {
    const sample = sampleFailures([failedRequest(300), goodRequest(200), failedRequest(100)], []);
    expect(sample.map(({ arrivalMs }) => arrivalMs)).toEqual([100, 300]);
  });

  it('is bounded, without a request twice, and spread from the first to the last', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3 * MAX_SAMPLED_REQUESTS }), (count) => {
        const failures = Array.from({ length: count }, (_, index) => failedRequest(index));
        const arrivals = sampleFailures(failures, []).map(({ arrivalMs }) => arrivalMs);
        expect(arrivals).toHaveLength(Math.min(count, MAX_SAMPLED_REQUESTS));
        expect(new Set(arrivals).size).toBe(arrivals.length);
        const widest = Math.ceil(Math.max(1, count / MAX_SAMPLED_REQUESTS));
        for (const [index, arrivalMs] of arrivals.entries()) {
          expect(arrivalMs - (arrivals[index - 1] ?? -1)).toBeLessThanOrEqual(widest);
        }
        if (count > 0) expect(count - 1 - arrivals.at(-1)!).toBeLessThan(widest);
      }),
    );
  });

  it('has whatever was reported by its Ray ID, before or after it came, however many there are', () => {
    const count = 20 * MAX_SAMPLED_REQUESTS;
    const rayOf = (index: number): string => index.toString(16).padStart(16, '0');
    // Kept by neither of two limits: the sample, and what is held until the end.
    const sample = new FailureSample({ kept: count / 4, unclaimed: 10 });
    const [early, late] = [count - 1, count - 3];
    sample.keep(rayOf(early));
    for (let index = 0; index < count; index++) {
      const tries = [attempt({ status: 503, cause: 'no_upstream', rayId: rayOf(index) })];
      sample.record(failedRequest(index, 503, 'no_upstream', { attempts: tries }));
      if (index === 5) sample.keep(rayOf(4));
    }
    sample.keep(rayOf(late));
    const rays = sample.result().map(({ rayId }) => rayId);
    expect(rays).toEqual(expect.arrayContaining([rayOf(early), rayOf(4)]));
    expect(rays.length).toBeLessThanOrEqual(MAX_SAMPLED_REQUESTS + 3);
    expect(new Set(rays).size).toBe(rays.length);
    expect(rays).toEqual(rays.toSorted());
  });

  it('tells of every try, with the upstreams the gateway tried for it under its Ray ID', () => {
    const request = failedRequest(100, 503, 'no_upstream', {
      endMs: 900.126,
      attempts: [
        attempt({ status: 502, cause: 'connection_refused', rayId: 'ray-1', startMs: 100, endMs: 110 }),
        attempt({ status: 503, cause: 'no_upstream', rayId: 'ray-2', startMs: 700, endMs: 900.126 }),
      ],
    });
    const events = [
      { ...failedAttempt('ray-1', 'worker-1', 'connection_refused', 1.005), atMs: ORIGIN_MS + 105.5 },
      failedAttempt('ray-9', 'worker-4', 'connection_reset'),
      { ...failedAttempt('ray-1', 'worker-2', 'connection_reset', 2), atMs: ORIGIN_MS + 109 },
      { atMs: 0, type: 'run.noted', text: 'ray-1' } as const,
    ];
    expect(sampleFailures([request], events)).toEqual([
      {
        rayId: 'ray-2',
        arrivalMs: 100,
        endMs: 900.13,
        status: 503,
        cause: 'no_upstream',
        attempts: [
          {
            startMs: 100,
            endMs: 110,
            status: 502,
            cause: 'connection_refused',
            rayId: 'ray-1',
            upstreams: [
              {
                upstream: 'worker-1',
                cause: 'connection_refused',
                afterMs: expect.closeTo(1, 1),
                endMs: 105.5,
              },
              { upstream: 'worker-2', cause: 'connection_reset', afterMs: 2, endMs: 109 },
            ],
          },
          {
            startMs: 700,
            endMs: 900.13,
            status: 503,
            cause: 'no_upstream',
            rayId: 'ray-2',
            upstreams: [],
          },
        ],
      },
    ]);
  });

  it('names the last try that was answered, or none', () => {
    const left = attempt({ status: 0, cause: 'client_left' });
    const answered = failedRequest(0, 0, 'client_left', { attempts: [attempt({ rayId: 'ray-1' }), left] });
    const never = failedRequest(1, 0, 'client_left', { attempts: [left] });
    expect(sampleFailures([answered, never], []).map(({ rayId }) => rayId)).toEqual(['ray-1', '']);
  });

  it('names who answered with an error of its own, and when it was asked', () => {
    const request = failedRequest(100, 503, 'upstream_response', {
      attempts: [
        attempt({
          ...{ status: 503, cause: 'upstream_response', rayId: 'ray-1', upstream: 'worker-2' },
          ...{ startMs: 100, endMs: 190 },
        }),
      ],
    });
    const retried = { atMs: ORIGIN_MS + 120, type: 'attempt.retried', rayId: 'ray-1', attempt: 2 } as const;
    const answered = { upstream: 'worker-1', afterMs: 20 };
    const events = [{ ...retried, cause: 'status_502', waitMs: 30, ...answered }];
    const [sampled] = sampleFailures([request], events);
    expect(sampled!.attempts[0]).toMatchObject({
      upstreams: [
        { upstream: 'worker-1', cause: 'upstream_response', status: 502, afterMs: 20, endMs: 120 },
        { upstream: 'worker-2', cause: 'upstream_response', status: 503, afterMs: 40, endMs: 190 },
      ],
      retries: [{ atMs: 120, what: 'retried', attempt: 2, waitMs: 30 }],
    });
  });

  it('has an answer that was passed on when it came, and not when the client had it', () => {
    const one = { ...{ status: 503, cause: 'upstream_response', rayId: 'ray-1' }, startMs: 100, endMs: 190 };
    const request = failedRequest(100, 503, 'upstream_response', {
      attempts: [attempt({ ...one, upstream: 'worker-2' })],
    });
    const refused = { type: 'retry.refused', rayId: 'ray-1', cause: 'status_503', reason: 'budget' } as const;
    const events = [{ ...refused, atMs: ORIGIN_MS + 180, detail: '' }];
    expect(sampleFailures([request], events)[0]!.attempts[0]!.upstreams).toEqual([
      { upstream: 'worker-2', cause: 'upstream_response', status: 503, afterMs: 80, endMs: 180 },
    ]);
  });

  it('has every decision on another attempt, in order', () => {
    const request = failedRequest(0, 504, 'response_timeout', { attempts: [attempt({ rayId: 'ray-1' })] });
    const at = (ms: number) => ({ atMs: ORIGIN_MS + ms, rayId: 'ray-1' });
    const events: Event[] = [
      { ...at(1), type: 'request.hedged', afterMs: 1 },
      { ...at(2), type: 'hedge.refused', detail: 'none left' },
      { ...at(3), type: 'hedge.won' },
      { ...at(4), type: 'attempt.retried', attempt: 2, cause: 'response_timeout', waitMs: 5 },
      { ...at(5), type: 'retry.refused', cause: 'response_timeout', reason: 'budget', detail: '3 of 3' },
    ];
    const [sampled] = sampleFailures([request], events);
    expect(sampled!.attempts[0]!.retries).toEqual([
      { atMs: 1, what: 'hedged', waitMs: 1 },
      { atMs: 2, what: 'hedge-refused', detail: 'none left' },
      { atMs: 3, what: 'hedge-won' },
      { atMs: 4, what: 'retried', attempt: 2, waitMs: 5 },
      { atMs: 5, what: 'refused', reason: 'budget', detail: '3 of 3' },
    ]);
  });

  it('leaves the records it is given as they are', () => {
    const records = [failedRequest(300), failedRequest(100)];
    sampleFailures(records, []);
    expect(records.map(({ arrivalMs }) => arrivalMs)).toEqual([300, 100]);
  });
});

describe('the sample of more failures than are kept', () => {
  const KEPT = 2 * MAX_SAMPLED_REQUESTS;

  it('is bounded, without a request twice, and spread from the first to the last', () => {
    fc.assert(
      fc.property(fc.integer({ min: KEPT + 1, max: 20 * KEPT }), (count) => {
        const sample = new FailureSample({ kept: KEPT, unclaimed: 10 });
        for (let index = 0; index < count; index++) sample.record(failedRequest(index));
        const arrivals = sample.result().map(({ arrivalMs }) => arrivalMs);
        expect(arrivals).toHaveLength(MAX_SAMPLED_REQUESTS);
        expect(new Set(arrivals).size).toBe(MAX_SAMPLED_REQUESTS);
        expect(arrivals[0]).toBe(0);
        const widest = 2 * Math.ceil(count / MAX_SAMPLED_REQUESTS);
        for (const [index, arrivalMs] of arrivals.entries()) {
          expect(arrivalMs - (arrivals[index - 1] ?? 0)).toBeLessThanOrEqual(widest);
        }
        expect(count - 1 - arrivals.at(-1)!).toBeLessThanOrEqual(widest);
      }),
    );
  });

  it('has what the gateway decided about a try, whether that came before the request or after it', () => {
    const sample = new FailureSample();
    const decide = (rayId: string): void =>
      sample.event(
        { type: 'request.refused', atMs: 0, rayId, cause: 'limited', detail: '8 in flight is the limit' },
        0,
      );
    decide('ray-1');
    for (const rayId of ['ray-1', 'ray-2', 'ray-3']) {
      sample.record(failedRequest(0, 503, 'limited', { attempts: [attempt({ rayId })] }));
    }
    decide('ray-2');
    const decisions = sample.result().map(({ attempts }) => attempts[0]!.decision);
    expect(decisions).toEqual(['8 in flight is the limit', '8 in flight is the limit', undefined]);
  });

  it('has what the gateway saw of each, whether that came before the request or after it', () => {
    const sample = new FailureSample({ kept: KEPT, unclaimed: 10 });
    const report = (index: number, upstream: string): void =>
      sample.event(failedAttempt(`ray-${index}`, upstream, 'timeout'), 0);
    const count = 5 * KEPT;
    for (let index = 0; index < count; index++) {
      report(index, 'worker-1');
      sample.record(failedRequest(index, 504, 'timeout', { attempts: [attempt({ rayId: `ray-${index}` })] }));
      report(index, 'worker-2');
    }
    for (const { attempts } of sample.result()) {
      expect(attempts[0]!.upstreams.map(({ upstream }) => upstream)).toEqual(['worker-1', 'worker-2']);
    }
  });
});

describe('what the gateway saw of requests that are still to come', () => {
  const UNCLAIMED = 10;
  const seenOf = (others: number): number => {
    const sample = new FailureSample({ kept: 1, unclaimed: UNCLAIMED });
    const report = (rayId: string): void => sample.event(failedAttempt(rayId, 'worker-1', 'timeout'), 0);
    report('ray-1');
    for (let index = 0; index < others; index++) report(`nobody-${index}`);
    sample.record(failedRequest(0, 504, 'timeout', { attempts: [attempt({ rayId: 'ray-1' })] }));
    return sample.result()[0]!.attempts[0]!.upstreams.length;
  };

  it('is kept while no more than a limit of others came', () => {
    expect(seenOf(UNCLAIMED)).toBe(1);
  });

  it('is dropped when twice as many did', () => {
    expect(seenOf(2 * UNCLAIMED)).toBe(0);
  });
});

describe('a request whose client left, and never heard of a Ray ID', () => {
  const left = (id: RequestId, fields: Partial<RequestRecord> = {}): RequestRecord =>
    failedRequest(0, 0, 'client_left', { id, attempts: [attempt({ cause: 'client_left' })], ...fields });
  const gaveUp = (id: RequestId, rayId: string, upstream = 'worker-2') => ({
    ...(failedAttempt(rayId, upstream, 'client_left') as Event<'attempt.failed'>),
    requestId: `0badcafe-${id}`,
  });
  const asked = (sample: FailureSample) =>
    sample
      .result()
      .map(({ rayId, attempts }) => [rayId, attempts.at(-1)!.upstreams.map((one) => one.upstream)]);

  it.each([
    ['by the number of its arrival', 7],
    ['by its user', 'free-user-3-12'],
  ])('is known %s, whether the gateway told of it before or after', (_how, id) => {
    const [before, after] = [new FailureSample(), new FailureSample()];
    before.event(gaveUp(id, 'ray-1'), 0);
    before.record(left(id));
    after.record(left(id));
    after.event(gaveUp(id, 'ray-1'), 0);
    expect([...asked(before), ...asked(after)]).toEqual([
      ['ray-1', ['worker-2']],
      ['ray-1', ['worker-2']],
    ]);
  });

  it('has what was told of it under its Ray ID before', () => {
    const sample = new FailureSample();
    sample.event(failedAttempt('ray-1', 'worker-1', 'response_timeout'), 0);
    sample.record(left(7));
    sample.event(gaveUp(7, 'ray-1'), 0);
    expect(asked(sample)).toEqual([['ray-1', ['worker-1', 'worker-2']]]);
  });

  it('is nobody else’s', () => {
    const sample = new FailureSample();
    sample.record(left(7));
    sample.record(left(17));
    sample.event(gaveUp(17, 'ray-1'), 0);
    expect(asked(sample)).toEqual([
      ['', []],
      ['ray-1', ['worker-2']],
    ]);
  });

  it('is the gateway’s where the edge lost the client too', () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const sample = new FailureSample();
      const told = [
        { ...gaveUp(7, 'ray-1', 'gateway-1'), gateway: 'edge' },
        { ...gaveUp(7, 'ray-2'), gateway: 'gateway-1' },
      ];
      sample.record(left(7));
      for (const index of order) sample.event(told[index]!, 0);
      expect(asked(sample)).toEqual([['ray-2', ['worker-2']]]);
    }
  });
});
