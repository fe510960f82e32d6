/** Retries: what is tried again, how often, after which wait, until when, and what the budget says. */
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ErrorCode, GatewayError } from '../../../src/core/errors.js';
import { Random } from '../../../src/core/random.js';
import { VirtualClock } from '../../../src/core/virtual-clock.js';
import { ConcurrentBudget } from '../../../src/policies/budgets/concurrent.js';
import type { RetryBudget } from '../../../src/policies/budgets/retry-budget.js';
import { UnlimitedBudget } from '../../../src/policies/budgets/unlimited.js';
import { type RetryOptions, retry } from '../../../src/policies/retry.js';
import { DEFAULT_RETRY_CONDITIONS } from '../../../src/policies/retry-conditions.js';
import { Call, type ProxyRequest, type ProxyResponse, type Service } from '../../../src/policies/service.js';
import { type MockResponse, mockResponse, mockService, REQUEST } from '../../support/mock-service.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const OPTIONS: RetryOptions = {
  attempts: 3,
  conditions: DEFAULT_RETRY_CONDITIONS,
  statuses: [],
  backoff: { jitter: 'full', baseMs: 25, maxMs: 250 },
  retryAfter: null,
};

/** Counts every call, and fails the test when something ends that did not begin. */
class CountingBudget implements RetryBudget {
  firsts = 0;
  retries = 0;
  begun = 0;
  readonly endings: string[] = [];
  allow = true;

  firstBegan(): void {
    this.firsts++;
  }

  firstEnded(outcome: string): void {
    expect(this.firsts--).toBeGreaterThan(0);
    this.endings.push(outcome);
  }

  tryBeginRetry(): boolean {
    if (this.allow) {
      this.retries++;
      this.begun++;
    }
    return this.allow;
  }

  shortage(): string {
    return 'it is spent';
  }

  retryEnded(outcome: string): void {
    expect(this.retries--).toBeGreaterThan(0);
    this.endings.push(outcome);
  }
}

const make = (fields: Partial<RetryOptions> = {}, budget = new CountingBudget()) => {
  const clock = new VirtualClock();
  const { service, pending } = mockService();
  const retried: string[] = [];
  const refused: string[] = [];
  const layered = retry({
    options: { ...OPTIONS, ...fields },
    budget,
    clock,
    random: new Random(1),
    onRetry: (_call, cause) => retried.push(cause),
    onRefused: (_call, cause, reason, detail) => refused.push(`${cause}: ${reason}, ${detail}`),
  })(service);
  const send = (request: ProxyRequest = REQUEST, deadlineMs = Infinity) => {
    const call = new Call('ray', clock);
    call.deadlineMs = deadlineMs;
    const outcome: { code?: string; status?: number } = {};
    layered(request, call).then(
      (response) => {
        outcome.status = response.statusCode;
      },
      (error: GatewayError) => {
        outcome.code = error.code ?? error.message;
      },
    );
    return { call, outcome };
  };
  const advance = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await turn();
  };
  return { clock, pending, send, retried, refused, budget, advance };
};

const fail = (code: ErrorCode): GatewayError => new GatewayError(code);

describe('a retry', () => {
  it('goes out after a wait, and its answer is the answer', async () => {
    const { pending, send, retried, advance } = make();
    const { outcome } = send();
    pending[0]!.fail(fail('BGW_ERR_CONNECTION_RESET'));
    await turn();
    expect(pending).toHaveLength(1);
    await advance(25);
    pending[1]!.respond(200);
    await turn();
    expect(outcome.status).toBe(200);
    expect(retried).toEqual(['connection_reset']);
  });

  it('gives the refused answer’s connection back first', async () => {
    const { pending, send } = make();
    send();
    const refused: MockResponse = pending[0]!.respond(503);
    await turn();
    expect(refused.destroyed).toBe(true);
  });

  it('comes no more often than attempts say; the last failure is the client’s', async () => {
    const { pending, send, advance } = make();
    const { outcome } = send();
    for (let attempt = 0; attempt < 3; attempt++) {
      pending[attempt]!.fail(fail('BGW_ERR_CONNECTION_REFUSED'));
      await turn();
      await advance(250);
    }
    expect(pending).toHaveLength(3);
    expect(outcome.code).toBe('BGW_ERR_CONNECTION_REFUSED');
  });

  it('that fails too leaves the client the last answer, whole', async () => {
    const { pending, send, advance } = make({ attempts: 2 });
    const { outcome } = send();
    pending[0]!.fail(fail('BGW_ERR_CONNECTION_RESET'));
    await turn();
    await advance(25);
    const last = pending[1]!.respond(503);
    await turn();
    expect(outcome.status).toBe(503);
    expect(last.destroyed).toBe(false);
  });

  it.each<[why: string, Partial<RetryOptions>]>([
    ['a condition that is not named', { conditions: ['reset'] }],
    ['no conditions at all', { conditions: [] }],
  ])('does not come for %s', async (_why, options) => {
    const { pending, send, retried } = make(options);
    const { outcome } = send();
    pending[0]!.respond(503);
    await turn();
    expect(outcome.status).toBe(503);
    expect(retried).toEqual([]);
  });

  it('comes for a status that is listed', async () => {
    const { pending, send, retried } = make({ conditions: ['rate-limited'], statuses: [418] });
    send();
    send();
    pending[0]!.respond(418);
    pending[1]!.respond(429);
    await turn();
    expect(retried).toEqual(['status_418', 'status_429']);
  });

  it('does not come for a client that has left, be it just after the failure', async () => {
    const { pending, send, advance, budget, retried } = make();
    const leaving = send();
    leaving.call.cancel(fail('BGW_ERR_CLIENT_LEFT'));
    const leavingLater = send();
    pending[1]!.fail(fail('BGW_ERR_CONNECTION_RESET'));
    leavingLater.call.cancel(fail('BGW_ERR_CLIENT_LEFT'));
    await turn();
    await advance(1_000);
    expect(pending).toHaveLength(2);
    expect([budget.begun, retried]).toEqual([0, []]);
    expect(leaving.outcome.code).toBe('BGW_ERR_CLIENT_LEFT');
  });

  it('does not hide a defect of ours behind another attempt', async () => {
    const { pending, send, budget, advance } = make();
    const { outcome } = send();
    pending[0]!.fail(new TypeError('a defect'));
    await turn();
    await advance(1_000);
    expect(pending).toHaveLength(1);
    expect(outcome.code).toBe('a defect');
    expect(budget.firsts).toBe(0);
  });
});

describe('a POST', () => {
  const POST: ProxyRequest = { ...REQUEST, method: 'POST', body: new Uint8Array(3) };

  it.each<[ErrorCode, boolean]>([
    ['BGW_ERR_CONNECTION_REFUSED', true],
    ['BGW_ERR_CONNECT_TIMEOUT', true],
    ['BGW_ERR_QUEUE_FULL', true],
    ['BGW_ERR_CONNECTION_RESET', false],
    ['BGW_ERR_RESPONSE_TIMEOUT', false],
  ])('is sent again after %s: %s', async (code, again) => {
    const { pending, send, advance } = make();
    send(POST);
    pending[0]!.fail(fail(code));
    await turn();
    await advance(25);
    expect(pending).toHaveLength(again ? 2 : 1);
  });

  it('is not sent a third time when the second may have arrived', async () => {
    const { pending, send, refused, advance } = make();
    const { outcome } = send(POST);
    pending[0]!.fail(fail('BGW_ERR_CONNECTION_REFUSED'));
    await turn();
    await advance(25);
    pending[1]!.fail(fail('BGW_ERR_CONNECTION_RESET'));
    await turn();
    await advance(250);
    expect(pending).toHaveLength(2);
    expect(outcome.code).toBe('BGW_ERR_CONNECTION_RESET');
    expect(refused).toEqual([
      'connection_reset: not-repeatable, a POST that may have arrived is not sent twice',
    ]);
  });

  it('whose body is a stream is sent once, whatever happens', async () => {
    const { pending, send, refused, advance } = make();
    send({ ...POST, body: Readable.from([]) });
    pending[0]!.fail(fail('BGW_ERR_CONNECTION_REFUSED'));
    await turn();
    await advance(250);
    expect(pending).toHaveLength(1);
    expect(refused).toEqual([
      'connection_refused: not-repeatable, its body went to the first attempt as it came, and is gone',
    ]);
  });
});

describe('the wait', () => {
  const noJitter = { backoff: { jitter: 'none', baseMs: 100, maxMs: 1_000 } } as const;

  it('grows from retry to retry', async () => {
    const { pending, send, advance } = make({ ...noJitter, attempts: 4 });
    send();
    for (const [index, waitMs] of [100, 200, 400].entries()) {
      pending[index]!.fail(fail('BGW_ERR_CONNECTION_RESET'));
      await turn();
      await advance(waitMs - 1);
      expect(pending).toHaveLength(index + 1);
      await advance(1);
      expect(pending).toHaveLength(index + 2);
    }
  });

  it('ends at once when the client leaves, and leaves no timer behind', async () => {
    const { clock, pending, send, budget } = make(noJitter);
    let timers = 0;
    const { after } = clock;
    clock.after = (delayMs, run) => {
      const timer = after.call(clock, delayMs, run);
      timers++;
      return {
        cancel: () => {
          timers--;
          timer.cancel();
        },
      };
    };
    const { call, outcome } = send();
    pending[0]!.fail(fail('BGW_ERR_CONNECTION_RESET'));
    await turn();
    expect(timers).toBe(1);
    call.cancel(fail('BGW_ERR_CLIENT_LEFT'));
    await turn();
    expect(outcome.code).toBe('BGW_ERR_CLIENT_LEFT');
    expect(timers).toBe(0);
    expect(budget.retries).toBe(0);
    clock.advance(10_000);
    await turn();
    expect(pending).toHaveLength(1);
  });

  it.each([
    [101, 2, []],
    [100, 1, ['connection_reset: deadline, 100ms left, and the wait before it is 100ms']],
    [50, 1, ['connection_reset: deadline, 50ms left, and the wait before it is 100ms']],
  ])('of 100 ms with %i ms left makes %i attempts', async (leftMs, attempts, expected) => {
    const { pending, send, refused, budget, advance } = make(noJitter);
    const { outcome } = send(REQUEST, leftMs);
    pending[0]!.fail(fail('BGW_ERR_CONNECTION_RESET'));
    await turn();
    if (attempts === 1)
      expect(outcome.code, 'told now, not at the deadline').toBe('BGW_ERR_CONNECTION_RESET');
    await advance(100);
    expect(pending).toHaveLength(attempts);
    expect(refused).toEqual(expected);
    expect(budget.begun, 'a retry that does not come costs nothing').toBe(attempts - 1);
  });
});

describe('an upstream that asks to be left alone', () => {
  /** Answers 503 with that field, and 200 from the second attempt on. */
  const ask = async (retryAfter: string, options: Partial<RetryOptions>, deadlineMs = Infinity) => {
    const clock = new VirtualClock();
    const sentMs: number[] = [];
    const refused: string[] = [];
    const service: Service = async () => {
      sentMs.push(clock.nowMs());
      if (sentMs.length > 1) return mockResponse(200);
      return Object.assign(mockResponse(503), { headers: { 'retry-after': retryAfter } }) as ProxyResponse;
    };
    const call = new Call('ray', clock);
    call.deadlineMs = deadlineMs;
    const answered = retry({
      options: { ...OPTIONS, ...options },
      budget: new UnlimitedBudget(),
      clock,
      random: new Random(1),
      onRetry: () => {},
      onRefused: (_call, _cause, reason) => refused.push(reason),
    })(service)(REQUEST, call);
    for (let ms = 0; ms < 5_000; ms += 25) {
      await turn();
      clock.advance(25);
    }
    return { status: (await answered).statusCode, sentMs, refused };
  };

  it('is left alone for as long, and up to half as much more', async () => {
    const { status, sentMs } = await ask('2', { retryAfter: { maxMs: 10_000 } });
    expect(status).toBe(200);
    expect(sentMs[1]).toBeGreaterThanOrEqual(2_000);
    expect(sentMs[1]).toBeLessThan(3_000);
  });

  it('for less than the back-off waits for the back-off', async () => {
    const backoff = { jitter: 'none', baseMs: 500, maxMs: 500 } as const;
    expect((await ask('0', { retryAfter: { maxMs: 10_000 }, backoff })).sentMs[1]).toBe(500);
  });

  it('for longer than the bound is not asked again', async () => {
    const { status, refused } = await ask('11', { retryAfter: { maxMs: 10_000 } });
    expect([status, refused]).toEqual([503, ['retry-after']]);
  });

  it('until after the deadline is not asked again', async () => {
    const { status, refused } = await ask('2', { retryAfter: { maxMs: 10_000 } }, 2_000);
    expect([status, refused]).toEqual([503, ['deadline']]);
  });

  it.each(['11', 'tomorrow'])(
    'by %j is not heard where nobody listens, or in no known words',
    async (value) => {
      const retryAfter = value === 'tomorrow' ? { maxMs: 10_000 } : null;
      expect((await ask(value, { retryAfter })).sentMs[1]).toBeLessThanOrEqual(25);
    },
  );
});

describe('the last attempt', () => {
  it('that fails says that no other may be, and one that is answered says nothing', async () => {
    const { pending, send, refused, advance } = make();
    for (const last of [503, 200]) {
      const before = pending.length;
      const { outcome } = send();
      for (const status of [502, 502, last]) {
        pending.at(-1)!.respond(status);
        await turn();
        await advance(250);
      }
      expect([outcome.status, pending.length - before]).toEqual([last, 3]);
    }
    expect(refused).toEqual(['status_503: attempts, 3 are all there may be']);
  });
});

describe('the budget', () => {
  it('that is spent refuses, and the client gets the failure at once', async () => {
    const { pending, send, refused, budget } = make();
    budget.allow = false;
    const { outcome } = send();
    pending[0]!.fail(fail('BGW_ERR_CONNECTION_RESET'));
    await turn();
    expect(outcome.code).toBe('BGW_ERR_CONNECTION_RESET');
    expect(refused).toEqual(['connection_reset: budget, it is spent']);
  });

  it('hears of each attempt’s end once, and how it was', async () => {
    const { pending, send, budget, advance } = make();
    send();
    pending[0]!.fail(fail('BGW_ERR_CONNECTION_RESET'));
    await turn();
    expect([budget.firsts, budget.retries]).toEqual([0, 1]);
    await advance(25);
    pending[1]!.respond(503);
    await turn();
    await advance(50);
    pending[2]!.respond(200);
    await turn();
    expect([budget.firsts, budget.retries]).toEqual([0, 0]);
    expect(budget.endings).toEqual(['failure', 'failure', 'success']);
  });

  it('has every attempt ended, however requests go and whoever leaves', async () => {
    const step = fc.record({
      act: fc.constantFrom('send', 'respond', 'refuse', 'fail', 'defect', 'leave', 'wait'),
      pick: fc.nat(20),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { pending, send, budget, advance } = make();
        const calls: Call[] = [];
        for (const { act, pick } of steps) {
          const attempt = pending[pick % Math.max(1, pending.length)];
          if (act === 'send') calls.push(send().call);
          else if (act === 'respond') attempt?.respond(200);
          else if (act === 'refuse') attempt?.respond(503);
          else if (act === 'fail') attempt?.fail(fail('BGW_ERR_CONNECTION_RESET'));
          else if (act === 'defect') attempt?.fail(new TypeError('a defect'));
          else if (act === 'leave')
            calls[pick % Math.max(1, calls.length)]?.cancel(fail('BGW_ERR_CLIENT_LEFT'));
          else await advance(pick * 5);
          await turn();
        }
        for (const call of calls) call.cancel(fail('BGW_ERR_CLIENT_LEFT'));
        await turn();
        expect([budget.firsts, budget.retries]).toEqual([0, 0]);
      }),
    );
  });

  it('of 20 % lets a dead upstream be asked 1.25 times as often, and not more', async () => {
    const clock = new VirtualClock();
    const budget = new ConcurrentBudget({ ratio: 0.2, minConcurrent: 3 });
    let sent = 0;
    const dead: Service = () => {
      sent++;
      return new Promise((_resolve, reject) =>
        clock.after(100, () => reject(fail('BGW_ERR_CONNECTION_RESET'))),
      );
    };
    const layered = retry({
      options: { ...OPTIONS, attempts: 5, backoff: { jitter: 'none', baseMs: 0, maxMs: 0 } },
      budget,
      clock,
      random: new Random(1),
      onRetry: () => {},
      onRefused: () => {},
    })(dead);
    let sentBefore = 0;
    for (let ms = 0; ms < 2_000; ms++) {
      if (ms === 1_000) sentBefore = sent;
      layered(REQUEST, new Call('ray', clock)).catch(() => {});
      clock.advance(1);
      await turn();
    }
    const amplification = (sent - sentBefore) / 1_000;
    expect(amplification).toBeGreaterThan(1.2);
    expect(amplification).toBeLessThan(1.26);
  });
});
