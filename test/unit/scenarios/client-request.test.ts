/**
 * One request of one client on a virtual clock, against answers that follow a script: what is tried again,
 * when the client leaves, what is recorded, and that it is over exactly once.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { VirtualClock } from '../../../src/core/virtual-clock.js';
import { type ClientBehaviour, resolveBehaviour } from '../../../src/scenarios/clients/behaviour.js';
import { type RequestRecord, runRequest, type Send } from '../../../src/scenarios/clients/clients.js';
import { recordedWindow } from '../../support/recording.js';

/** What becomes of one try; `null`: nothing, ever. */
type Step = { readonly afterMs: number; readonly status: number } | null;

interface Outcome {
  readonly records: RequestRecord[];
  readonly tries: number;
  readonly aborts: number;
  readonly triesBeforeEnd: number;
}

const ORIGIN_MS = 5_000;
const LONG_AFTER_MS = 1_000_000;

const behaviour = (fields: Partial<ClientBehaviour> = {}): ClientBehaviour => ({
  ...resolveBehaviour(),
  ...fields,
});

/** Lives through a request meant for `arrivalMs` and sent `lateMs` after it. */
const live = (script: readonly Step[], clients: ClientBehaviour, arrivalMs = 100, lateMs = 0): Outcome => {
  const clock = new VirtualClock(ORIGIN_MS + arrivalMs + lateMs);
  const records: RequestRecord[] = [];
  let tries = 0;
  let aborts = 0;
  let triesBeforeEnd = -1;
  const send: Send = (onAnswer) => {
    const step = script[tries++] ?? null;
    const timer =
      step === null
        ? null
        : clock.after(step.afterMs, () =>
            onAnswer({
              status: step.status,
              cause: step.status === 200 ? '' : `cause_${step.status}`,
              rayId: `ray-${tries}`,
            }),
          );
    return {
      abort: () => {
        aborts++;
        timer?.cancel();
      },
    };
  };
  const parts = { behaviour: clients, clock, random: new Random(1), send, originMs: ORIGIN_MS };
  runRequest(7, arrivalMs, parts, (record) => {
    records.push(record);
    triesBeforeEnd = tries;
  });
  clock.advance(LONG_AFTER_MS);
  return { records, tries, aborts, triesBeforeEnd };
};

const only = ({ records }: Outcome): RequestRecord => {
  expect(records).toHaveLength(1);
  return records[0]!;
};

const answers = (...statuses: number[]): Step[] => statuses.map((status) => ({ afterMs: 20, status }));

describe('a client', () => {
  it('is done with the first good answer', () => {
    const outcome = live(answers(200), behaviour({ attempts: 3 }));
    expect(only(outcome)).toEqual({
      id: 7,
      arrivalMs: 100,
      lateMs: 0,
      endMs: 120,
      ok: true,
      status: 200,
      cause: '',
      attempts: [{ status: 200, cause: '', rayId: 'ray-1', startMs: 100, endMs: 120 }],
    });
    expect(outcome).toMatchObject({ tries: 1, aborts: 0 });
  });

  it.each([
    ['a 5xx again, until it succeeds', answers(503, 502, 200), 3, [503, 502, 200]],
    ['a 5xx as often as it may, and no more', answers(503, 503, 503, 200), 3, [503, 503, 503]],
    ['nothing again when it has one attempt', answers(503, 200), 1, [503]],
    ['429 again', answers(429, 200), 3, [429, 200]],
    ['no answer at all again', answers(0, 200), 3, [0, 200]],
    ['404 never again', answers(404, 200), 3, [404]],
    ['400 never again', answers(400, 200), 3, [400]],
    ['499 never again', answers(499, 200), 3, [499]],
    ['500 again', answers(500, 200), 3, [500, 200]],
    ['a redirect never again: it is good', answers(302, 200), 3, [302]],
  ])('tries %s', (_name, script, attempts, expected) => {
    const record = only(live(script, behaviour({ attempts })));
    expect(record.attempts.map(({ status }) => status)).toEqual(expected);
    const last = expected.at(-1)!;
    expect(record).toMatchObject({ status: last, ok: last === 200 || last === 302 });
  });

  it('waits between its tries, and records when each began and ended', () => {
    const clients = behaviour({ attempts: 3, backoff: 'exponential', delayMs: 100 });
    const record = only(live(answers(503, 503, 200), clients));
    expect(record.attempts.map(({ startMs, endMs }) => [startMs, endMs])).toEqual([
      [100, 120],
      [220, 240],
      [440, 460],
    ]);
    expect(record.endMs).toBe(460);
  });
});

describe('patience', () => {
  it('aborts the try under way, once, and records it as the client leaving', () => {
    const outcome = live([null], behaviour({ patienceMs: 2_000, attempts: 3 }));
    expect(outcome).toMatchObject({ tries: 1, aborts: 1 });
    expect(only(outcome)).toMatchObject({
      endMs: 2_100,
      ok: false,
      status: 0,
      cause: 'client_left',
      attempts: [{ status: 0, cause: 'client_left', rayId: '', startMs: 100, endMs: 2_100 }],
    });
  });

  it('covers all tries together', () => {
    const clients = behaviour({ patienceMs: 1_000, attempts: 3, backoff: 'constant', delayMs: 300 });
    const outcome = live([{ afterMs: 400, status: 503 }, null], clients);
    expect(outcome).toMatchObject({ tries: 2, aborts: 1 });
    expect(only(outcome).attempts).toEqual([
      { status: 503, cause: 'cause_503', rayId: 'ray-1', startMs: 100, endMs: 500 },
      { status: 0, cause: 'client_left', rayId: '', startMs: 800, endMs: 1_100 },
    ]);
  });

  it('that ends during the wait for another try ends with the last answer and aborts nothing', () => {
    const clients = behaviour({ patienceMs: 1_000, attempts: 3, backoff: 'constant', delayMs: 5_000 });
    const outcome = live(answers(503, 200), clients);
    expect(outcome).toMatchObject({ tries: 1, aborts: 0 });
    expect(only(outcome)).toMatchObject({ endMs: 1_100, ok: false, status: 503, cause: 'cause_503' });
    expect(only(outcome).attempts).toHaveLength(1);
  });

  it('does not end what was answered in time', () => {
    const outcome = live([{ afterMs: 999, status: 200 }], behaviour({ patienceMs: 1_000 }));
    expect(only(outcome)).toMatchObject({ status: 200, endMs: 1_099 });
    expect(outcome.aborts).toBe(0);
  });

  it('that ends in the wait after an answer given before `send` returned aborts nothing either', () => {
    const clock = new VirtualClock();
    const records: RequestRecord[] = [];
    let aborts = 0;
    const send: Send = (onAnswer) => {
      onAnswer({ status: 503, cause: 'at_once', rayId: '' });
      return { abort: () => aborts++ };
    };
    const clients = behaviour({ patienceMs: 1_000, attempts: 2, backoff: 'constant', delayMs: 5_000 });
    const parts = { behaviour: clients, clock, random: new Random(1), send, originMs: 0 };
    runRequest(0, 0, parts, (record) => records.push(record));
    clock.advance(LONG_AFTER_MS);
    expect(aborts).toBe(0);
    expect(records).toMatchObject([{ status: 503, cause: 'at_once', attempts: [{ status: 503 }] }]);
  });
});

describe('a request that is sent late', () => {
  it('has its latency from the moment it was meant to be sent', () => {
    const record = only(live(answers(200), behaviour(), 100, 300));
    expect(record).toMatchObject({ arrivalMs: 100, lateMs: 300, endMs: 420 });
    expect(record.attempts[0]).toMatchObject({ startMs: 400, endMs: 420 });
    const { latencyMs } = recordedWindow({ name: 'w', fromMs: 0, toMs: 1_000 }, [record]);
    expect(latencyMs.max).toBeCloseTo(320, 0);
  });

  it('has its patience from that moment too', () => {
    expect(only(live([null], behaviour({ patienceMs: 1_000 }), 100, 300)).endMs).toBe(1_100);
  });

  it('is given up at once when its patience was over before it was sent', () => {
    const outcome = live([null], behaviour({ patienceMs: 1_000 }), 100, 3_000);
    expect(only(outcome)).toMatchObject({ endMs: 3_100, cause: 'client_left' });
    expect(outcome.aborts).toBe(1);
  });
});

const step: fc.Arbitrary<Step> = fc.option(
  fc.record({
    afterMs: fc.integer({ min: 0, max: 2_000 }),
    status: fc.constantFrom(0, 200, 204, 302, 400, 404, 429, 499, 500, 502, 503, 504),
  }),
  { nil: null, freq: 6 },
);

const anyBehaviour: fc.Arbitrary<ClientBehaviour> = fc.record({
  patienceMs: fc.integer({ min: 0, max: 5_000 }),
  attempts: fc.integer({ min: 1, max: 6 }),
  backoff: fc.constantFrom('none' as const, 'constant' as const, 'exponential' as const),
  delayMs: fc.integer({ min: 0, max: 1_000 }),
  maxDelayMs: fc.integer({ min: 0, max: 2_000 }),
  jitter: fc.constantFrom('none' as const, 'full' as const),
  retryAfter: fc.constantFrom('ignore' as const, 'honour' as const),
  budget: fc.constant(null),
});

describe('whatever is answered', () => {
  it('a request ends exactly once, within its patience, in tries that follow each other', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 8 }),
        anyBehaviour,
        fc.integer({ min: 0, max: 3_000 }),
        (script, clients, lateMs) => {
          const outcome = live(script, clients, 100, lateMs);
          const record = only(outcome);
          expect(outcome.tries).toBe(outcome.triesBeforeEnd);
          expect(outcome.aborts).toBe(record.cause === 'client_left' ? 1 : 0);
          expect(record.attempts).toHaveLength(outcome.tries);
          expect(outcome.tries).toBeGreaterThanOrEqual(1);
          expect(outcome.tries).toBeLessThanOrEqual(clients.attempts);
          expect(record.endMs).toBeLessThanOrEqual(100 + Math.max(clients.patienceMs, lateMs));
          let before = 100 + lateMs;
          for (const { startMs, endMs } of record.attempts) {
            expect(startMs).toBeGreaterThanOrEqual(before);
            expect(endMs).toBeGreaterThanOrEqual(startMs);
            before = endMs;
          }
          const last = record.attempts.at(-1)!;
          expect(record).toMatchObject({ status: last.status, cause: last.cause, lateMs });
          expect(record.ok).toBe(last.status >= 200 && last.status < 400);
        },
      ),
    );
  });
});
