/** The concurrency limit: bounded in flight, in the queue and in time, whatever p-queue would do by itself. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/core/clock.js';
import { GatewayError } from '../../../src/core/errors.js';
import { VirtualClock } from '../../../src/core/virtual-clock.js';
import type { ConcurrencyOptions } from '../../../src/policies/concurrency.js';
import { LINES, type LineName } from '../../../src/policies/lines/lines.js';
import type { Call } from '../../../src/policies/service.js';
import {
  type LimitedOptions,
  limitedService,
  movableLimit,
  type Outcome,
  turn,
} from '../../support/limited-service.js';
import type { MockResponse } from '../../support/mock-service.js';

// First come, first served is p-queue's without shares, and a line of ours with them: nobody should see a difference.
describe.each<[name: string, line: Partial<ConcurrencyOptions>]>([
  ['p-queue for its line', {}],
  ['a line of ours', { discipline: 'fifo', shares: [1] }],
])('a concurrency limit with %s', (_name, line) => {
  const makeOne = (options: LimitedOptions = {}) => limitedService({ ...line, ...options });

  it('lets as many in as it says, queues as many as it says, and refuses the next with BGW_ERR_QUEUE_FULL', async () => {
    const { limit, pending, send } = makeOne();
    const sent = Array.from({ length: 5 }, () => send());
    await turn();
    expect(pending).toHaveLength(2);
    expect(limit).toMatchObject({ limit: 2, inFlight: 2, queued: 2, hasRoom: false });
    expect(sent[4]!.outcome.code).toBe('BGW_ERR_QUEUE_FULL');
  });

  it('without a queue refuses with BGW_ERR_CONCURRENCY_LIMIT', async () => {
    const { limit, send } = makeOne({ limit: 1, queue: 0 });
    expect(limit.hasRoom).toBe(true);
    send();
    expect(limit.hasRoom).toBe(false);
    const second = send();
    await turn();
    expect(second.outcome.code).toBe('BGW_ERR_CONCURRENCY_LIMIT');
  });

  it('keeps the slot until the body has ended, not until the headers', async () => {
    const { pending, send } = makeOne({ limit: 1 });
    const first = send();
    send();
    const response = pending[0]!.respond(200);
    await turn();
    expect(first.outcome.response).toBe(response);
    expect(pending).toHaveLength(1);
    response.finish();
    await turn();
    expect(pending).toHaveLength(2);
  });

  it('frees no slot while its request still runs, though the client has given up', async () => {
    const { limit, send, pending } = makeOne({ limit: 1, queue: 1 });
    const first = send();
    send();
    await turn();
    // The service below does not hear of it: a slot is free when the work is done, not when nobody waits for it.
    pending[0]!.respond(200);
    first.call.cancel(new GatewayError('BGW_ERR_CLIENT_LEFT'));
    await turn();
    expect(limit).toMatchObject({ inFlight: 1, queued: 1 });
  });

  it('refuses who waited too long with BGW_ERR_QUEUE_TIMEOUT, and never runs it', async () => {
    const { clock, limit, pending, send } = makeOne({ limit: 1 });
    send();
    const waiting = send();
    await turn();
    clock.advance(99);
    await turn();
    expect(waiting.outcome.code).toBeUndefined();
    clock.advance(1);
    await turn();
    expect(waiting.outcome.code).toBe('BGW_ERR_QUEUE_TIMEOUT');
    pending[0]!.respond(200).finish();
    await turn();
    expect(pending).toHaveLength(1);
    expect(limit).toMatchObject({ inFlight: 0, queued: 0 });
  });

  it('holds no timer for anybody who waits no more, so that a process can end', async () => {
    const clock = new VirtualClock();
    let timers = 0;
    const counting: Clock = {
      nowMs: () => clock.nowMs(),
      every: (intervalMs, run) => clock.every(intervalMs, run),
      after: (delayMs, run) => {
        timers++;
        const timer = clock.after(delayMs, run);
        return {
          cancel: () => {
            timers--;
            timer.cancel();
          },
        };
      },
    };
    const { pending, send } = makeOne({ limit: 1, clock: counting });
    send();
    send();
    const leaving = send();
    await turn();
    expect(timers).toBeGreaterThan(0);
    leaving.call.cancel(new GatewayError('BGW_ERR_CLIENT_LEFT'));
    pending[0]!.respond(200).finish();
    await turn();
    expect(timers).toBe(0);
  });

  it('counts the wait in the queue only: what runs is not timed', async () => {
    const { clock, pending, send } = makeOne({ limit: 1 });
    send();
    const second = send();
    await turn();
    pending[0]!.respond(200).finish();
    await turn();
    clock.advance(10_000);
    pending[1]!.respond(200);
    await turn();
    expect(second.outcome.response).toMatchObject({ statusCode: 200 });
  });

  it('lets a client that leaves the queue go at once, with its place', async () => {
    const { limit, pending, send } = makeOne({ limit: 1, queue: 1 });
    send();
    const leaving = send();
    await turn();
    leaving.call.cancel(new GatewayError('BGW_ERR_CLIENT_LEFT'));
    await turn();
    expect(leaving.outcome.code).toBe('BGW_ERR_CLIENT_LEFT');
    expect(limit).toMatchObject({ queued: 0, hasRoom: true });
    pending[0]!.respond(200).finish();
    await turn();
    expect(pending).toHaveLength(1);
  });

  it('gives two free slots to the two who waited, and places to two who come just then', async () => {
    const { limit, pending, send } = makeOne({ limit: 2, queue: 2 });
    send();
    send();
    const waiting = [send(), send()];
    await turn();
    pending[0]!.respond(200).finish();
    pending[1]!.respond(200).finish();
    await Promise.resolve();
    const newcomers = [send(), send()];
    await turn();
    for (const one of pending.slice(2)) one.respond(200);
    await turn();
    expect(waiting.map(({ outcome }) => outcome.response?.statusCode)).toEqual([200, 200]);
    expect(newcomers.map(({ outcome }) => outcome)).toEqual([{}, {}]);
    expect(limit).toMatchObject({ inFlight: 2, queued: 2 });
  });

  it('gives a free slot to who waited, not to who comes just then', async () => {
    const { pending, send } = makeOne({ limit: 1 });
    send();
    const waiting = send();
    await turn();
    pending[0]!.respond(200).finish();
    const newcomer = send();
    await turn();
    pending[1]!.respond(200);
    await turn();
    expect(waiting.outcome.response).toMatchObject({ statusCode: 200 });
    expect(newcomer.outcome.response).toBeUndefined();
  });
});

const DISCIPLINES = fc.record({
  discipline: fc.constantFrom(...(Object.keys(LINES) as LineName[])),
  shares: fc.constantFrom([1], [1, 0.5]),
});

describe.each<[name: string, lines: fc.Arbitrary<Partial<ConcurrencyOptions>>]>([
  ['p-queue for its line', fc.constant({})],
  ['any line of ours', DISCIPLINES],
])('whatever happens, with %s', (_name, lines) => {
  const action = fc.constantFrom(
    'send',
    'send low',
    'respond',
    'finish',
    'fail',
    'cancel',
    'advance',
    'resize',
  );
  const bounds = fc.record({
    limit: fc.integer({ min: 1, max: 3 }),
    queue: fc.integer({ min: 0, max: 3 }),
    line: lines,
  });

  it('is never above its bounds, gives every free slot to somebody, and loses nobody', async () => {
    await fc.assert(
      fc.asyncProperty(bounds, fc.array(action, { maxLength: 40 }), async ({ line, ...bound }, actions) => {
        const options = { ...bound, ...line };
        const { algorithm } = movableLimit(options.limit);
        const { clock, limit, pending, send } = limitedService({ ...options, algorithm });
        const sent: ReturnType<typeof send>[] = [];
        const responses: MockResponse[] = [];
        let answered = 0;
        let most = options.limit;
        for (const one of actions) {
          if (one === 'send') sent.push(send({ deadlineMs: clock.nowMs() + 150 }));
          else if (one === 'send low') sent.push(send({ criticality: 1 }));
          else if (one === 'respond' && answered < pending.length)
            responses.push(pending[answered++]!.respond(200));
          else if (one === 'fail' && answered < pending.length) {
            pending[answered++]!.fail(new GatewayError('BGW_ERR_CONNECTION_RESET'));
          } else if (one === 'finish') responses.shift()?.finish();
          else if (one === 'cancel') sent.at(-1)?.call.cancel(new GatewayError('BGW_ERR_CLIENT_LEFT'));
          else if (one === 'advance') clock.advance(60);
          else if (one === 'resize') algorithm.limit = (algorithm.limit % 3) + 1;
          await turn();
          // Who was in flight before the limit shrank stays there.
          most = Math.max(limit.limit, Math.min(most, limit.inFlight));
          expect(limit.inFlight).toBeLessThanOrEqual(most);
          expect(limit.queued).toBeLessThanOrEqual(options.queue);
          if (options.shares?.length !== 2 && limit.inFlight < limit.limit) expect(limit.queued).toBe(0);
        }
        for (; answered < pending.length; await turn()) responses.push(pending[answered++]!.respond(200));
        while (responses.length > 0 || answered < pending.length) {
          responses.shift()?.finish();
          await turn();
          if (answered < pending.length) responses.push(pending[answered++]!.respond(200));
          await turn();
        }
        expect(limit).toMatchObject({ inFlight: 0, queued: 0 });
        for (const { outcome } of sent)
          expect(outcome.code !== undefined).toBe(outcome.response === undefined);
      }),
      { numRuns: 150 },
    );
  });
});

describe('first come, first served', () => {
  it('is the same in p-queue and in a line of ours', async () => {
    const actions = fc.array(fc.constantFrom('send', 'finish', 'cancel', 'advance'), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(actions, async (steps) => {
        const runs = [limitedService({ limit: 2 }), limitedService({ limit: 2, shares: [1] })];
        const outcomes = runs.map(() => [] as Outcome[]);
        const calls = runs.map(() => [] as Call[]);
        const answered = [0, 0];
        for (const step of steps) {
          for (const [index, { clock, pending, send }] of runs.entries()) {
            if (step === 'send') {
              const { call, outcome } = send();
              calls[index]!.push(call);
              outcomes[index]!.push(outcome);
            } else if (step === 'finish' && answered[index]! < pending.length) {
              pending[answered[index]!++]!.respond(200).finish();
            } else if (step === 'cancel')
              calls[index]!.at(-1)?.cancel(new GatewayError('BGW_ERR_CLIENT_LEFT'));
            else if (step === 'advance') clock.advance(60);
            await turn();
          }
          const [one, other] = outcomes.map((all) =>
            all.map(({ code, response }) => code ?? response?.statusCode ?? null),
          );
          expect(one).toEqual(other);
          expect(runs[0]!.limit.queued).toBe(runs[1]!.limit.queued);
        }
      }),
      { numRuns: 100 },
    );
  });
});
