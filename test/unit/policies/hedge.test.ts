/** Hedging: when a second attempt goes out, who wins, what becomes of the losers, and what it costs. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ErrorCode, GatewayError } from '../../../src/core/errors.js';
import { Histogram } from '../../../src/core/histogram.js';
import { Random } from '../../../src/core/random.js';
import { VirtualClock } from '../../../src/core/virtual-clock.js';
import { makeBudget } from '../../../src/policies/budgets/budgets.js';
import type { RetryBudget } from '../../../src/policies/budgets/retry-budget.js';
import { UnlimitedBudget } from '../../../src/policies/budgets/unlimited.js';
import {
  HEDGE_BUDGET_DEFAULTS,
  HEDGE_DEFAULTS,
  HedgeDelay,
  type HedgeOptions,
  hedge,
} from '../../../src/policies/hedge.js';
import { compileConditions, DEFAULT_RETRY_CONDITIONS } from '../../../src/policies/retry-conditions.js';
import { Call, type ProxyRequest, type Service } from '../../../src/policies/service.js';
import { type MockResponse, mockResponse, REQUEST } from '../../support/mock-service.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const fail = (code: ErrorCode): GatewayError => new GatewayError(code);

/** One attempt, as its upstream sees it. */
interface Attempt {
  readonly call: Call;
  readonly atMs: number;
  /** It has answered, failed or been given up. */
  settled: boolean;
  respond(statusCode: number): MockResponse;
  fail(error: Error): void;
}

class CountingBudget extends UnlimitedBudget {
  firsts = 0;
  readonly endings: string[] = [];
  allow = true;

  override firstBegan(): void {
    this.firsts++;
  }

  override firstEnded(outcome?: string): void {
    expect(this.firsts--).toBeGreaterThan(0);
    this.endings.push(`first ${outcome}`);
  }

  override tryBeginRetry(): boolean {
    return this.allow && super.tryBeginRetry();
  }

  override retryEnded(outcome?: string): void {
    expect(this.retries).toBeGreaterThan(0);
    super.retryEnded();
    this.endings.push(`hedge ${outcome}`);
  }
}

const make = (fields: Partial<HedgeOptions> = {}, deaf = false) => {
  const clock = new VirtualClock();
  const budget = new CountingBudget();
  const attempts: Attempt[] = [];
  const events: string[] = [];
  /** As the balancer does it: a new upstream and a call of its own for each attempt. */
  const service: Service = (_request, call) => {
    call.tried = [...call.tried, `upstream-${call.attempts + 1}`];
    const attempt = call.nextAttempt(clock);
    return new Promise((resolve, reject) => {
      const seen: Attempt = {
        call: attempt,
        atMs: clock.nowMs(),
        settled: false,
        respond: (statusCode) => {
          const response = mockResponse(statusCode);
          seen.settled = true;
          resolve(response);
          return response;
        },
        fail: (error) => {
          seen.settled = true;
          reject(error);
        },
      };
      if (!deaf) attempt.onCancel(seen.fail);
      attempts.push(seen);
    });
  };
  const layered = hedge({
    options: { quantile: null, delayMs: 50, maxHedges: 1, ...fields },
    budget,
    clock,
    causeOf: compileConditions(DEFAULT_RETRY_CONDITIONS),
    onHedge: (_call, afterMs) => events.push(`hedged after ${afterMs}`),
    onHedgeWon: () => events.push('won'),
    onBudgetSpent: () => events.push('spent'),
  })(service);
  const send = (request: ProxyRequest = REQUEST) => {
    const call = new Call('ray', clock);
    const outcome: { code?: string; status?: number; settled: number } = { settled: 0 };
    layered(request, call).then(
      (response) => {
        outcome.settled++;
        outcome.status = response.statusCode;
      },
      (error: GatewayError) => {
        outcome.settled++;
        outcome.code = error.code ?? error.message;
      },
    );
    return { call, outcome };
  };
  const advance = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await turn();
  };
  return { clock, budget, attempts, events, send, advance };
};

describe('a request', () => {
  it('that is answered in time is sent once', async () => {
    const { attempts, events, send, advance } = make();
    const { outcome } = send();
    await advance(49);
    attempts[0]!.respond(200);
    await turn();
    await advance(1_000);
    expect(outcome.status).toBe(200);
    expect(attempts).toHaveLength(1);
    expect(events).toEqual([]);
  });

  it('that fails in time is not sent again: that is what retries are for', async () => {
    const { attempts, send, advance } = make();
    const { outcome } = send();
    attempts[0]!.fail(fail('BGW_ERR_CONNECTION_RESET'));
    await turn();
    await advance(1_000);
    expect(outcome.code).toBe('BGW_ERR_CONNECTION_RESET');
    expect(attempts).toHaveLength(1);
  });

  it('that takes longer is sent once more, and the first goes on', async () => {
    const { attempts, events, send, advance } = make();
    send();
    await advance(50);
    expect(attempts.map(({ atMs }) => atMs)).toEqual([0, 50]);
    expect(attempts[0]!.call.cancelled).toBeUndefined();
    expect(events).toEqual(['hedged after 50']);
    await advance(1_000);
    expect(attempts).toHaveLength(2);
  });

  it('is sent as often as it may be, a delay after the one before', async () => {
    const { attempts, send, advance } = make({ maxHedges: 3 });
    send();
    for (let ms = 0; ms < 1_000; ms += 10) await advance(10);
    expect(attempts.map(({ atMs }) => atMs)).toEqual([0, 50, 100, 150]);
  });

  it.each<[string, Partial<ProxyRequest>]>([
    ['that must not be sent twice', { method: 'POST' }],
    ['whose body is a stream', { method: 'PUT', body: {} as NodeJS.ReadableStream }],
    ['for another protocol', { upgrade: 'websocket' }],
  ])('%s is sent once, however long it takes', async (_why, fields) => {
    const { attempts, send, advance, budget } = make();
    const { outcome } = send({ ...REQUEST, ...fields });
    await advance(1_000);
    expect(attempts).toHaveLength(1);
    expect(budget.firsts).toBe(0);
    attempts[0]!.respond(200);
    await turn();
    expect(outcome.status).toBe(200);
  });

  it('is sent once for a client that has left, even when its attempt goes on', async () => {
    const { attempts, send, advance, budget } = make({}, true);
    send().call.cancel(fail('BGW_ERR_CLIENT_LEFT'));
    await advance(1_000);
    expect([attempts.length, budget.retries]).toEqual([1, 0]);
  });

  it('is sent once when the budget is spent, and its answer waited for', async () => {
    const { attempts, events, send, advance, budget } = make({ maxHedges: 3 });
    budget.allow = false;
    const { outcome } = send();
    await advance(500);
    expect([attempts.length, events]).toEqual([1, ['spent']]);
    attempts[0]!.respond(200);
    await turn();
    expect(outcome.status).toBe(200);
  });
});

describe('of two attempts', () => {
  it.each([
    ['the first', 0, ['upstream-2', 'upstream-1'], []],
    ['the hedge', 1, ['upstream-1', 'upstream-2'], ['won']],
  ])(
    '%s wins by good headers, the other is given up, and the request is not',
    async (_who, winner, tried, won) => {
      const { attempts, events, send, advance, budget } = make();
      const { call, outcome } = send();
      await advance(50);
      const response = attempts[winner]!.respond(200);
      await turn();
      expect(outcome).toEqual({ settled: 1, status: 200 });
      expect(response.destroyed).toBe(false);
      expect(attempts[1 - winner]!.call.cancelled).toBeDefined();
      expect(attempts[winner]!.call.cancelled).toBeUndefined();
      expect(call.cancelled).toBeUndefined();
      expect(call.tried, 'the one that answered is last').toEqual(tried);
      expect(events.slice(1)).toEqual(won);
      expect([budget.firsts, budget.retries]).toEqual([0, 0]);
      expect(budget.endings.sort()).toEqual(
        winner === 0 ? ['first success', 'hedge ignored'] : ['first ignored', 'hedge success'],
      );
    },
  );

  it('the one that answers after the race has its connection given back', async () => {
    const { attempts, send, advance } = make({}, true);
    send();
    await advance(50);
    attempts[1]!.respond(200);
    await turn();
    const late = attempts[0]!.respond(200);
    await turn();
    expect(late.destroyed).toBe(true);
  });

  it('one that fails waits for the other', async () => {
    const { attempts, send, advance } = make();
    const { outcome } = send();
    await advance(50);
    attempts[0]!.fail(fail('BGW_ERR_CONNECTION_RESET'));
    await turn();
    expect(outcome.settled).toBe(0);
    attempts[1]!.respond(200);
    await turn();
    expect(outcome.status).toBe(200);
  });

  it('one that says 503 waits for the other, and its answer is dropped when that is better', async () => {
    const { attempts, send, advance } = make();
    const { outcome } = send();
    await advance(50);
    const refused = attempts[1]!.respond(503);
    await turn();
    expect([outcome.settled, refused.destroyed]).toEqual([0, false]);
    attempts[0]!.respond(404);
    await turn();
    expect(outcome.status, 'a 404 is an answer').toBe(404);
    expect(refused.destroyed).toBe(true);
  });

  it('the first failure is the answer when both fail, and the other is dropped', async () => {
    const { attempts, send, advance } = make();
    const { call, outcome } = send();
    await advance(50);
    const kept = attempts[0]!.respond(503);
    await turn();
    const dropped = attempts[1]!.respond(502);
    await turn();
    expect(outcome.status).toBe(503);
    expect([kept.destroyed, dropped.destroyed]).toEqual([false, true]);
    expect(call.tried.at(-1)).toBe('upstream-1');
  });

  it('both end when the client leaves, and what was kept is dropped', async () => {
    const { attempts, send, advance, budget } = make({ maxHedges: 2 });
    const { call, outcome } = send();
    await advance(50);
    const kept = attempts[0]!.respond(503);
    await turn();
    call.cancel(fail('BGW_ERR_CLIENT_LEFT'));
    await turn();
    expect(outcome).toEqual({ settled: 1, code: 'BGW_ERR_CLIENT_LEFT' });
    expect(kept.destroyed).toBe(true);
    await advance(1_000);
    expect(attempts).toHaveLength(2);
    expect([budget.firsts, budget.retries]).toEqual([0, 0]);
  });

  it('a defect of ours in one is not hidden by the other', async () => {
    const { attempts, send, advance, budget } = make();
    const { outcome } = send();
    await advance(50);
    attempts[0]!.fail(new TypeError('a defect'));
    await turn();
    expect(outcome.code).toBe('a defect');
    expect(attempts[1]!.call.cancelled).toBeDefined();
    expect([budget.firsts, budget.retries]).toEqual([0, 0]);
  });
});

describe('whatever happens', () => {
  it('each request is settled once, each attempt ended once, and only the winner’s connection kept', async () => {
    const step = fc.record({
      act: fc.constantFrom('send', 'respond', 'refuse', 'fail', 'defect', 'leave', 'wait', 'spend'),
      pick: fc.nat(20),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), async (steps, deaf) => {
        const { attempts, budget, send, advance } = make({ maxHedges: 2, delayMs: 20 }, deaf);
        const sent: ReturnType<typeof send>[] = [];
        const responses: MockResponse[] = [];
        for (const { act, pick } of steps) {
          const waiting = attempts.filter(({ settled }) => !settled);
          const attempt = waiting[pick % Math.max(1, waiting.length)];
          if (act === 'send') sent.push(send());
          else if (act === 'respond' && attempt !== undefined) responses.push(attempt.respond(200));
          else if (act === 'refuse' && attempt !== undefined) responses.push(attempt.respond(503));
          else if (act === 'fail') attempt?.fail(fail('BGW_ERR_CONNECTION_RESET'));
          else if (act === 'defect') attempt?.fail(new TypeError('a defect'));
          else if (act === 'leave')
            sent[pick % Math.max(1, sent.length)]?.call.cancel(fail('BGW_ERR_CLIENT_LEFT'));
          else if (act === 'spend') budget.allow = pick < 10;
          else await advance(pick * 3);
          if (pick % 2 === 0) await turn();
        }
        for (const { call } of sent) call.cancel(fail('BGW_ERR_CLIENT_LEFT'));
        for (const attempt of attempts) attempt.fail(fail('BGW_ERR_CLIENT_LEFT'));
        await turn();
        for (const { outcome } of sent) expect(outcome.settled).toBe(1);
        expect([budget.firsts, budget.retries]).toEqual([0, 0]);
        const answered = sent.filter(({ outcome }) => outcome.status !== undefined).length;
        expect(responses.filter(({ destroyed }) => !destroyed)).toHaveLength(answered);
      }),
    );
  });
});

describe('the delay', () => {
  const learned = (...samplesMs: number[]): HedgeDelay => {
    const delay = new HedgeDelay({ quantile: 0.95, delayMs: 1 });
    for (const sampleMs of samplesMs) delay.record(sampleMs, true);
    return delay;
  };
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

  it('is what the config says where no quantile is asked for', () => {
    const delay = new HedgeDelay({ quantile: null, delayMs: 30 });
    for (let count = 0; count < 500; count++) delay.record(5, true);
    expect(delay.delayMs).toBe(30);
  });

  it('is not known before there are a hundred latencies', () => {
    expect(learned(...upTo(99)).delayMs).toBeNull();
    expect(learned(...upTo(100)).delayMs).toBe(95);
  });

  it('is the quantile of the latest thousand', () => {
    expect(learned(...upTo(1_000)).delayMs).toBe(950);
    expect(learned(...upTo(1_000), ...upTo(1_000).map((ms) => ms + 5_000)).delayMs).toBe(5_950);
    expect(learned(...upTo(1_000).map((ms) => ms + 5_000), ...upTo(1_000)).delayMs).toBe(950);
  });

  it('is never below its least', () => {
    const delay = new HedgeDelay({ quantile: 0.95, delayMs: 20 });
    for (const ms of upTo(100)) delay.record(ms / 10, true);
    expect(delay.delayMs).toBe(20);
  });

  it('is not lowered by failures that came soon', () => {
    const delay = learned(...upTo(100));
    for (let count = 0; count < 1_000; count++) delay.record(1, false);
    expect(delay.delayMs).toBe(95);
  });

  it('does not sink when hedges win, though the slow attempts they beat never end', () => {
    const random = new Random(2);
    const delay = learned(...upTo(100));
    for (let count = 0; count < 20_000; count++) {
      const tookMs = 1 + 99 * random.next();
      // A hedge answers almost at once.
      const givenUpMs = delay.delayMs! + 0.1;
      if (tookMs <= givenUpMs) delay.record(tookMs, true);
      else delay.record(givenUpMs, false);
    }
    expect(delay.delayMs).toBeGreaterThan(93);
    expect(delay.delayMs).toBeLessThan(98);
  });

  it('of a layer is used for the requests that come after', async () => {
    const { attempts, send, advance } = make({ quantile: 0.95, delayMs: 1 });
    for (let count = 0; count < 100; count++) {
      send();
      await advance(10);
      expect(attempts, 'nothing is hedged while nothing is known').toHaveLength(count + 1);
      attempts[count]!.respond(200);
      await turn();
    }
    send();
    await advance(9);
    expect(attempts).toHaveLength(101);
    await advance(1);
    expect(attempts).toHaveLength(102);
  });
});

interface Load {
  readonly requests: number;
  readonly rateRps: number;
  readonly budget: RetryBudget;
  readonly options: HedgeOptions | null;
  /** Slots of the upstreams together; Infinity: nobody waits. */
  readonly slots: number;
  readonly serviceMs: (random: Random) => number;
}

/** Sends an open-loop load through the layer and looks at its second half. */
const run = async ({ requests, rateRps, budget, options, slots, serviceMs }: Load) => {
  const clock = new VirtualClock();
  const random = new Random(7);
  const latencies = new Histogram();
  const queue: (() => void)[] = [];
  let busy = 0;
  let sent = 0;
  const begin = (): void => {
    while (busy < slots && queue.length > 0) queue.shift()!();
  };
  const upstreams: Service = (_request, call) =>
    new Promise((resolve, reject) => {
      sent++;
      const attempt = call.nextAttempt(clock);
      attempt.onCancel(reject);
      queue.push(() => {
        if (attempt.cancelled !== undefined) return;
        busy++;
        clock.after(serviceMs(random), () => {
          busy--;
          resolve(mockResponse(200));
          begin();
        });
      });
      begin();
    });
  const causeOf = compileConditions(DEFAULT_RETRY_CONDITIONS);
  const callbacks = { onHedge: () => {}, onHedgeWon: () => {}, onBudgetSpent: () => {} };
  const service =
    options === null ? upstreams : hedge({ options, budget, clock, causeOf, ...callbacks })(upstreams);
  const gapMs = 1_000 / rateRps;
  let sentBefore = 0;
  for (let index = 0; index < requests; index++) {
    if (index === requests / 2) sentBefore = sent;
    const startMs = clock.nowMs();
    service(REQUEST, new Call('ray', clock)).then(() => {
      if (index >= requests / 2) latencies.record(clock.nowMs() - startMs);
    });
    clock.advance(gapMs);
    await turn();
  }
  const extraLoad = (sent - sentBefore) / (requests / 2) - 1;
  for (let ms = 0; ms < 7_000; ms += 50) {
    clock.advance(50);
    await turn();
  }
  return { extraLoad, latencyMs: (percent: number) => latencies.percentileMs(percent) };
};

describe('a service where one answer in a hundred takes 66 times as long', () => {
  const load = {
    requests: 20_000,
    rateRps: 1_000,
    budget: makeBudget(HEDGE_BUDGET_DEFAULTS),
    slots: Infinity,
    serviceMs: (random: Random) => (random.next() < 0.01 ? 6_600 : 80 + 40 * random.next()),
  };

  it('loses its tail by hedging after the 95th percentile, for about 5 % more load', async () => {
    const without = await run({ ...load, options: null });
    const hedged = await run({ ...load, options: HEDGE_DEFAULTS });
    expect(without.latencyMs(99.5)).toBeGreaterThan(6_000);
    expect(hedged.latencyMs(99.5)).toBeLessThan(260);
    expect(hedged.latencyMs(50)).toBeLessThan(1.05 * without.latencyMs(50));
    expect(hedged.extraLoad).toBeGreaterThan(0.035);
    expect(hedged.extraLoad).toBeLessThan(0.065);
  });
});

describe('an overload', () => {
  /** Twenty slots of 100 ms do 200 requests a second; 300 come. */
  const load = {
    requests: 6_000,
    rateRps: 300,
    slots: 20,
    serviceMs: (random: Random) => 80 + 40 * random.next(),
    options: { quantile: null, delayMs: 300, maxHedges: 1 },
  };

  it('is doubled by hedges without a budget', async () => {
    expect((await run({ ...load, budget: new UnlimitedBudget() })).extraLoad).toBeGreaterThan(0.95);
  });

  it('is made a tenth worse at most by hedges with one', async () => {
    const { extraLoad } = await run({ ...load, budget: makeBudget(HEDGE_BUDGET_DEFAULTS) });
    expect(extraLoad).toBeGreaterThan(0.05);
    expect(extraLoad).toBeLessThan(0.11);
  });
});
