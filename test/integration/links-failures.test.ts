/** A toxic whose port cannot be had is not there afterwards, and the link is what it was before. */
import { expect, it, onTestFinished, vi } from 'vitest';
import { wallClock } from '../../src/core/clock.js';
import { Random } from '../../src/core/random.js';
import { BlackHole } from '../../src/upstream/links/black-hole.js';
import { LinkCollection } from '../../src/upstream/links/link-collection.js';
import { dial, HOST, roundTripMs, serveEcho } from '../support/links.js';

const HOLE = { name: 'hole', type: 'black-hole', stream: 'downstream', toxicity: 1, attributes: {} } as const;

it('takes a toxic out again that could not be added', async () => {
  const reports: string[] = [];
  const links = new LinkCollection({
    clock: wallClock,
    random: new Random(1),
    report: ({ type }) => reports.push(type),
  });
  onTestFinished(() => links.close());
  const upstream = { host: HOST, port: await serveEcho() };
  const link = await links.create('worker-1', { host: HOST, port: 0 }, upstream, true);
  const address = `${HOST}:${link.listen.port}`;
  const open = dial(address);
  await roundTripMs(open);

  vi.spyOn(BlackHole.prototype, 'open').mockRejectedValueOnce(new Error('address in use'));
  onTestFinished(() => {
    vi.restoreAllMocks();
  });
  await expect(links.addToxic(link, HOLE, 'api')).rejects.toThrow('address in use');
  expect(link.toxics).toEqual([]);
  expect(reports).toEqual([]);
  await roundTripMs(open);
  await roundTripMs(dial(address));

  // The name is free, and what failed once may succeed.
  await links.addToxic(link, HOLE, 'api');
  expect(link.toxics).toEqual([HOLE]);
  await links.removeToxic(link, HOLE, 'api');
  await roundTripMs(open);
  await roundTripMs(dial(address));
  expect(reports).toEqual(['toxic-added', 'toxic-removed']);
});
