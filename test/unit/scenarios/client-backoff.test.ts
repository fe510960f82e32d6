/** How long a client waits before it tries again: by kind of back-off, by try, capped, and with jitter. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import {
  backoffMs,
  type ClientBehaviour,
  resolveBehaviour,
} from '../../../src/scenarios/clients/behaviour.js';

const clients = (fields: Partial<ClientBehaviour>): ClientBehaviour => ({
  ...resolveBehaviour(),
  ...fields,
});

/** Waits before tries 2, 3, 4, 5 and 6. */
const waits = (behaviour: ClientBehaviour): number[] =>
  [2, 3, 4, 5, 6].map((attempt) => backoffMs(behaviour, attempt, new Random(1)));

describe('the wait before another try', () => {
  it.each<[string, Partial<ClientBehaviour>, number[]]>([
    ['nothing without a back-off', { backoff: 'none', delayMs: 500 }, [0, 0, 0, 0, 0]],
    [
      'nothing without a back-off, even with jitter',
      { backoff: 'none', delayMs: 500, jitter: 'full' },
      [0, 0, 0, 0, 0],
    ],
    ['the delay when constant', { backoff: 'constant', delayMs: 600 }, [600, 600, 600, 600, 600]],
    [
      'doubled each time when exponential',
      { backoff: 'exponential', delayMs: 100 },
      [100, 200, 400, 800, 1_600],
    ],
    [
      'doubled up to the cap',
      { backoff: 'exponential', delayMs: 100, maxDelayMs: 500 },
      [100, 200, 400, 500, 500],
    ],
    [
      'the cap from the start when the delay is above it',
      { backoff: 'exponential', delayMs: 900, maxDelayMs: 500 },
      [500, 500, 500, 500, 500],
    ],
    [
      'the whole delay when constant, since the cap is for exponential ones',
      { backoff: 'constant', delayMs: 45_000, maxDelayMs: 30_000 },
      [45_000, 45_000, 45_000, 45_000, 45_000],
    ],
  ])('is %s', (_name, fields, expected) => {
    expect(waits(clients(fields))).toEqual(expected);
  });

  it('stays at the cap however many tries there were', () => {
    const behaviour = clients({ backoff: 'exponential', delayMs: 1, maxDelayMs: 30_000 });
    expect(backoffMs(behaviour, 2_000, new Random(1))).toBe(30_000);
  });

  it('is drawn between nothing and its length with full jitter', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.constantFrom('constant' as const, 'exponential' as const),
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 2, max: 12 }),
        (seed, backoff, delayMs, attempt) => {
          const plain = clients({ backoff, delayMs });
          const longest = backoffMs(plain, attempt, new Random(seed));
          const drawn = backoffMs({ ...plain, jitter: 'full' }, attempt, new Random(seed));
          expect(drawn).toBeGreaterThanOrEqual(0);
          expect(drawn).toBeLessThan(longest);
        },
      ),
    );
  });

  it('spreads evenly with full jitter', () => {
    const behaviour = clients({ backoff: 'constant', delayMs: 1_000, jitter: 'full' });
    const random = new Random(5);
    const drawn = Array.from({ length: 4_000 }, () => backoffMs(behaviour, 2, random));
    for (const quarter of [0, 250, 500, 750]) {
      const share = drawn.filter((ms) => ms >= quarter && ms < quarter + 250).length / drawn.length;
      expect(share).toBeGreaterThan(0.22);
      expect(share).toBeLessThan(0.28);
    }
  });
});

describe('a clients section', () => {
  it('has its defaults filled in', () => {
    expect(resolveBehaviour()).toEqual({
      patienceMs: 10_000,
      attempts: 1,
      backoff: 'none',
      delayMs: 1_000,
      maxDelayMs: 30_000,
      jitter: 'none',
      retryAfter: 'ignore',
      budget: null,
    });
  });

  it('is taken as it is written', () => {
    const retry = {
      attempts: 4,
      backoff: 'exponential',
      delay: '250ms',
      maxDelay: '4s',
      jitter: 'full',
      retryAfter: 'honour',
      budget: { tokens: 5, refund: '20%' },
    } as const;
    expect(resolveBehaviour({ patience: '2s', retry })).toEqual({
      patienceMs: 2_000,
      attempts: 4,
      backoff: 'exponential',
      delayMs: 250,
      maxDelayMs: 4_000,
      jitter: 'full',
      retryAfter: 'honour',
      budget: { capacity: 5, refundRatio: 0.2 },
    });
  });
});
