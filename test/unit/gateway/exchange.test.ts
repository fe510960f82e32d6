/** An attempt that ends in ways that are hard to bring about on sockets. */
import { PassThrough } from 'node:stream';
import type { Dispatcher } from 'undici';
import { describe, expect, it } from 'vitest';
import { wallClock } from '../../../src/core/clock.js';
import { GatewayError } from '../../../src/core/errors.js';
import type { Connection, Connections } from '../../../src/gateway/transport/connections.js';
import { Exchange } from '../../../src/gateway/transport/exchange.js';
import { IdleWatch } from '../../../src/policies/idle-watch.js';
import { Call } from '../../../src/policies/service.js';

const LEFT = new GatewayError('BGW_ERR_CLIENT_LEFT');
const controller = {
  abort: () => {},
  pause: () => {},
  resume: () => {},
} as unknown as Dispatcher.DispatchController;

const begin = (): Exchange => {
  const connection = {
    client: { dispatch: () => true },
    used: false,
    broken: false,
  } as unknown as Connection;
  const connections = { take: () => connection, giveBack: () => {} } as unknown as Connections;
  const bodies = new IdleWatch<Exchange>(1000, wallClock, () => {});
  const call = new Call('ray', wallClock);
  const request = { method: 'GET', path: '/', headers: {}, body: null };
  const exchange = new Exchange({ connections, bodies, clock: wallClock }, request, call);
  exchange.begin(
    () => {},
    () => {},
  );
  exchange.onRequestStart(controller);
  return exchange;
};

describe('an attempt', () => {
  it('that was given up after the upstream’s 101 closes the connection, which nobody else knows', () => {
    const exchange = begin();
    const upstream = new PassThrough();
    exchange.onRequestUpgrade(controller, 101, {}, upstream);
    exchange.abort(LEFT);
    expect(upstream.destroyed).toBe(true);
  });

  it('gives back what it holds, though its client’s side throws', () => {
    const exchange = begin();
    exchange.onResponseStart(controller, 200, {});
    exchange.relay({
      write: () => true,
      end: () => {},
      abort: () => {
        throw new Error('no such handle');
      },
    });
    const ends: unknown[] = [];
    exchange.onEnd((end) => ends.push(end));
    expect(() => exchange.abort(LEFT)).toThrow('no such handle');
    expect(ends).toEqual([LEFT]);
  });
});
