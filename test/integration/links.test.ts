/** Links on real sockets, driven by Toxiproxy's own client for Node, with the effect measured on traffic. */
import { Toxiproxy } from 'toxiproxy-node-client';
import { describe, expect, it } from 'vitest';
import {
  dial,
  HOST,
  listenOf,
  roundTripMs,
  serve,
  serveBytes,
  serveEcho,
  startLinks,
  tookMs,
} from '../support/links.js';
import { isAlive } from '../support/processes.js';

const LATENCY_MS = 300;

/** Timers and clocks of two processes agree to about a millisecond. */
const SLACK_MS = 5;

/** A proxy made by Toxiproxy's client, in a process of links. */
const proxied = async (port: number, seed?: number) => {
  const running = await startLinks({}, seed);
  const toxiproxy = new Toxiproxy(running.links.apiAddress);
  const proxy = await toxiproxy.createProxy({
    name: 'upstream',
    listen: `${HOST}:0`,
    upstream: `${HOST}:${port}`,
  });
  return { ...running, toxiproxy, proxy };
};

const toxic = <T>(type: 'latency', attributes: T, more: object = {}) => ({
  ...{ name: `the-${type}`, stream: 'downstream' as const, toxicity: 1, type, attributes },
  ...more,
});

const typed = <T>(type: string, attributes: T, more: object = {}) =>
  toxic(type as 'latency', attributes, more);

describe('toxiproxy-node-client', () => {
  it('creates a proxy, adds a toxic, changes it and takes it away, and traffic is as slow as it says', async () => {
    const { toxiproxy, proxy, events } = await proxied(await serveEcho());
    expect(proxy).toMatchObject({ name: 'upstream', enabled: true });
    const connection = dial(proxy.listen);
    const without = await roundTripMs(connection);

    const latency = await proxy.addToxic(toxic('latency', { latency: LATENCY_MS, jitter: 0 }));
    expect(latency.toJson()).toEqual({
      ...{ name: 'the-latency', type: 'latency', stream: 'downstream', toxicity: 1 },
      attributes: { latency: LATENCY_MS, jitter: 0 },
    });
    const once = await roundTripMs(connection);
    expect(once).toBeGreaterThan(LATENCY_MS - SLACK_MS);
    expect(once).toBeGreaterThan(without);
    // A connection that comes later is met as well.
    expect(await roundTripMs(dial(proxy.listen))).toBeGreaterThan(LATENCY_MS - SLACK_MS);

    const changed = await latency.update(toxic('latency', { latency: 2 * LATENCY_MS, jitter: 0 }));
    expect(changed.attributes).toEqual({ latency: 2 * LATENCY_MS, jitter: 0 });
    const twice = await roundTripMs(connection);
    expect(twice).toBeGreaterThan(2 * LATENCY_MS - SLACK_MS);
    const { attributes } = await proxy.getToxic('the-latency');
    expect(attributes).toEqual({ latency: 2 * LATENCY_MS, jitter: 0 });

    await latency.remove();
    expect(await roundTripMs(connection)).toBeLessThan(twice / 2);
    await expect(proxy.getToxic('the-latency')).rejects.toThrow('404');
    expect(Object.keys(await toxiproxy.getAll())).toEqual(['upstream']);
    expect(events.map(({ type }) => type)).toEqual(['link.toxic-added', 'link.toxic-removed']);
  });

  it('toggles a proxy: its connections end, new ones are refused, and later taken on the same port', async () => {
    const { toxiproxy, proxy } = await proxied(await serveEcho());
    const { listen, upstream } = proxy;
    const connection = dial(listen);
    await roundTripMs(connection);
    expect((await proxy.update({ listen, upstream, enabled: false })).enabled).toBe(false);
    expect(await connection.closed).toBe('end');
    expect(await dial(listen).connected).toBe('ECONNREFUSED');
    expect((await toxiproxy.get('upstream')).enabled).toBe(false);
    expect(await proxy.update({ listen, upstream, enabled: true })).toMatchObject({ enabled: true, listen });
    await roundTripMs(dial(listen));
  });

  it('resets everything: proxies are enabled, toxics gone', async () => {
    const { toxiproxy, proxy } = await proxied(await serveEcho());
    const { listen, upstream } = proxy;
    await proxy.addToxic(toxic('latency', { latency: LATENCY_MS, jitter: 0 }));
    const slow = await roundTripMs(dial(listen));
    await proxy.update({ listen, upstream, enabled: false });
    await toxiproxy.reset();
    expect(await roundTripMs(dial(listen))).toBeLessThan(slow);
    await expect(proxy.getToxic('the-latency')).rejects.toThrow('404');
  });

  it('populates, moves and removes proxies, and asks for the version', async () => {
    const [first, second] = await Promise.all([serveBytes(10), serveBytes(20)]);
    const { toxiproxy } = await proxied(first);
    expect(JSON.parse(await toxiproxy.getVersion())).toEqual({ version: expect.stringMatching(/^2\./) });
    const { a, b } = await toxiproxy.populate([
      { name: 'a', listen: `${HOST}:0`, upstream: `${HOST}:${first}` },
      { name: 'b', listen: `${HOST}:0`, upstream: `${HOST}:${second}` },
    ]);
    expect(Object.keys(await toxiproxy.getAll()).sort()).toEqual(['a', 'b', 'upstream']);
    const moved = await a!.update({ listen: a!.listen, upstream: b!.upstream, enabled: true });
    const connection = dial(moved.listen);
    expect(await connection.closed).toBe('end');
    expect(connection.received()).toBe(20);
    await a!.remove();
    expect(await dial(moved.listen).connected).toBe('ECONNREFUSED');
    expect(Object.keys(await toxiproxy.getAll()).sort()).toEqual(['b', 'upstream']);
  });

  it('is told what it did wrong by the status', async () => {
    const { toxiproxy, proxy } = await proxied(await serveEcho());
    const { listen, upstream } = proxy;
    await expect(toxiproxy.createProxy({ name: 'upstream', listen, upstream })).rejects.toThrow('409');
    await expect(toxiproxy.get('nobody')).rejects.toThrow('404');
    await expect(proxy.addToxic(toxic('latency', { latency: -1 }))).rejects.toThrow('400');
  });
});

describe('a link with', () => {
  it('no toxic passes bytes, half-closed connections and resets on as they are', async () => {
    const { proxy } = await proxied(await serveEcho());
    const connection = dial(proxy.listen);
    connection.socket.end('the last word');
    expect(await connection.closed).toBe('end');
    expect(connection.received()).toBe('the last word'.length);
    const resetting = await proxied(
      await serve((socket) => socket.once('data', () => socket.resetAndDestroy())),
    );
    const reset = dial(resetting.proxy.listen);
    reset.socket.write('x');
    expect(await reset.closed).toBe('ECONNRESET');
  });

  it('an upstream that is not there resets connections, and refuses them once it is known to be down', async () => {
    const port = await serveEcho();
    const { links } = await startLinks({ 'worker-1': port });
    const listen = listenOf(links, 'worker-1');
    const toxiproxy = new Toxiproxy(links.apiAddress);
    const nobody = await toxiproxy.createProxy({
      name: 'nobody',
      listen: `${HOST}:0`,
      upstream: `${HOST}:1`,
    });
    expect(await dial(nobody.listen).closed).toBe('ECONNRESET');
    links.setUpstreamUp('worker-1', false);
    await expect.poll(() => dial(listen).connected).toBe('ECONNREFUSED');
    expect((await toxiproxy.get('worker-1')).enabled).toBe(true);
    links.setUpstreamUp('worker-1', true);
    await expect.poll(() => dial(listen).connected).toBe('connected');
    await roundTripMs(dial(listen));
  });

  it('bandwidth lets as much through as it says', async () => {
    const bytes = 100_000;
    const { proxy } = await proxied(await serveBytes(bytes));
    const free = await tookMs(() => dial(proxy.listen).closed);
    await proxy.addToxic(typed('bandwidth', { rate: 200 }));
    const connection = dial(proxy.listen);
    const narrow = await tookMs(() => connection.closed);
    expect(connection.received()).toBe(bytes);
    expect(narrow).toBeGreaterThan(bytes / 200 - SLACK_MS);
    expect(narrow).toBeGreaterThan(free);
  });

  it('bandwidth makes the sender wait, instead of keeping what it cannot pass on', async () => {
    const offered = 256 * 1024 ** 2;
    const piece = Buffer.alloc(1024 ** 2);
    let handedOver = (): number => 0;
    const port = await serve((socket) => {
      handedOver = () => socket.bytesWritten - socket.writableLength;
      let left = offered;
      const send = (): void => {
        while (left > 0 && socket.write(piece)) left -= piece.length;
      };
      socket.on('drain', send);
      send();
    });
    const { proxy } = await proxied(port);
    await proxy.addToxic(typed('bandwidth', { rate: 200 }));
    const connection = dial(proxy.listen);
    await connection.got(100_000);
    // What the kernel holds on two hops is a few MiB.
    expect(handedOver()).toBeLessThan(offered / 4);
  });

  it('limit_data breaks an answer off after so many bytes', async () => {
    const { proxy } = await proxied(await serveBytes(10_000));
    await proxy.addToxic(typed('limit_data', { bytes: 1_234 }));
    const connection = dial(proxy.listen);
    expect(await connection.closed).toBe('end');
    expect(connection.received()).toBe(1_234);
  });

  it('limit_data on the upstream stream breaks a request off', async () => {
    let received = 0;
    const { proxy } = await proxied(
      await serve((socket) => {
        socket.on('data', (data) => {
          received += data.length;
        });
        socket.on('end', () => socket.end());
      }),
    );
    await proxy.addToxic(typed('limit_data', { bytes: 100 }, { stream: 'upstream' }));
    const connection = dial(proxy.listen);
    connection.socket.write(Buffer.alloc(5_000));
    expect(await connection.closed).toBe('end');
    await expect.poll(() => received).toBe(100);
  });

  it('reset_peer resets both sides', async () => {
    const upstream: string[] = [];
    const { proxy } = await proxied(
      await serve((socket) => {
        socket.on('error', (error: NodeJS.ErrnoException) => upstream.push(error.code!));
        socket.write('hello');
      }),
    );
    await proxy.addToxic(typed('reset_peer', { timeout: 0 }));
    const connection = dial(proxy.listen);
    expect(await connection.closed).toBe('ECONNRESET');
    expect(connection.received()).toBe(0);
    await expect.poll(() => upstream).toEqual(['ECONNRESET']);
  });

  it('timeout loses what is sent, and closes after its time', async () => {
    const { proxy } = await proxied(await serveEcho());
    await proxy.addToxic(typed('timeout', { timeout: 200 }));
    const connection = dial(proxy.listen);
    connection.socket.write('x');
    const elapsed = await tookMs(() => connection.closed);
    expect(connection.received()).toBe(0);
    expect(elapsed).toBeGreaterThan(200 - SLACK_MS);
  });

  it('timeout 0 loses what is sent, and closes when it is removed', async () => {
    const { proxy } = await proxied(await serveEcho());
    const timeout = await proxy.addToxic(typed('timeout', { timeout: 0 }));
    const connection = dial(proxy.listen);
    await connection.connected;
    connection.socket.write('x');
    await timeout.remove();
    expect(await connection.closed).toBe('end');
    expect(connection.received()).toBe(0);
    await roundTripMs(dial(proxy.listen));
  });

  it('slow_close tells of the end later, and of nothing else', async () => {
    const { proxy } = await proxied(await serveBytes(100));
    await proxy.addToxic(typed('slow_close', { delay: LATENCY_MS }));
    const connection = dial(proxy.listen);
    await connection.got(100);
    // The delay begins when the link has read the end, which is about when it has passed the bytes on.
    expect(await tookMs(() => connection.closed)).toBeGreaterThan(LATENCY_MS / 2);
  });

  it('slicer passes every byte in many small reads', async () => {
    const { proxy } = await proxied(await serveBytes(2_000));
    const whole = dial(proxy.listen);
    await whole.closed;
    await proxy.addToxic(typed('slicer', { average_size: 100, size_variation: 20, delay: 4_000 }));
    const sliced = dial(proxy.listen);
    await sliced.closed;
    expect(sliced.received()).toBe(2_000);
    expect(sliced.reads.length).toBeGreaterThan(2 * whole.reads.length);
    expect(Math.max(...sliced.reads)).toBeLessThan(2_000);
  });

  it('a toxicity meets a share of the connections: the same ones with the same seed', async () => {
    const port = await serveBytes(10);
    const met = async (seed: number): Promise<string> => {
      const { proxy } = await proxied(port, seed);
      await proxy.addToxic(typed('limit_data', { bytes: 0 }, { toxicity: 0.5 }));
      let pattern = '';
      for (let count = 0; count < 40; count++) {
        const connection = dial(proxy.listen);
        await connection.closed;
        pattern += connection.received() === 0 ? 'x' : '.';
      }
      return pattern;
    };
    const pattern = await met(7);
    const share = pattern.replaceAll('.', '').length / pattern.length;
    expect(share).toBeGreaterThan(0.2);
    expect(share).toBeLessThan(0.8);
    expect(await met(7)).toBe(pattern);
    expect(await met(8)).not.toBe(pattern);
  });
});

describe('the process of the links', () => {
  it('takes what the timeline adds away when its time is over, and the rest at the end, and leaves nothing', async () => {
    const port = await serveEcho();
    const { links, events, next, stop } = await startLinks({ 'worker-1': port });
    const listen = listenOf(links, 'worker-1');
    const order = { stream: 'downstream', toxicity: 1 } as const;
    const removed = next('link.toxic-removed');
    links.addToxic('worker-1', {
      ...order,
      type: 'latency',
      attributes: { latency: 9, jitter: 0 },
      forMs: 50,
    });
    links.addToxic('worker-1', {
      ...order,
      type: 'latency',
      attributes: { latency: 9, jitter: 0 },
      forMs: null,
    });
    expect(await removed).toMatchObject({
      name: 'latency_downstream',
      toxic: 'latency',
      reason: 'time-over',
    });
    const downed = next('link.toxic-added');
    links.addToxic('worker-1', { ...order, type: 'down', attributes: {}, forMs: null });
    expect(await downed).toMatchObject({ link: 'worker-1', toxic: 'down', by: 'timeline' });
    expect(await dial(listen).connected).toBe('ECONNREFUSED');
    const restored = next('link.toxic-removed');
    links.removeToxics('worker-1', { type: 'down', stream: null });
    expect(await restored).toMatchObject({ toxic: 'down', reason: 'ordered' });
    const connection = dial(listen);
    await roundTripMs(connection);
    await stop();
    expect(events.at(-1)).toMatchObject({ name: 'latency_downstream_2', reason: 'run-over' });
    expect(await connection.closed).not.toBe('');
    expect(isAlive(links.pid)).toBe(false);
    expect(await dial(listen).connected).toBe('ECONNREFUSED');
    expect(await dial(links.apiAddress).connected).toBe('ECONNREFUSED');
  });

  it('that is killed is told of', async () => {
    const { links } = await startLinks();
    process.kill(links.pid, 'SIGKILL');
    expect(await links.failed).toContain('the process of the links ended with SIGKILL');
  });
});
