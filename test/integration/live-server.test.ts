/** The listener of a lab over real sockets: who is kept out, who is dropped, and what a browser is told. */
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { wallClock } from '../../src/core/clock.js';
import { Channel } from '../../src/scenarios/live/channel.js';
import { MAX_LISTENERS } from '../../src/scenarios/live/event-stream.js';
import { type Host, LiveApi } from '../../src/scenarios/live/live-api.js';
import { startLiveServer } from '../../src/scenarios/live/live-server.js';
import { openFeed } from '../support/feed.js';

const TOKEN = 'a-token-of-some-length';

const start = async (token: string | null = null) => {
  const channel = new Channel('test');
  const orders: string[] = [];
  const host: Host = {
    state: { state: 'idle', scenario: null },
    result: null,
    run: async ({ scenario }) => void orders.push(`run ${scenario}`),
    lab: async () => void orders.push('lab'),
    stop: async () => void orders.push('stop'),
  };
  const api = await LiveApi.make(host, async () => []);
  const server = await startLiveServer({
    ...{ host: '127.0.0.1', port: 0, token, channel, clock: wallClock },
    page: () => '<!doctype html><title>page</title>',
    api: api.handle,
  });
  onTestFinished(async () => {
    channel.close();
    await server.close(0);
    await api.close();
  });
  return { channel, orders, address: server.address };
};

const JSON_TYPE = { 'content-type': 'application/json' };

describe('the listener of a lab', () => {
  it('gives the page, which nobody may frame, and takes orders', async () => {
    const { address, orders } = await start();
    const page = await fetch(`${address}/`);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<title>page</title>')]);
    expect(page.headers.get('x-frame-options')).toBe('DENY');
    expect(page.headers.get('access-control-allow-origin')).toBeNull();
    const order = { method: 'POST', headers: JSON_TYPE, body: '{}' };
    expect((await fetch(`${address}/api/stop`, order)).status).toBe(202);
    expect(orders).toEqual(['stop']);
  });

  it.each<[string, string, RequestInit, number]>([
    [
      'an order of another site',
      '/api/stop',
      { method: 'POST', headers: { ...JSON_TYPE, origin: 'http://evil.example' }, body: '{}' },
      403,
    ],
    [
      'a form of another site',
      '/api/stop',
      { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' },
      415,
    ],
    [
      'what a browser asks before an order of another site',
      '/api/stop',
      { method: 'OPTIONS', headers: { origin: 'http://evil.example' } },
      403,
    ],
    ['an order that is no JSON', '/api/stop', { method: 'POST', headers: JSON_TYPE, body: '{' }, 400],
    [
      'an order that is too large',
      '/api/run',
      { method: 'POST', headers: JSON_TYPE, body: `"${'x'.repeat(300_000)}"` },
      413,
    ],
    [
      'an order with a key that nobody knows',
      '/api/run',
      { method: 'POST', headers: JSON_TYPE, body: '{"scenario":"a","speed":2}' },
      400,
    ],
    [
      'an order where nothing runs',
      '/api/load',
      { method: 'PUT', headers: JSON_TYPE, body: '{"scale":2}' },
      409,
    ],
    ['a file', '/../../etc/passwd', {}, 404],
    ['a deletion of the page', '/', { method: 'DELETE' }, 405],
  ])('refuses %s', async (_what, path, request, status) => {
    const { address, orders } = await start();
    const response = await fetch(`${address}${path}`, request);
    expect([response.status, orders]).toEqual([status, []]);
    if (status !== 405) expect(await response.json()).toMatchObject({ status, detail: expect.any(String) });
  });

  it('asks for its token where it has one, and a browser keeps it', async () => {
    const { address } = await start(TOKEN);
    expect((await fetch(`${address}/`)).status).toBe(401);
    expect((await fetch(`${address}/feed`)).status).toBe(401);
    expect((await fetch(`${address}/?token=wrong`)).status).toBe(401);
    const opened = await fetch(`${address}/?token=${TOKEN}`, { redirect: 'manual' });
    expect([opened.status, opened.headers.get('location')]).toEqual([303, '/']);
    const cookie = opened.headers.get('set-cookie') ?? '';
    expect(cookie).toContain('HttpOnly; SameSite=Strict');
    const kept = { headers: { cookie: cookie.split(';', 1)[0]! } };
    expect((await fetch(`${address}/`, kept)).status).toBe(200);
    const bearer = { headers: { authorization: `Bearer ${TOKEN}` } };
    expect((await fetch(`${address}/api/state`, bearer)).status).toBe(200);
  });
});

describe('the stream of a lab', () => {
  it('goes on from where a page was, and is ended', async () => {
    const { address, channel } = await start();
    channel.publish({ type: 'idle' });
    const feed = await openFeed(`${address}/feed`);
    await feed.until('idle');
    channel.publish({ type: 'happened', events: [] });
    await feed.until('happened');
    const again = await openFeed(`${address}/feed`, { 'last-event-id': 'test-1' });
    await again.until('happened');
    expect(again.messages.map(({ type }) => type)).toEqual(['happened']);
    channel.close();
    await Promise.all([feed.over, again.over]);
    expect(channel.listeners).toBe(0);
  });

  it('drops a page that does not read, and nobody else', async () => {
    const { address, channel } = await start();
    const feed = await openFeed(`${address}/feed`);
    const { port } = new URL(address);
    const slow = connect(Number(port), '127.0.0.1');
    onTestFinished(() => void slow.destroy());
    const joined = new Promise((resolve) => slow.once('data', resolve));
    slow.write(`GET /feed HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`);
    await joined;
    slow.pause();
    expect(channel.listeners).toBe(2);
    const text = 'x'.repeat(512 * 1024);
    let told = 0;
    while (channel.listeners === 2 && told < 100) {
      channel.publish({
        type: 'happened',
        events: [{ t: told++, eventType: 'run.noted', text, fields: {} }],
      });
      // The other one reads meanwhile.
      await feed.until('happened', ({ events }) => events[0]?.t === told - 1);
    }
    expect(channel.listeners).toBe(1);
    expect(told).toBeGreaterThan(16);
  });

  it(`is for ${MAX_LISTENERS} pages at most`, async () => {
    const { address } = await start();
    await Promise.all(Array.from({ length: MAX_LISTENERS }, () => openFeed(`${address}/feed`)));
    const one = await fetch(`${address}/feed`);
    expect([one.status, one.headers.get('retry-after')]).toEqual([503, '5']);
  });
});
