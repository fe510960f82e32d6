/** An attempt in virtual time whose kept connection breaks is sent again, and hears nothing more of the broken one. */
import { expect, it } from 'vitest';
import type { AnswerSink } from '../../../src/core/memory-http.js';
import { VirtualClock } from '../../../src/core/virtual-clock.js';
import { drive } from '../../../src/core/virtual-drive.js';
import { Call } from '../../../src/policies/service.js';
import { openModelTransport } from '../../../src/scenarios/virtual/model-transport.js';
import { type Connection, Network } from '../../../src/scenarios/virtual/network.js';

const REQUEST = { method: 'GET', path: '/', headers: {}, body: null };
const UPSTREAM = { id: 'worker-1', host: '127.0.0.1', port: 1 };

const CONFIG = {
  ...{ keepAlive: true, maxConnections: 10, upstreamTls: null },
  ...{ connectTimeoutMs: 1_000, bodyTimeoutMs: 1_000 },
};

it('takes nothing from a connection that has broken', async () => {
  const clock = new VirtualClock();
  const network = new Network(clock, 0.1);
  const answer = (sink: AnswerSink, statusCode: number): void => {
    sink.began(statusCode, []);
    sink.ended(2);
  };
  /** What the other end does with each request that arrives. */
  const arrivals: ((sink: AnswerSink) => void)[] = [
    (sink) => answer(sink, 200),
    (sink) => {
      sink.broke('closed');
      // A worker that is cut off in its work may still say something, a moment later.
      clock.after(0.05, () => answer(sink, 201));
    },
    (sink) => void clock.after(5, () => answer(sink, 202)),
  ];
  const accept = (): Connection => ({
    isOpen: true,
    handshake: null,
    deliver: (_asked, _address, sink) => {
      arrivals.shift()!(sink);
      return true;
    },
    rest: () => {},
    close: () => {},
  });
  network.listen('127.0.0.1:1', { reachability: 'open', accept });
  const transport = openModelTransport({ network, clock, names: null }, UPSTREAM, CONFIG);
  const ask = async (): Promise<number> => {
    const response = await transport.send(REQUEST, new Call('0123456789abcdef', clock));
    await new Promise<void>((resolve) => {
      response.onEnd(() => resolve());
      response.relay({ write: () => true, end: () => {}, abort: () => {} });
    });
    return response.statusCode;
  };
  const asked = (async () => [await ask(), await ask()])();
  expect(await drive(asked, { clock })).toEqual([200, 202]);
});
