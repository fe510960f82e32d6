/** The concurrency limit: bounded in flight, in the queue and in time, whatever p-queue would do by itself. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/core/errors.js';
import { VirtualClock } from '../../../src/core/virtual-clock.js';
import { ConcurrencyLimit, type ConcurrencyOptions } from '../../../src/policies/concurrency.js';
import { Call } from '../../../src/policies/service.js';
import { type MockResponse, mockService, REQUEST } from '../../support/mock-service.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const make = (options: Partial<ConcurrencyOptions> = {}) => {
  const clock = new VirtualClock();
  const { service, pending } = mockService();
  const limit = new ConcurrencyLimit({ limit: 2, queue: 2, maxWaitMs: 100, ...options }, clock);
  const layered = limit.layer(service);
  const send = () => {
    const call = new Call('ray', clock);
    const outcome: { code?: string; response?: MockResponse } = {};
    layered(REQUEST, call).then(
      (response) => {
        outcome.response = response as MockResponse;
      },
      (error: GatewayError) => {
        outcome.code = error.code;
      },
    );
    return { call, outcome };
  };
  return { clock, limit, pending, send };
};

describe('a concurrency limit', () => {
  it('lets as many in as it says, queues as many as it says, and refuses the next with BGW_ERR_QUEUE_FULL', async () => {
    const { limit, pending, send } = make();
    const sent = Array.from({ length: 5 }, send);
    await turn();
    expect(pending).toHaveLength(2);
    expect(limit).toMatchObject({ inFlight: 2, queued: 2, hasRoom: false });
    expect(sent[4]!.outcome.code).toBe('BGW_ERR_QUEUE_FULL');
  });

  it('without a queue refuses with BGW_ERR_CONCURRENCY_LIMIT', async () => {
    const { send } = make({ limit: 1, queue: 0 });
    send();
    const second = send();
    await turn();
    expect(second.outcome.code).toBe('BGW_ERR_CONCURRENCY_LIMIT');
  });

  it('keeps the slot until the body has ended, not until the headers', async () => {
    const { pending, send } = make({ limit: 1 });
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
    const { limit, send, pending } = make({ limit: 1, queue: 1 });
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
    const { clock, limit, pending, send } = make({ limit: 1 });
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

  it('counts the wait in the queue only: what runs is not timed', async () => {
    const { clock, pending, send } = make({ limit: 1 });
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
    const { limit, pending, send } = make({ limit: 1, queue: 1 });
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

  it('gives a free slot to who waited, not to who comes just then', async () => {
    const { pending, send } = make({ limit: 1 });
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

  it('is never above its bounds, serves in order and loses nobody, whatever happens', async () => {
    const action = fc.constantFrom('send', 'respond', 'finish', 'fail', 'cancel', 'advance');
    await fc.assert(
      fc.asyncProperty(
        fc.record({ limit: fc.integer({ min: 1, max: 3 }), queue: fc.integer({ min: 0, max: 3 }) }),
        fc.array(action, { maxLength: 40 }),
        async (bounds, actions) => {
          const { clock, limit, pending, send } = make(bounds);
          const sent: ReturnType<typeof send>[] = [];
          const responses: MockResponse[] = [];
          let answered = 0;
          for (const one of actions) {
            if (one === 'send') sent.push(send());
            else if (one === 'respond' && answered < pending.length)
              responses.push(pending[answered++]!.respond(200));
            else if (one === 'fail' && answered < pending.length) {
              pending[answered++]!.fail(new GatewayError('BGW_ERR_CONNECTION_RESET'));
            } else if (one === 'finish') responses.shift()?.finish();
            else if (one === 'cancel') sent.at(-1)?.call.cancel(new GatewayError('BGW_ERR_CLIENT_LEFT'));
            else if (one === 'advance') clock.advance(60);
            await turn();
            expect(limit.inFlight).toBeLessThanOrEqual(bounds.limit);
            expect(limit.queued).toBeLessThanOrEqual(bounds.queue);
          }
          for (; answered < pending.length; await turn()) responses.push(pending[answered++]!.respond(200));
          while (responses.length > 0 || answered < pending.length) {
            responses.shift()?.finish();
            await turn();
            if (answered < pending.length) responses.push(pending[answered++]!.respond(200));
            await turn();
          }
          expect(limit).toMatchObject({ inFlight: 0, queued: 0 });
          for (const { outcome } of sent) expect(Object.keys(outcome)).toHaveLength(1);
        },
      ),
      { numRuns: 60 },
    );
  });
});
