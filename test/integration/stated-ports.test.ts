/** Workers and links at ports that somebody stated, because his gateway looks for them there. */
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeFleet } from '../support/fleet.js';
import { startLinks } from '../support/links.js';
import { freePort, startUpstream } from '../support/upstream.js';

const HOST = '127.0.0.1';

const occupied = async (): Promise<number> => {
  const port = await freePort();
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(port, HOST, resolve);
  });
  onTestFinished(() => void server.close());
  return port;
};

describe('workers', () => {
  it('listen where it is stated, and so do places without one', async () => {
    const ports = [await freePort(), await freePort()];
    const fleet = makeFleet({ workers: 1, maxWorkers: 3 }, { ports });
    const addresses = await fleet.start();
    expect(addresses.map(({ port }) => port)).toEqual([...ports, expect.any(Number)]);
    const answer = await fetch(`http://${HOST}:${ports[0]}/`);
    expect(await answer.json()).toMatchObject({ worker: 'worker-1' });
    // The command itself holds the place, and resets who connects.
    await expect(fetch(`http://${HOST}:${ports[1]}/`)).rejects.toThrow();
  });

  it.each([
    ['a worker', { workers: 1 }],
    ['a place', { workers: 1, maxWorkers: 2 }],
  ])('cannot start where somebody else has the port of %s', async (_what, section) => {
    const ports = [
      ...(section.workers === 1 && 'maxWorkers' in section ? [await freePort()] : []),
      await occupied(),
    ];
    const fleet = makeFleet(section, { ports });
    await expect(fleet.start()).rejects.toMatchObject({
      reason: 'couldNotStart',
      message: expect.stringMatching(new RegExp(`^worker-${ports.length} could not start: .*EADDRINUSE`)),
    });
  });
});

describe('links', () => {
  it('listen where it is stated', async () => {
    const { links } = await startLinks();
    const port = await freePort();
    const upstream = await startUpstream((_request, response) => response.end('well'));
    const worker = { id: 'worker-1', host: HOST, port: upstream };
    expect(await links.start([worker], [port])).toEqual([{ id: 'worker-1', host: HOST, port }]);
    expect(await (await fetch(`http://${HOST}:${port}/`)).text()).toBe('well');
  });

  it('cannot start where somebody else has the port', async () => {
    const { links } = await startLinks();
    const starting = links.start([{ id: 'worker-1', host: HOST, port: 1 }], [await occupied()]);
    await expect(starting).rejects.toMatchObject({
      reason: 'couldNotStart',
      message: expect.stringMatching(/^the link of worker-1 could not start: .*EADDRINUSE/),
    });
  });
});
