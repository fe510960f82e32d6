/** Retry budgets: what each allows, what fills it, and how much load it lets retries add when much or all fails. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/core/errors.js';
import { Random } from '../../../src/core/random.js';
import { VirtualClock } from '../../../src/core/virtual-clock.js';
import {
  BUDGETS,
  type BudgetName,
  makeBudget,
  type RetryBudgetOptions,
} from '../../../src/policies/budgets/budgets.js';
import { ConcurrentBudget } from '../../../src/policies/budgets/concurrent.js';
import { DEPOSIT_BUDGET_DEFAULTS, DepositBudget } from '../../../src/policies/budgets/deposit.js';
import { budgetOutcome, type RetryBudget } from '../../../src/policies/budgets/retry-budget.js';
import { ThrottleBudget } from '../../../src/policies/budgets/throttle.js';
import { TokenBucketBudget } from '../../../src/policies/budgets/token-bucket.js';
import { mockResponse } from '../../support/mock-service.js';

const NAMES = Object.keys(BUDGETS) as BudgetName[];

const byDefault = (name: BudgetName): RetryBudget =>
  makeBudget({ name, ...BUDGETS[name].defaults } as RetryBudgetOptions);

/** How many retries may begin at once. */
const allowed = (budget: RetryBudget, nowMs = 0, most = 1_000): number => {
  let begun = 0;
  while (begun < most && budget.tryBeginRetry(nowMs)) begun++;
  return begun;
};

const times = (count: number, run: () => void): void => {
  for (let index = 0; index < count; index++) run();
};

describe('the concurrent budget', () => {
  it.each([
    [0, 3],
    [1, 3],
    [10, 3],
    [40, 10],
    [100, 25],
  ])(
    'with %i first attempts under way lets %i retries be: 20 % of all, and at least 3',
    (firsts, expected) => {
      const budget = byDefault('concurrent');
      times(firsts, () => budget.firstBegan(0));
      expect(allowed(budget)).toBe(expected);
    },
  );

  it('lets another begin when one has ended', () => {
    const budget = byDefault('concurrent');
    allowed(budget);
    expect(budget.tryBeginRetry(0)).toBe(false);
    budget.retryEnded('failure');
    expect(budget.tryBeginRetry(0)).toBe(true);
    expect(budget.retries).toBe(3);
  });

  it('never lets the load grow beyond 1 / (1 − ratio)', () => {
    const step = fc.constantFrom('begin', 'end', 'retry', 'endRetry');
    fc.assert(
      fc.property(fc.array(step), fc.double({ min: 0, max: 0.5, noNaN: true }), (steps, ratio) => {
        const budget = new ConcurrentBudget({ ratio, minConcurrent: 0 });
        let firsts = 0;
        for (const one of steps) {
          if (one === 'begin') {
            firsts++;
            budget.firstBegan();
          } else if (one === 'end' && firsts > 0) {
            firsts--;
            budget.firstEnded();
          } else if (one === 'retry' && budget.tryBeginRetry()) {
            expect(budget.retries + firsts).toBeLessThanOrEqual(firsts / (1 - ratio) + 1e-9);
          } else if (one === 'endRetry' && budget.retries > 0) budget.retryEnded();
        }
      }),
    );
  });
});

describe('the deposit budget', () => {
  it.each([
    [0, 100],
    [4, 100],
    [5, 101],
    [500, 200],
  ])(
    'after %i requests allows %i retries: 20 %, and the reserve of 10 s at 10 a second',
    (requests, expected) => {
      const budget = byDefault('deposit');
      times(requests, () => budget.firstBegan(5));
      expect(allowed(budget, 5)).toBe(expected);
    },
  );

  it('forgets requests when their time is over, and not long before', () => {
    const budget = new DepositBudget({ ratio: 0.2, ttlMs: 10_000, minRetriesRps: 0 });
    times(50, () => budget.firstBegan(500));
    expect(budget.tryBeginRetry(9_999)).toBe(true);
    expect(allowed(budget, 10_000)).toBe(0);
  });

  it('forgets retries too: the reserve is there again after its time', () => {
    const budget = new DepositBudget({ ratio: 0.2, ttlMs: 10_000, minRetriesRps: 2 });
    expect(allowed(budget, 0)).toBe(20);
    expect(allowed(budget, 9_999)).toBe(0);
    expect(allowed(budget, 10_000)).toBe(20);
  });

  it('knows the requests of the last ttl and of no other time, however long they go on', () => {
    const budget = new DepositBudget({ ratio: 0.2, ttlMs: 10_000, minRetriesRps: 0 });
    for (let nowMs = 0; nowMs < 60_000; nowMs += 100) budget.firstBegan(nowMs);
    expect(allowed(budget, 59_999)).toBe(20);
  });

  it('starts afresh after any silence', () => {
    const budget = new DepositBudget({ ratio: 0.5, ttlMs: 1_000, minRetriesRps: 0 });
    times(8, () => budget.firstBegan(1_700_000_000_000));
    expect(allowed(budget, 1_700_009_000_000)).toBe(0);
    times(8, () => budget.firstBegan(1_700_009_000_000));
    expect(allowed(budget, 1_700_009_000_000)).toBe(4);
  });

  it('takes a request from a little earlier as one of now', () => {
    const budget = new DepositBudget({ ratio: 0.5, ttlMs: 1_000, minRetriesRps: 0 });
    budget.firstBegan(5_000);
    budget.firstBegan(4_100);
    expect(allowed(budget, 5_899)).toBe(1);
  });

  it('allows no more retries in any ttl than its share of the requests in twice that, and the reserve twice', () => {
    const step = fc.record({
      gapMs: fc.double({ min: 0, max: 400, noNaN: true }),
      retry: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 300 }),
        fc.double({ min: 0.001, max: 1, noNaN: true }),
        (steps, ratio) => {
          const budget = new DepositBudget({ ratio, ttlMs: 1_000, minRetriesRps: 2 });
          const requestsMs: number[] = [];
          const retriesMs: number[] = [];
          let nowMs = 0;
          for (const { gapMs, retry } of steps) {
            nowMs += gapMs;
            if (!retry) {
              budget.firstBegan(nowMs);
              requestsMs.push(nowMs);
            } else if (budget.tryBeginRetry(nowMs)) {
              retriesMs.push(nowMs);
              const retries = retriesMs.filter((atMs) => atMs > nowMs - 1_000).length;
              const requests = requestsMs.filter((atMs) => atMs > nowMs - 2_000).length;
              expect(retries).toBeLessThanOrEqual(ratio * requests + 2 * 2 + 1e-6);
            }
          }
        },
      ),
    );
  });

  it('with a share of nothing lives on its reserve', () => {
    const budget = new DepositBudget({ ...DEPOSIT_BUDGET_DEFAULTS, ratio: 0 });
    times(1_000, () => budget.firstBegan(0));
    expect(allowed(budget)).toBe(100);
  });
});

describe('the throttle', () => {
  it.each([
    [0, true],
    [4, true],
    [5, false],
    [100, false],
  ])('of 10 tokens after %i failures allows a retry: %s', (failures, expected) => {
    const budget = byDefault('throttle');
    times(failures, () => budget.firstEnded('failure'));
    expect(budget.tryBeginRetry(0)).toBe(expected);
  });

  it('takes a token for a failed retry as for a failed first attempt', () => {
    const budget = new ThrottleBudget({ maxTokens: 10, tokenRatio: 0.1 });
    budget.firstEnded('failure');
    budget.tryBeginRetry();
    budget.retryEnded('failure');
    expect(budget.tokens).toBe(8);
    budget.tryBeginRetry();
    budget.retryEnded('success');
    expect(budget.tokens).toBe(8.1);
  });

  it('takes ten successes for one failure, to the last digit, and none for what says nothing', () => {
    const budget = new ThrottleBudget({ maxTokens: 10, tokenRatio: 0.1 });
    times(5, () => budget.firstEnded('failure'));
    times(100, () => budget.firstEnded('ignored'));
    times(1, () => budget.firstEnded('success'));
    expect(budget.tryBeginRetry()).toBe(true);
    times(9, () => budget.firstEnded('success'));
    expect(budget.tokens).toBe(6);
  });

  it('has never less than nothing and never more than all', () => {
    const budget = new ThrottleBudget({ maxTokens: 10, tokenRatio: 0.1 });
    times(50, () => budget.firstEnded('failure'));
    expect(budget.tokens).toBe(0);
    times(51, () => budget.firstEnded('success'));
    expect(budget.tryBeginRetry()).toBe(true);
    times(1_000, () => budget.firstEnded('success'));
    expect(budget.tokens).toBe(10);
  });
});

describe('the token bucket', () => {
  it('starts with a hundred retries, and has one more for ten successes', () => {
    const budget = byDefault('token-bucket');
    expect(allowed(budget)).toBe(100);
    times(9, () => budget.firstEnded('success'));
    expect(budget.tryBeginRetry(0)).toBe(false);
    budget.firstEnded('success');
    expect(budget.tryBeginRetry(0)).toBe(true);
    expect(budget.tryBeginRetry(0)).toBe(false);
  });

  it('is filled neither by failures nor beyond its brim', () => {
    const budget = new TokenBucketBudget({ capacity: 2, refundRatio: 0.1 });
    allowed(budget);
    times(100, () => budget.firstEnded('failure'));
    times(100, () => budget.firstEnded('ignored'));
    expect(budget.tokens).toBe(0);
    times(100, () => budget.firstEnded('success'));
    expect(budget.tokens).toBe(2);
  });
});

describe.each(NAMES)('%s', (name) => {
  it('counts the retries under way, back to none', () => {
    const step = fc.constantFrom('first', 'retry', 'end');
    const outcome = fc.constantFrom('success' as const, 'failure' as const, 'ignored' as const);
    fc.assert(
      fc.property(fc.array(fc.tuple(step, outcome, fc.nat(500))), (steps) => {
        const budget = byDefault(name);
        let nowMs = 0;
        let underWay = 0;
        for (const [one, ending, gapMs] of steps) {
          nowMs += gapMs;
          if (one === 'first') {
            budget.firstBegan(nowMs);
            budget.firstEnded(ending);
          } else if (one === 'retry') underWay += budget.tryBeginRetry(nowMs) ? 1 : 0;
          else if (underWay > 0) {
            underWay--;
            budget.retryEnded(ending);
          }
          expect(budget.retries).toBe(underWay);
        }
      }),
    );
  });
});

describe('an attempt’s ending', () => {
  it.each([
    [200, null, 'success'],
    [404, null, 'success'],
    [500, null, 'failure'],
    [429, 'status_429', 'failure'],
    [503, 'status_503', 'failure'],
  ])('with status %i and cause %s is a %s', (status, cause, expected) => {
    expect(budgetOutcome(mockResponse(status), cause)).toBe(expected);
  });

  it('by a refusal that calls for a retry is a failure; by a client that left it says nothing', () => {
    expect(budgetOutcome(new GatewayError('BGW_ERR_CIRCUIT_OPEN'), 'circuit_open')).toBe('failure');
    expect(budgetOutcome(new GatewayError('BGW_ERR_CLIENT_LEFT'), null)).toBe('ignored');
  });
});

interface Storm {
  readonly failing: number;
  readonly attempts?: number;
  readonly rateRps?: number;
}

/** Attempts per request in the second half of ten seconds, when a share of the attempts fails after 100 ms. */
const amplification = (budget: RetryBudget, { failing, attempts = 4, rateRps = 1_000 }: Storm): number => {
  const clock = new VirtualClock();
  const random = new Random(11);
  const fromMs = 5_000;
  let requests = 0;
  let sent = 0;
  const send = (attempt: number): void => {
    if (clock.nowMs() >= fromMs) sent++;
    clock.after(80 + 40 * random.next(), () => {
      const outcome = random.next() < failing ? 'failure' : 'success';
      if (attempt === 1) budget.firstEnded(outcome);
      else budget.retryEnded(outcome);
      if (outcome === 'failure' && attempt < attempts && budget.tryBeginRetry(clock.nowMs()))
        send(attempt + 1);
    });
  };
  for (let atMs = 0; atMs < 2 * fromMs; atMs += 1_000 / rateRps) {
    clock.after(atMs, () => {
      if (atMs >= fromMs) requests++;
      budget.firstBegan(clock.nowMs());
      send(1);
    });
  }
  clock.advance(2 * fromMs);
  return sent / requests;
};

describe('when everything fails, each request becomes', () => {
  it.each<[BudgetName, object, least: number, most: number]>([
    ['unlimited', {}, 3.9, 4],
    // 1 / (1 − 0.2), since the share is of all attempts; a share of the first ones would be 1.2.
    ['concurrent', {}, 1.23, 1.25],
    ['deposit', { minRetriesRps: 0 }, 1.19, 1.2],
    ['deposit', {}, 1.2, 1.211],
    ['throttle', {}, 1, 1],
    ['token-bucket', {}, 1, 1],
  ])('%s %j: from %d to %d attempts', (name, options, least, most) => {
    const budget = makeBudget({ name, ...BUDGETS[name].defaults, ...options } as RetryBudgetOptions);
    const found = amplification(budget, { failing: 1 });
    expect(found).toBeGreaterThanOrEqual(least);
    expect(found).toBeLessThanOrEqual(most + 0.001);
  });
});

describe('when one attempt in twenty fails', () => {
  it.each(NAMES)('%s lets every failure be tried again', (name) => {
    const found = amplification(byDefault(name), { failing: 0.05 });
    // 1 + 0.05 + 0.05² + …
    expect(found).toBeGreaterThan(1.045);
    expect(found).toBeLessThan(1.06);
  });
});

describe('when half of all attempts fail', () => {
  it('the token bucket adds a tenth of the successes, and the throttle nothing', () => {
    const bucket = amplification(byDefault('token-bucket'), { failing: 0.5 });
    expect(bucket).toBeGreaterThan(1.04);
    expect(bucket).toBeLessThan(1.065);
    expect(amplification(byDefault('throttle'), { failing: 0.5 })).toBeLessThan(1.01);
  });
});

describe('a gateway with little traffic', () => {
  it('is let down by a share alone: the least that is always fine lets it retry', () => {
    const storm = { failing: 0.3, rateRps: 5 };
    const without = new ConcurrentBudget({ ratio: 0.2, minConcurrent: 0 });
    expect(amplification(without, storm)).toBe(1);
    expect(amplification(byDefault('concurrent'), storm)).toBeGreaterThan(1.2);
  });
});

describe('a budget that is spent says on which numbers', () => {
  it.each<[BudgetName, string]>([
    ['concurrent', '3 under way beside 2 first attempts, and 3 may be: 20% of 6, at least 3'],
    ['deposit', '0.4 of one is left of the last 10s, which allow 20% of their requests and 10/s'],
    ['throttle', '5 of 10 tokens are left, and there are none without more than half of them'],
    ['token-bucket', '0 of 100 tokens are left, and each takes one'],
  ])('%s: %s', (name, expected) => {
    const budget = byDefault(name);
    times(2, () => budget.firstBegan(0));
    if (name === 'throttle') times(5, () => budget.firstEnded('failure'));
    else allowed(budget);
    expect(budget.tryBeginRetry(0)).toBe(false);
    expect(budget.shortage(0)).toBe(expected);
  });
});
