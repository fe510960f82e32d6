/** A firewall that drops packets, by a full backlog: nobody is answered, and when it is over everybody is. */
import { describe, expect, it } from 'vitest';
import type { ToxicOrder } from '../../src/upstream/links/messages.js';
import { dial, listenOf, roundTripMs, serveEcho, sleep, startLinks } from '../support/links.js';

const blackHole: ToxicOrder = {
  ...{ type: 'black-hole', stream: 'downstream', toxicity: 1, attributes: {}, forMs: null },
};

/** Long enough for many round trips on the loopback; Linux knocks again after 1, 3 and 7 s. */
const MANY_ROUND_TRIPS_MS = 300;

describe('a black hole', () => {
  it('answers no new connection and lets open ones stand still, until it is over', async () => {
    const { links, next } = await startLinks({ 'worker-1': await serveEcho() });
    const listen = listenOf(links, 'worker-1');
    const open = dial(listen);
    await roundTripMs(open);

    const added = next('link.toxic-added');
    links.addToxic('worker-1', blackHole);
    await added;
    const knocking = [dial(listen), dial(listen), dial(listen)];
    const outcomes: string[] = [];
    for (const one of knocking) one.connected.then((how) => outcomes.push(how));
    const answered = roundTripMs(open).then(() => outcomes.push('answered'));
    await sleep(MANY_ROUND_TRIPS_MS);
    expect(outcomes).toEqual([]);

    const removed = next('link.toxic-removed');
    links.removeToxics('worker-1', { type: 'black-hole', stream: null });
    expect(await removed).toMatchObject({ toxic: 'black-hole', reason: 'ordered' });
    await answered;
    await Promise.all(knocking.map((one) => one.connected));
    expect(outcomes.sort()).toEqual(['answered', 'connected', 'connected', 'connected']);
    for (const one of knocking) await roundTripMs(one);
  });

  it('refuses, instead of being silent, while its link is down as well', async () => {
    const { links, next } = await startLinks({ 'worker-1': await serveEcho() });
    const listen = listenOf(links, 'worker-1');
    const first = next('link.toxic-added');
    links.addToxic('worker-1', blackHole);
    await first;
    const second = next('link.toxic-added');
    links.addToxic('worker-1', { ...blackHole, type: 'down' });
    await second;
    expect(await dial(listen).connected).toBe('ECONNREFUSED');
    const up = next('link.toxic-removed');
    links.removeToxics('worker-1', { type: 'down', stream: null });
    await up;
    const silent = dial(listen);
    let how = '';
    silent.connected.then((outcome) => {
      how = outcome;
    });
    await sleep(MANY_ROUND_TRIPS_MS);
    expect(how).toBe('');
  });

  it('is over with the run, and leaves neither process nor port', async () => {
    const { links, next, stop } = await startLinks({ 'worker-1': await serveEcho() });
    const listen = listenOf(links, 'worker-1');
    const added = next('link.toxic-added');
    links.addToxic('worker-1', blackHole);
    await added;
    await stop();
    expect(await dial(listen).connected).toBe('ECONNREFUSED');
  });
});
