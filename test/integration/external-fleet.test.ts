/** Upstreams of the user's own in the places of workers: where they are, whether they listen, and what is not done to them. */
import { describe, expect, it } from 'vitest';
import { wallClock } from '../../src/core/clock.js';
import { ExternalFleet } from '../../src/upstream/external-fleet.js';
import { heapRatioOf } from '../../src/upstream/fleet.js';
import { freePort, startUpstream } from '../support/upstream.js';

const HOST = '127.0.0.1';

const fleetAt = (...addresses: readonly { readonly host?: string; readonly port: number }[]): ExternalFleet =>
  new ExternalFleet({
    upstreams: addresses.map(({ host = HOST, port }) => ({ scheme: 'http', host, port })),
    clock: wallClock,
  });

describe('a fleet of upstreams that run already', () => {
  it('is where they listen, under the names of workers, without a request to them', async () => {
    let asked = 0;
    const ports = [await startUpstream(() => asked++), await startUpstream(() => asked++)];
    const fleet = fleetAt(...ports.map((port) => ({ port })), { host: 'localhost', port: ports[0]! });
    expect(fleet.status().map(({ up }) => up)).toEqual([false, false, false]);
    expect(await fleet.start()).toEqual([
      { id: 'worker-1', host: HOST, port: ports[0] },
      { id: 'worker-2', host: HOST, port: ports[1] },
      { id: 'worker-3', host: 'localhost', port: ports[0] },
    ]);
    expect(fleet.status().map(({ up, active }) => up && active)).toEqual([true, true, true]);
    await fleet.stop();
    expect(asked).toBe(0);
  });

  it('cannot start where some do not listen, and names every one of them', async () => {
    const [first, second] = [await freePort(), await freePort()];
    const fleet = fleetAt({ port: first }, { port: await startUpstream(() => {}) }, { port: second });
    await expect(fleet.start()).rejects.toMatchObject({
      reason: 'couldNotStart',
      message: `no connection to worker-1 at 127.0.0.1:${first} (ECONNREFUSED), worker-3 at 127.0.0.1:${second} (ECONNREFUSED); upstreams of your own have to listen before the run`,
    });
  });

  it('cannot start where a name leads nowhere', async () => {
    const fleet = fleetAt({ host: 'nobody.invalid', port: 80 });
    await expect(fleet.start()).rejects.toThrow(/worker-1 at nobody\.invalid:80 \([A-Z_]+\)/);
  });

  it('tells nothing of heaps, and costs no worker-seconds', () => {
    const fleet = fleetAt({ port: 1 });
    const [status] = fleet.status();
    expect(status).toMatchObject({ heapBytes: null, heapLimitBytes: null, exits: 0, faults: [] });
    expect(heapRatioOf(status!)).toBe(0);
    expect(fleet.workerSeconds()).toBe(0);
  });

  it.each(['assignConfig', 'inject', 'heal', 'scale', 'deploy', 'rollbackDeploy'] as const)(
    'refuses %s: whoever asks for it has read the scenario wrongly',
    (order) => {
      expect(() => fleetAt({ port: 1 })[order]()).toThrow('upstreams that are not badgateway’s own');
    },
  );
});
