/**
 * A client that leaves is heard of by the worker, through the gateway, long before the response it waits for is due:
 * while its request is queued, and while it is being served; then the worker asks nobody else for it.
 */
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { resolveDependencies } from '../../src/upstream/dependencies/config.js';
import type { DependencyTarget } from '../../src/upstream/dependencies/messages.js';
import type { WorkerSample } from '../../src/upstream/fleet.js';
import { makeFleet, oneSlot } from '../support/fleet.js';
import { startGateway } from '../support/gateway.js';

/** Far beyond the test's end: what is seen before is not the response. */
const SERVICE_TIME = '1h';

const startAll = async (mean = SERVICE_TIME, dependencies: readonly DependencyTarget[] = []) => {
  const waiting = new Set<() => void>();
  let last: WorkerSample | null = null;
  const fleet = makeFleet(oneSlot(mean), {
    dependencies: () => dependencies,
    onSample: (sample) => {
      last = sample;
      for (const look of waiting) look();
    },
  });
  const [address] = await fleet.start();
  const { port } = await startGateway([address!.port], {
    healthCheck: 'off',
    timeouts: { attempt: '30m', request: '30m' },
  });
  const worker = (wanted: (sample: WorkerSample) => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (last === null || !wanted(last)) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  const client = () => {
    const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
    socket.on('error', () => {});
    onTestFinished(() => {
      socket.destroy();
    });
    return socket;
  };
  return { worker, client };
};

describe('a worker', () => {
  it('hears that the client of a request it serves has left, before any header', async () => {
    const { worker, client } = await startAll();
    const served = client();
    await worker(({ busy }) => busy === 1);
    served.destroy();
    await worker(({ abandoned }) => abandoned === 1);
  });

  it('hears that the client of a request in its queue has left, and drops it', async () => {
    const { worker, client } = await startAll();
    client();
    await worker(({ busy }) => busy === 1);
    const queued = client();
    await worker((sample) => sample.queued === 1);
    queued.destroy();
    await worker((sample) => sample.queued === 0 && sample.abandoned === 1);
  });

  it('calls no dependency for a client that left before its turn to be called came', async () => {
    let calls = 0;
    const server = createServer((_request, response) => {
      calls++;
      response.end('ok');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    const [config] = resolveDependencies({ payments: { kind: 'third-party' } }, 1);
    const { port } = server.address() as AddressInfo;
    const { name, kind, use } = config!;
    const { worker, client } = await startAll('1s', [{ name, kind, use, host: '127.0.0.1', port }]);
    const served = client();
    await worker(({ busy }) => busy === 1);
    served.destroy();
    await worker(({ abandoned, wasted }) => abandoned === 1 && wasted === 1);
    expect(calls).toBe(0);
    client();
    await worker(({ served: answered }) => answered === 1);
    expect(calls).toBe(1);
  });
});
