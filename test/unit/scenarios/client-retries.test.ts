/**
 * How clients try again, on a virtual clock: as late as a server asks for, in seconds or until a date, and no more often
 * than their tokens allow.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { VirtualClock } from '../../../src/core/virtual-clock.js';
import { TokenBucketBudget } from '../../../src/policies/budgets/token-bucket.js';
import {
  type ClientBehaviour,
  resolveBehaviour,
  retryWaitMs,
} from '../../../src/scenarios/clients/behaviour.js';
import {
  type ClientParts,
  type OnAnswer,
  type RequestId,
  type RequestRecord,
  runRequest,
} from '../../../src/scenarios/clients/clients.js';

const START_MS = Date.UTC(2024, 10, 8, 16, 6, 0);

const behaviour = (fields: Partial<ClientBehaviour>): ClientBehaviour => ({
  ...resolveBehaviour(),
  ...fields,
});

interface Reply {
  readonly status: number;
  readonly retryAfter?: string;
}

/** Clients of one kind whose every try is answered at once, by what `reply` says of it. */
const clientsOf = (fields: Partial<ClientBehaviour>, reply: (tries: number) => Reply) => {
  const clock = new VirtualClock(START_MS);
  const records: RequestRecord[] = [];
  const ids: RequestId[] = [];
  const own = behaviour(fields);
  const parts: ClientParts = {
    behaviour: own,
    clock,
    random: new Random(3),
    originMs: START_MS,
    budget: own.budget && new TokenBucketBudget(own.budget),
    send: (onAnswer: OnAnswer, id) => {
      ids.push(id);
      const { status, retryAfter } = reply(ids.length);
      const timer = clock.after(1, () => onAnswer({ status, cause: '', rayId: '' }, retryAfter));
      return { abort: () => timer.cancel() };
    },
  };
  const ask = (id: RequestId): void => {
    runRequest(id, clock.nowMs() - START_MS, parts, (record) => records.push(record));
  };
  return { clock, records, ids, ask };
};

/** From the answer to the first try to the second try. */
const firstWaitMs = ([record]: RequestRecord[]): number =>
  record!.attempts[1]!.startMs - record!.attempts[0]!.endMs;

const refusedOnce =
  (retryAfter: string) =>
  (tries: number): Reply =>
    tries === 1 ? { status: 503, retryAfter } : { status: 200 };

describe('a client that honours Retry-After', () => {
  it.each([
    ['seconds', '3', 3_000],
    ['a date', 'Fri, 08 Nov 2024 16:06:04 GMT', 4_000],
    ['a date in the form of RFC 850', 'Friday, 08-Nov-24 16:06:04 GMT', 4_000],
    ['a date in the form of asctime', 'Fri Nov  8 16:06:04 2024', 4_000],
  ])('waits that long and up to half as long again, when told in %s', (_form, field, askedMs) => {
    const { clock, records, ask } = clientsOf({ attempts: 2, retryAfter: 'honour' }, refusedOnce(field));
    ask(0);
    clock.advance(60_000);
    // The date was read a millisecond after it was sent.
    expect(firstWaitMs(records)).toBeGreaterThanOrEqual(askedMs - 1);
    expect(firstWaitMs(records)).toBeLessThan(askedMs * 1.5);
    expect(records[0]).toMatchObject({ ok: true, status: 200 });
  });

  it.each([
    ['a date that has passed', 'Fri, 08 Nov 2024 16:05:00 GMT'],
    ['what is neither', 'soon'],
    ['nothing', ''],
  ])('waits by its own rules when told %s', (_what, field) => {
    const { clock, records, ask } = clientsOf(
      { attempts: 2, backoff: 'constant', delayMs: 700, retryAfter: 'honour' },
      refusedOnce(field),
    );
    ask(0);
    clock.advance(60_000);
    expect(firstWaitMs(records)).toBe(700);
  });

  it('waits by its own rules when they are the longer ones', () => {
    const { clock, records, ask } = clientsOf(
      { attempts: 2, backoff: 'constant', delayMs: 5_000, retryAfter: 'honour' },
      refusedOnce('1'),
    );
    ask(0);
    clock.advance(60_000);
    expect(firstWaitMs(records)).toBe(5_000);
  });

  it.each(['3600', '99999999999999999999', '9'.repeat(400)])(
    'asked for %s seconds, keeps to its patience and ends with what it was told',
    (field) => {
      const { clock, records, ids, ask } = clientsOf(
        { attempts: 3, patienceMs: 2_000, retryAfter: 'honour' },
        refusedOnce(field),
      );
      ask(0);
      clock.advance(10_000_000);
      expect(ids).toHaveLength(1);
      expect(records).toMatchObject([{ status: 503, endMs: 2_000, ok: false }]);
    },
  );

  it('never waits shorter than asked, nor longer than patience lasts', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 50_000 }),
        (seed, seconds, patienceMs) => {
          const wait = {
            behaviour: behaviour({ retryAfter: 'honour' }),
            patienceMs,
            attempt: 2,
            retryAfter: String(seconds),
            nowMs: START_MS,
          };
          const waitMs = retryWaitMs(wait, new Random(seed));
          expect(waitMs).toBeGreaterThanOrEqual(Math.min(seconds * 1000, patienceMs));
          expect(waitMs).toBeLessThanOrEqual(Math.min(seconds * 1500, patienceMs));
        },
      ),
    );
  });
});

describe('a client that does not', () => {
  it('is back at once', () => {
    const { clock, records, ask } = clientsOf({ attempts: 2 }, refusedOnce('3'));
    ask(0);
    clock.advance(60_000);
    expect(firstWaitMs(records)).toBe(0);
  });
});

describe('every try of a request', () => {
  it('is sent under the same id', () => {
    const { clock, ids, ask } = clientsOf({ attempts: 4 }, () => ({ status: 502 }));
    ask('user-7-1');
    clock.advance(1_000);
    expect(ids).toEqual(['user-7-1', 'user-7-1', 'user-7-1', 'user-7-1']);
  });
});

describe('a token bucket for retries', () => {
  const down = (): Reply => ({ status: 503 });

  it('ends the retries of a client when nothing succeeds', () => {
    const { clock, ids, ask } = clientsOf({ attempts: 3, budget: { capacity: 5, refundRatio: 0.1 } }, down);
    for (let id = 0; id < 50; id++) ask(id);
    clock.advance(60_000);
    expect(ids).toHaveLength(50 + 5);
  });

  it('is filled again by answers', () => {
    let up = false;
    const { clock, ids, ask } = clientsOf({ attempts: 2, budget: { capacity: 2, refundRatio: 0.5 } }, () => ({
      status: up ? 200 : 503,
    }));
    for (let id = 0; id < 10; id++) ask(id);
    clock.advance(1_000);
    expect(ids).toHaveLength(10 + 2);
    up = true;
    for (let id = 10; id < 14; id++) ask(id);
    clock.advance(1_000);
    up = false;
    for (let id = 14; id < 24; id++) ask(id);
    clock.advance(1_000);
    expect(ids).toHaveLength(12 + 4 + 10 + 2);
  });

  it('keeps the tokens of retries whose client left in their wait', () => {
    const { clock, ids, records, ask } = clientsOf(
      {
        attempts: 2,
        patienceMs: 100,
        backoff: 'constant',
        delayMs: 500,
        budget: { capacity: 3, refundRatio: 1 },
      },
      down,
    );
    for (let id = 0; id < 10; id++) ask(id);
    clock.advance(60_000);
    expect(ids).toHaveLength(10);
    expect(records).toHaveLength(10);
    ask(10);
    clock.advance(60_000);
    expect(records.at(-1)).toMatchObject({ status: 503 });
  });

  it('lets no more retries through than it held and answers paid for', () => {
    const refundRatio = 0.25;
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 120 }),
        (capacity, good) => {
          let answered = 0;
          const { clock, ids, ask } = clientsOf(
            { attempts: 4, budget: { capacity, refundRatio } },
            (tries) => {
              const up = good[tries % good.length]!;
              if (up) answered++;
              return { status: up ? 200 : 503 };
            },
          );
          const requests = 60;
          for (let id = 0; id < requests; id++) {
            ask(id);
            clock.advance(10);
          }
          expect(ids.length - requests).toBeLessThanOrEqual(capacity + answered * refundRatio);
        },
      ),
    );
  });
});
