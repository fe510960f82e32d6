/** The links' HTTP API, byte for byte where clients look: paths, status codes, bodies and error bodies of Toxiproxy. */
import { beforeAll, describe, expect, it } from 'vitest';
import { wallClock } from '../../src/core/clock.js';
import { Random } from '../../src/core/random.js';
import { linksApi } from '../../src/upstream/links/api.js';
import { LinkCollection } from '../../src/upstream/links/link-collection.js';
import { HOST } from '../support/links.js';

let base = '';

beforeAll(async () => {
  const links = new LinkCollection({ clock: wallClock, random: new Random(1), report: () => {} });
  const api = linksApi(links);
  await new Promise<void>((resolve) => api.listen(0, HOST, resolve));
  base = `http://${HOST}:${(api.address() as { port: number }).port}`;
  return async () => {
    api.closeAllConnections();
    api.close();
    await links.close();
  };
});

const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
  const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
  const response = await fetch(`${base}${path}`, { method, headers, ...sent });
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  return { status: response.status, body: type.includes('json') ? JSON.parse(text) : text };
};

const UPSTREAM = '127.0.0.1:1';

describe('the API', () => {
  it('goes through the life of a proxy and its toxics', async () => {
    const made = await ask('POST', '/proxies', { name: 'life', upstream: UPSTREAM, listen: '127.0.0.1:0' });
    expect(made.status).toBe(201);
    const { listen } = made.body;
    const proxy = { name: 'life', listen, upstream: UPSTREAM, enabled: true, toxics: [] };
    expect(made.body).toEqual(proxy);
    expect(listen).toMatch(/^127\.0\.0\.1:[1-9]\d*$/);
    expect(await ask('GET', '/proxies/life')).toEqual({ status: 200, body: proxy });
    expect((await ask('GET', '/proxies')).body).toMatchObject({ life: proxy });

    const slicer = {
      attributes: { average_size: 5, size_variation: 0, delay: 0 },
      ...{ name: 'slicer_upstream', type: 'slicer', stream: 'upstream', toxicity: 1 },
    };
    const asked = { type: 'slicer', stream: 'upstream', attributes: { average_size: 5 } };
    expect(await ask('POST', '/proxies/life/toxics', asked)).toEqual({ status: 200, body: slicer });
    expect(await ask('GET', '/proxies/life/toxics')).toEqual({ status: 200, body: [slicer] });
    expect(await ask('GET', '/proxies/life/toxics/slicer_upstream')).toEqual({ status: 200, body: slicer });
    expect((await ask('GET', '/proxies/life')).body.toxics).toEqual([slicer]);
    for (const method of ['POST', 'PATCH']) {
      const change = { toxicity: 0.5, attributes: { delay: 7 } };
      expect(await ask(method, '/proxies/life/toxics/slicer_upstream', change)).toEqual({
        status: 200,
        body: { ...slicer, toxicity: 0.5, attributes: { ...slicer.attributes, delay: 7 } },
      });
    }
    expect(await ask('PATCH', '/proxies/life', { enabled: false })).toMatchObject({
      status: 200,
      body: { listen, enabled: false },
    });
    expect(await ask('POST', '/reset')).toEqual({ status: 204, body: '' });
    expect(await ask('GET', '/proxies/life')).toEqual({ status: 200, body: proxy });
    await ask('POST', '/proxies/life/toxics', asked);
    expect(await ask('DELETE', '/proxies/life/toxics/slicer_upstream')).toEqual({ status: 204, body: '' });
    expect(await ask('DELETE', '/proxies/life')).toEqual({ status: 204, body: '' });
    expect((await ask('GET', '/proxies/life')).status).toBe(404);
  });

  it('lists requests’ toxics before answers’', async () => {
    await ask('POST', '/proxies', { name: 'order', upstream: UPSTREAM });
    const toxics = [
      { type: 'timeout', stream: 'downstream' },
      { type: 'timeout', stream: 'upstream' },
      { type: 'latency', stream: 'downstream' },
    ];
    for (const toxic of toxics) await ask('POST', '/proxies/order/toxics', toxic);
    const { body } = await ask('GET', '/proxies/order/toxics');
    expect(body.map(({ name }: { name: string }) => name)).toEqual([
      'timeout_upstream',
      'timeout_downstream',
      'latency_downstream',
    ]);
  });

  it('populates all or, when one is wrong, none, and leaves alone what is there already', async () => {
    const first = { name: 'first', upstream: UPSTREAM };
    expect(await ask('POST', '/populate', [first, { name: 'second' }])).toEqual({
      status: 400,
      body: { error: 'missing required field: upstream at proxy 2', status: 400, proxies: [] },
    });
    expect((await ask('GET', '/proxies/first')).status).toBe(404);
    const made = await ask('POST', '/populate', [
      first,
      { name: 'second', upstream: UPSTREAM, enabled: false },
    ]);
    expect(made.status).toBe(201);
    expect(made.body.proxies).toMatchObject([
      { name: 'first', enabled: true },
      { name: 'second', enabled: false },
    ]);
    const [{ listen }] = made.body.proxies;
    await ask('POST', '/proxies/first/toxics', { type: 'latency' });
    const again = await ask('POST', '/populate', [{ ...first, listen }]);
    expect(again.body.proxies[0].toxics).toHaveLength(1);
    const moved = await ask('POST', '/populate', [{ ...first, listen, upstream: '127.0.0.1:2' }]);
    expect(moved.body.proxies[0]).toMatchObject({ listen, upstream: '127.0.0.1:2', toxics: [] });
  });

  it('does not confuse names with what objects have by themselves', async () => {
    for (const name of ['__proto__', 'constructor', 'hasOwnProperty']) {
      expect(await ask('GET', `/proxies/${name}`)).toMatchObject({ status: 404 });
      expect(await ask('POST', '/proxies', { name, upstream: UPSTREAM })).toMatchObject({ status: 201 });
      expect(await ask('GET', `/proxies/${name}/toxics/${name}`)).toMatchObject({ status: 404 });
      expect(Object.keys((await ask('GET', '/proxies')).body)).toContain(name);
      expect((await ask('DELETE', `/proxies/${name}`)).status).toBe(204);
    }
  });

  it('finds names that a URL has to encode', async () => {
    await ask('POST', '/proxies', { name: 'a b/ü', upstream: UPSTREAM });
    expect((await ask('GET', `/proxies/${encodeURIComponent('a b/ü')}`)).body.name).toBe('a b/ü');
  });

  it.each<[string, string, unknown, number, string]>([
    ['GET', '/proxies/nobody', undefined, 404, 'proxy not found'],
    ['DELETE', '/proxies/nobody', undefined, 404, 'proxy not found'],
    ['POST', '/proxies/nobody/toxics', { type: 'latency' }, 404, 'proxy not found'],
    ['GET', '/proxies/known/toxics/none', undefined, 404, 'toxic not found'],
    ['POST', '/proxies/known/toxics/none', {}, 404, 'toxic not found'],
    ['DELETE', '/proxies/known/toxics/none', undefined, 404, 'toxic not found'],
    ['POST', '/proxies', { name: 'known', upstream: UPSTREAM }, 409, 'proxy already exists'],
    ['POST', '/proxies', { upstream: UPSTREAM }, 400, 'missing required field: name'],
    ['POST', '/proxies', { name: 'x' }, 400, 'missing required field: upstream'],
    ['POST', '/proxies', '{', 400, 'bad request body: '],
    ['POST', '/proxies', '', 400, 'bad request body: '],
    ['POST', '/proxies/known/toxics', { type: 'gone' }, 400, 'invalid toxic type'],
    [
      'POST',
      '/proxies/known/toxics',
      { type: 'latency', stream: 'x' },
      400,
      'stream was invalid, can be either',
    ],
    ['GET', '/proxies/%E0%A4%A', undefined, 400, 'not URL-encoded'],
  ])('answers %s %s %j with %i: %s', async (method, path, body, status, message) => {
    await ask('POST', '/proxies', { name: 'known', upstream: UPSTREAM });
    const answer = await ask(method, path, body);
    expect(answer).toMatchObject({ status, body: { status } });
    expect(answer.body.error).toContain(message);
    expect(Object.keys(answer.body).sort()).toEqual(['error', 'status']);
  });

  it('refuses a body that is too large', async () => {
    const answer = await ask('POST', '/populate', 'x'.repeat(1024 ** 2 + 1));
    expect(answer).toMatchObject({
      status: 413,
      body: { error: 'request body is larger than 1048576 bytes' },
    });
  });

  it('refuses a second toxic of a name, and a port that is taken', async () => {
    const { body } = await ask('POST', '/proxies', { name: 'taken', upstream: UPSTREAM });
    await ask('POST', '/proxies/taken/toxics', { type: 'latency' });
    expect(await ask('POST', '/proxies/taken/toxics', { type: 'latency' })).toEqual({
      status: 409,
      body: { error: 'toxic already exists', status: 409 },
    });
    const second = await ask('POST', '/proxies', { name: 'late', upstream: UPSTREAM, listen: body.listen });
    expect(second.status).toBe(500);
    expect(second.body.error).toContain('EADDRINUSE');
    expect((await ask('GET', '/proxies/late')).status).toBe(404);
  });

  it('knows no other paths and methods, and no browsers', async () => {
    expect(await ask('GET', '/nowhere')).toEqual({ status: 404, body: '404 page not found\n' });
    expect(await ask('PUT', '/proxies')).toEqual({ status: 405, body: '' });
    expect(await ask('GET', '/proxies', undefined, { 'user-agent': 'Mozilla/5.0' })).toEqual({
      status: 403,
      body: 'User agent not allowed\n',
    });
  });

  it('does what is asked for at the same time one after another', async () => {
    await ask('POST', '/proxies', { name: 'busy', upstream: UPSTREAM });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => ask('PATCH', '/proxies/busy', { enabled: index % 2 === 0 })),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect((await ask('GET', '/proxies/busy')).body.enabled).toBe(false);
  });
});
