/** The chain of one failed request, told from a result made by hand. */
import { describe, expect, it } from 'vitest';
import { explain } from '../../../src/scenarios/explain/explain.js';
import type { SampledAttempt, SampledRequest, VariantResult } from '../../../src/scenarios/result.js';
import { resultEvent, seriesPoint, variantResult } from '../../support/records.js';

const MIB = 1024 ** 2;

const series = [0, 0.25, 0.5, 0.75, 1].map((t) =>
  seriesPoint([], {
    t,
    workers: [
      { worker: 'worker-1', heapBytes: 6 * MIB, busy: Math.round(t * 4), queued: 0 },
      { worker: 'worker-2', heapBytes: t < 0.5 ? 60 * MIB : null, busy: 8, queued: 12 },
    ],
  }),
);

const HANGS = [
  resultEvent(0.05, 'fault.injected', { fault: 'hang', worker: 'worker-1', forMs: null, options: {} }),
];

const tried = (fields: Partial<SampledAttempt>): SampledAttempt => ({
  ...{ startMs: 100, endMs: 400, status: 502, cause: 'connection_reset', rayId: 'ray-1', upstreams: [] },
  ...fields,
});

const failed = (
  attempts: readonly SampledAttempt[],
  fields: Partial<SampledRequest> = {},
): SampledRequest => {
  const last = attempts.at(-1)!;
  const { status, cause, endMs, rayId } = last;
  return { rayId, arrivalMs: 100, endMs, status, cause, attempts: [...attempts], ...fields };
};

const told = (request: SampledRequest, fields: Partial<VariantResult> = {}): string[] => {
  const [one] = explain(variantResult({ series, events: HANGS, ...fields }), [request]);
  return one!.steps.map(({ atMs, text }) => `${atMs} ${text}`);
};

const BEGIN = '50 it begins: the fault hang on worker-1';
const WORKER_1 = 'worker-1 has 2 requests in work and 0 waiting, 6MiB of 64MiB heap in use';

describe('a worker’s own answer', () => {
  const answered = tried({
    ...{ status: 503, cause: 'upstream_response' },
    upstreams: [{ upstream: 'worker-1', cause: 'upstream_response', afterMs: 300, endMs: 400, status: 503 }],
  });

  it('is told with who gave it, and what it was doing', () => {
    expect(told(failed([answered]))).toEqual([
      BEGIN,
      '100 a client asks',
      '400 worker-1 answers 503 itself after 300ms; worker-1 has 1 request in work and 0 waiting, 6MiB of 64MiB heap in use',
      '400 the client gets 503 (upstream response: a worker answers with an error of its own)',
    ]);
  });

  it('is what is wrong with that worker, and of one that is none nobody’s config', () => {
    const [one] = explain(variantResult({ series, events: HANGS }), [failed([answered])]);
    expect(one!.root).toMatchObject({ kind: 'fault', name: 'hang' });
    const upstreams = answered.upstreams.map((it) => ({ ...it, upstream: 'gateway-1' }));
    const events = [...HANGS, resultEvent(0.06, 'config.pushed', { version: 2, to: 'gateway' })];
    const [other] = explain(variantResult({ series, events }), [failed([{ ...answered, upstreams }])]);
    expect(other!.root.kind).toBe('config');
    const [alone] = explain(variantResult({ series, events: HANGS }), [failed([{ ...answered, upstreams }])]);
    expect(alone!.root.name).toBe('hang');
  });
});

describe('the attempts of a gateway', () => {
  const retried = tried({
    endMs: 700,
    upstreams: [
      { upstream: 'worker-2', cause: 'connection_reset', afterMs: 200, endMs: 300 },
      { upstream: 'worker-1', cause: 'response_timeout', afterMs: 350, endMs: 700.4 },
    ],
    retries: [
      { atMs: 300, what: 'retried', attempt: 2, waitMs: 50 },
      { atMs: 700.4, what: 'refused', reason: 'budget', detail: '3 under way, and 3 may be' },
    ],
    ...{ status: 504, cause: 'response_timeout' },
  });

  it('are told one by one, when they were, with what was decided after each', () => {
    expect(told(failed([retried]))).toEqual([
      BEGIN,
      '100 a client asks',
      '300 attempt 1: worker-2 fails it after 200ms: connection reset; worker-2 has 8 requests in work and 12 waiting, 60MiB of 64MiB heap in use',
      '300 the gateway sends it again after 50ms: attempt 2',
      `700 attempt 2: worker-1 fails it after 350ms: response timeout; ${WORKER_1}`,
      '700 no retry: the budget for retries is spent (3 under way, and 3 may be)',
      '700 the client gets 504 (response timeout: a worker does not answer in time)',
    ]);
  });

  it('are told one after another where a result of old has no times', () => {
    const upstreams = retried.upstreams.map(({ upstream, cause, afterMs }) => ({ upstream, cause, afterMs }));
    const { retries: _, ...old } = retried;
    expect(told(failed([{ ...old, upstreams }])).map((one) => one.split(':')[0])).toEqual([
      '50 it begins',
      '100 a client asks',
      '300 worker-2 fails it after 200ms',
      '650 worker-1 fails it after 350ms',
      '700 the client gets 504 (response timeout',
    ]);
  });

  it.each([
    ['deadline', '20ms left', 'no retry: the time for the whole request is nearly over (20ms left)'],
    ['retry-after', '60s asked for', 'no retry: the wait that was asked for is too long (60s asked for)'],
    ['attempts', '2 are all there may be', 'no retry: no attempt is left (2 are all there may be)'],
    ['not-repeatable', 'a POST is not sent twice', 'no retry: a POST is not sent twice'],
  ])('that are not followed by another say why: %s', (reason, detail, expected) => {
    const one = tried({ retries: [{ atMs: 400, what: 'refused', reason, detail }] });
    expect(told(failed([one]))).toContain(`400 ${expected}`);
  });

  it('at once are not numbered, since the first to end need not have begun first', () => {
    const one = tried({
      upstreams: retried.upstreams,
      endMs: 700,
      retries: [
        { atMs: 130, what: 'hedged', waitMs: 30 },
        { atMs: 160, what: 'hedge-refused', detail: 'none left' },
        { atMs: 650, what: 'hedge-won' },
      ],
    });
    expect(told(failed([one])).filter((line) => !line.includes('client'))).toEqual([
      BEGIN,
      '130 the gateway asks another worker too, since there is no answer after 30ms',
      '160 no other worker is asked beside it: the budget for that is spent (none left)',
      expect.stringMatching(/^300 worker-2 fails it after 200ms/),
      '650 the other worker answers first',
      expect.stringMatching(/^700 worker-1 fails it after 350ms/),
    ]);
  });
});

describe('the tries of a client', () => {
  it('are told when they were, with the wait before each', () => {
    const tries = [
      tried({ endMs: 200 }),
      tried({ startMs: 800, endMs: 900 }),
      tried({ startMs: 900.2, endMs: 1_000 }),
    ];
    expect(told(failed(tries)).filter((line) => line.includes('try '))).toEqual([
      '100 a client asks, try 1 of 3',
      '800 the client tries again after 600ms, try 2 of 3',
      '900.2 the client tries again at once, try 3 of 3',
    ]);
  });

  it('end when its patience does, with an attempt under way', () => {
    const left = tried({
      ...{ status: 0, cause: 'client_left', endMs: 600 },
      upstreams: [{ upstream: 'worker-1', cause: 'client_left', afterMs: 502, endMs: 603 }],
    });
    expect(told(failed([left]))).toEqual([
      BEGIN,
      '100 a client asks',
      `600 worker-1 has not answered after 502ms; ${WORKER_1}`,
      '600 the client has no patience left, and goes',
    ]);
  });

  it('end when its patience does, in the wait before another', () => {
    expect(told(failed([tried({})], { endMs: 900 })).slice(-2)).toEqual([
      '400 the client gets 502 (connection reset: a worker died with the request in its hands)',
      '900 the client has no patience left, and goes',
    ]);
  });
});

describe('a load that grew and went', () => {
  const RATES = [...Array(16).fill(10), ...Array(16).fill(20), ...Array(16).fill(10)] as number[];
  const loaded = RATES.map((offered, index) => seriesPoint([], { t: index * 0.25, offered }));
  const at = (startMs: number) =>
    explain(variantResult({ series: loaded, events: [] }), [
      failed([tried({ startMs, endMs: startMs + 500, ...{ status: 504, cause: 'deadline' } })]),
    ])[0]!;

  it.each([
    ['in it', 5_000, Number.POSITIVE_INFINITY],
    ['in what it left behind', 9_000, 8_000],
  ])('is told with its rate, its beginning and its end to who failed %s', (_when, startMs, overMs) => {
    const { root } = at(startMs);
    expect(root).toMatchObject({
      ...{ kind: 'load', fromMs: 4_000, overMs },
      what: 'the load: 80/s, 2.0 times what it was',
    });
  });
});

describe('an edge’s error', () => {
  it('is about the gateway behind it', () => {
    const cause = 'connection_refused';
    const refused = tried({ cause, upstreams: [{ upstream: 'gateway-2', cause, afterMs: 1, endMs: 400 }] });
    expect(told(failed([refused])).at(-1)).toContain('nothing listens where a gateway was');
  });
});
