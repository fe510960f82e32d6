/** Retries: what is tried again, how often, after which wait, and what the budget says. */

import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERRORS, type ErrorCode, GatewayError } from '../../../src/core/errors.js';
import { Random } from '../../../src/core/random.js';
import { VirtualClock } from '../../../src/core/virtual-clock.js';
import {
  bufferSmallBodies,
  isReplayable,
  maxBackoffMs,
  REPLAY_BODY_BYTES,
  retry,
  retryCause,
} from '../../../src/policies/retry.js';
import { RetryBudget } from '../../../src/policies/retry-budget.js';
import { Call, type ProxyRequest } from '../../../src/policies/service.js';
import { type MockResponse, mockResponse, mockService, REQUEST } from '../../support/mock-service.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const make = (attempts = 3, budget = { ratio: 1, minConcurrent: 100 }) => {
  const clock = new VirtualClock();
  const { service, pending } = mockService();
  const retried: string[] = [];
  const spent: string[] = [];
  const layered = retry({
    options: { attempts, baseMs: 25, maxMs: 250 },
    budget: new RetryBudget(budget),
    clock,
    random: new Random(1),
    onRetry: (_call, cause) => retried.push(cause),
    onBudgetSpent: (_call, cause) => spent.push(cause),
  })(service);
  const send = (request: ProxyRequest = REQUEST) => {
    const call = new Call('ray', clock);
    const outcome: { code?: string; status?: number } = {};
    layered(request, call).then(
      (response) => {
        outcome.status = response.statusCode;
      },
      (error: GatewayError) => {
        outcome.code = error.code;
      },
    );
    return { call, outcome };
  };
  return { clock, pending, send, retried, spent };
};

const fail = (code: ErrorCode): GatewayError => new GatewayError(code);

describe('what is tried again', () => {
  const AGAIN: readonly ErrorCode[] = [
    'BGW_ERR_CONNECTION_REFUSED',
    'BGW_ERR_CONNECTION_RESET',
    'BGW_ERR_CONNECTION_CLOSED',
    'BGW_ERR_CONNECT_TIMEOUT',
    'BGW_ERR_RESPONSE_TIMEOUT',
    'BGW_ERR_PROTOCOL',
    'BGW_ERR_DNS',
    'BGW_ERR_CONNECTION_LIMIT',
    'BGW_ERR_CONCURRENCY_LIMIT',
    'BGW_ERR_QUEUE_FULL',
    'BGW_ERR_QUEUE_TIMEOUT',
    'BGW_ERR_CIRCUIT_OPEN',
    'BGW_ERR_NO_UPSTREAM',
  ];

  it.each(Object.keys(ERRORS) as ErrorCode[])('after %s', (code) => {
    expect(retryCause(fail(code)) !== null).toBe(AGAIN.includes(code));
  });

  it.each([
    [200, false],
    [404, false],
    [429, false],
    [500, false],
    [502, true],
    [503, true],
    [504, true],
  ])('after an upstream’s own %i: %s', (status, expected) => {
    expect(retryCause(mockResponse(status)) !== null).toBe(expected);
  });

  it.each([
    ['GET', null, true],
    ['PUT', new Uint8Array(3), true],
    ['PUT', Readable.from([]), false],
    ['POST', null, false],
    ['PATCH', new Uint8Array(3), false],
    ['DELETE', null, true],
  ])('of method %s with body %o: %s', (method, body, expected) => {
    expect(isReplayable({ ...REQUEST, method, body })).toBe(expected);
  });
});

describe('a retry', () => {
  it('goes out after a wait, and its answer is the answer', async () => {
    const { clock, pending, send, retried } = make();
    const { outcome } = send();
    pending[0]!.fail(fail('BGW_ERR_CONNECTION_RESET'));
    await turn();
    clock.advance(25);
    await turn();
    pending[1]!.respond(200);
    await turn();
    expect(outcome.status).toBe(200);
    expect(retried).toEqual(['connection_reset']);
  });

  it('gives the refused answer’s connection back first', async () => {
    const { clock, pending, send } = make();
    send();
    const refused: MockResponse = pending[0]!.respond(503);
    await turn();
    expect(refused.destroyed).toBe(true);
    clock.advance(25);
  });

  it('comes no more often than attempts say; the last failure is the client’s', async () => {
    const { clock, pending, send } = make(3);
    const { outcome } = send();
    for (let attempt = 0; attempt < 3; attempt++) {
      pending[attempt]!.fail(fail('BGW_ERR_CONNECTION_REFUSED'));
      await turn();
      clock.advance(250);
      await turn();
    }
    expect(pending).toHaveLength(3);
    expect(outcome.code).toBe('BGW_ERR_CONNECTION_REFUSED');
  });

  it('never comes for a POST, nor for a client that has left', async () => {
    const { clock, pending, send } = make();
    send({ ...REQUEST, method: 'POST' });
    const leaving = send();
    pending[0]!.fail(fail('BGW_ERR_CONNECTION_RESET'));
    leaving.call.cancel(fail('BGW_ERR_CLIENT_LEFT'));
    await turn();
    clock.advance(1_000);
    await turn();
    expect(pending).toHaveLength(2);
  });

  it('is refused by a budget that is spent, and the client gets the failure at once', async () => {
    const { pending, send, spent } = make(3, { ratio: 0, minConcurrent: 0 });
    const { outcome } = send();
    pending[0]!.fail(fail('BGW_ERR_CONNECTION_RESET'));
    await turn();
    expect(outcome.code).toBe('BGW_ERR_CONNECTION_RESET');
    expect(spent).toEqual(['connection_reset']);
  });
});

describe('the wait', () => {
  it.each([
    [2, 25],
    [3, 50],
    [4, 100],
    [6, 250],
    [30, 250],
  ])('before attempt %i is at most %i ms', (attempt, expected) => {
    expect(maxBackoffMs({ baseMs: 25, maxMs: 250 }, attempt)).toBe(expected);
  });
});

describe('the budget', () => {
  it.each([
    [1, 3],
    [10, 3],
    [40, 10],
    [100, 25],
  ])(
    'with %i requests under way lets %i retries be under way: 20 %, and at least 3',
    (requests, expected) => {
      const budget = new RetryBudget({ ratio: 0.2, minConcurrent: 3 });
      for (let count = 0; count < requests; count++) budget.requestBegan();
      let begun = 0;
      while (budget.beginRetry()) begun++;
      expect(begun).toBe(expected);
    },
  );

  it('never lets the load grow beyond 1 / (1 − ratio), and counts back to nothing', () => {
    const step = fc.constantFrom('begin', 'end', 'retry', 'endRetry');
    fc.assert(
      fc.property(fc.array(step), fc.double({ min: 0, max: 0.5, noNaN: true }), (steps, ratio) => {
        const budget = new RetryBudget({ ratio, minConcurrent: 0 });
        let requests = 0;
        for (const one of steps) {
          if (one === 'begin') {
            requests++;
            budget.requestBegan();
          } else if (one === 'end' && requests > 0) {
            requests--;
            budget.requestEnded();
          } else if (one === 'retry' && budget.beginRetry()) {
            expect(budget.retries + requests).toBeLessThanOrEqual(requests / (1 - ratio) + 1e-9);
          } else if (one === 'endRetry' && budget.retries > 0) budget.endRetry();
        }
        while (budget.retries > 0) budget.endRetry();
        expect(budget.retries).toBe(0);
      }),
    );
  });
});

describe('a small body of an idempotent request', () => {
  const through = async (request: ProxyRequest): Promise<ProxyRequest> => {
    let seen: ProxyRequest | undefined;
    await bufferSmallBodies(async (below) => {
      seen = below;
      return mockResponse(200);
    })(request, new Call('ray', new VirtualClock()));
    return seen!;
  };
  const put = (length: number, body = Readable.from([Buffer.alloc(length, 'x')])): ProxyRequest => ({
    ...REQUEST,
    method: 'PUT',
    headers: { 'content-length': String(length) },
    body,
  });

  it('is kept, so that it can be sent again', async () => {
    const kept = await through(put(1_000));
    expect(kept.body).toHaveLength(1_000);
    expect(isReplayable(kept)).toBe(true);
  });

  it.each([
    ['larger than the bound', put(REPLAY_BODY_BYTES + 1)],
    ['of unknown length', { ...put(10), headers: {} }],
    ['of a POST', { ...put(10), method: 'POST' }],
  ])('that is %s streams through untouched', async (_title, request) => {
    expect((await through(request)).body).toBe(request.body);
  });
});
