/** In which order a listener ends. */
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { wallClock } from '../../../src/core/clock.js';
import { resolveListener } from '../../../src/gateway/config/listener.js';
import { createListener } from '../../../src/gateway/edge/listener.js';

describe('a listener that closes', () => {
  it('takes no more connections before it ends those it has', async () => {
    const { server, close } = createListener(() => {}, {
      config: resolveListener(),
      clock: wallClock,
      emit: () => {},
    });
    onTestFinished(close);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const accepted = new Promise<Socket>((resolve) => server.on('connection', resolve));
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    onTestFinished(() => void client.destroy());
    const socket = await accepted;
    const order: string[] = [];
    socket.destroy = new Proxy(socket.destroy, {
      apply: (target, self, args) => {
        order.push(server.listening ? 'ended while it listens' : 'ended');
        return Reflect.apply(target, self, args);
      },
    });
    close();
    expect(order).toEqual(['ended']);
  });
});
