/** What counts from the moment an attempt is sent, and not from the one in which it began to wait for a slot. */
import type { Dispatcher } from 'undici';
import { errors } from 'undici';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/core/virtual-clock.js';
import { tellSelector } from '../../../src/gateway/attempts.js';
import type { Observation, Selector } from '../../../src/gateway/balance/selector.js';
import type { Connections } from '../../../src/gateway/transport/connections.js';
import { codeOf } from '../../../src/gateway/transport/error-codes.js';
import { Exchange, type ExchangeParts } from '../../../src/gateway/transport/exchange.js';
import type { Upstream } from '../../../src/gateway/upstream-pool.js';
import { IdleWatch } from '../../../src/policies/idle-watch.js';
import { Call, type ProxyRequest, type ProxyResponse } from '../../../src/policies/service.js';

const GET: ProxyRequest = { method: 'GET', path: '/', headers: {}, body: null };

const QUEUED_MS = 5_000;

/** An attempt on a kept connection, sent after it has waited for a slot; each dispatch leaves its handler behind. */
const sendAfterQueue = () => {
  const clock = new VirtualClock();
  const handlers: Dispatcher.DispatchHandler[] = [];
  const client = {
    dispatch: (_options: unknown, handler: Dispatcher.DispatchHandler) => handlers.push(handler),
  };
  const connections = { take: () => ({ used: true, broken: false, client }), giveBack: () => {} };
  const parts: ExchangeParts = {
    connections: connections as unknown as Connections,
    bodies: new IdleWatch<Exchange>(1_000, clock, () => {}),
    clock,
  };
  const call = new Call('ray', clock);
  clock.advance(QUEUED_MS);
  const refused: string[] = [];
  new Exchange(parts, GET, call).begin(
    () => {},
    ({ code }) => refused.push(code),
  );
  const breakConnection = (): void => {
    const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    handlers.at(-1)!.onResponseError!({} as Dispatcher.DispatchController, reset);
  };
  return { clock, handlers, refused, breakConnection };
};

describe('a kept connection that breaks', () => {
  it('right after the send is tried again, however long the request had waited before', async () => {
    const { clock, handlers, refused, breakConnection } = sendAfterQueue();
    clock.advance(1);
    breakConnection();
    await Promise.resolve();
    expect(handlers).toHaveLength(2);
    expect(refused).toEqual([]);
  });

  it('later than a tenth of a second after the send is not', async () => {
    const { clock, handlers, refused, breakConnection } = sendAfterQueue();
    clock.advance(101);
    breakConnection();
    await Promise.resolve();
    expect(handlers).toHaveLength(1);
    expect(refused).toEqual(['BGW_ERR_CONNECTION_RESET']);
  });
});

it('a balancer that learns is told the time of the upstream alone, without the queue', async () => {
  const clock = new VirtualClock();
  const observed: number[] = [];
  const selector = {
    observe: (_upstream: Upstream, { latencyMs }: Observation) => observed.push(latencyMs),
  } as unknown as Selector;
  const layer = tellSelector(selector, {} as Upstream, clock);
  const call = new Call('ray', clock);
  clock.advance(QUEUED_MS);
  await layer(async () => {
    clock.advance(30);
    return { statusCode: 200 } as ProxyResponse;
  })(GET, call);
  expect(observed).toEqual([30]);
});

it.each([new errors.ClientDestroyedError(), new errors.ClientClosedError()])(
  'a connection that was closed under its request means that its upstream is not there any more: %s',
  (error) => {
    expect(codeOf(error)).toBe('BGW_ERR_NO_UPSTREAM');
  },
);
