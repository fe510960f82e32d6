/** What clients get from the cache: hits and misses, 304s, and what passes by. */
import { describe, expect, it } from 'vitest';
import { PIECE_BYTES } from '../../../../src/policies/cache/memory-response.js';
import { Call, type Headers } from '../../../../src/policies/service.js';
import { httpDate, makeCache, START_MS, turn, UpstreamResponse } from './upstream.js';

const MINUTE: Headers = { 'cache-control': 'max-age=60' };
const TAGGED: Headers = { ...MINUTE, etag: '"a"' };

describe('a GET', () => {
  it('that nobody asked before is a miss, and a hit from then on, with its age', async () => {
    const { clock, exchange, events, cache } = makeCache();
    const miss = await exchange({ headers: MINUTE, body: 'hello' });
    expect(miss).toMatchObject({ status: 200, body: 'hello', whole: true });
    expect(miss.cacheStatus).toBe('badgateway; fwd=uri-miss; stored');
    expect(miss.headers.age).toBeUndefined();
    clock.advance(7_500);
    const hit = await exchange(null);
    expect(hit).toMatchObject({ status: 200, body: 'hello', whole: true, forwarded: null });
    expect(hit.headers).toMatchObject({ age: '7', 'content-length': '5', 'cache-control': 'max-age=60' });
    expect(hit.cacheStatus).toBe('badgateway; hit; ttl=52');
    expect(events).toEqual(['miss uri-miss', 'stored a.example/', 'hit']);
    expect(cache.entries).toBe(1);
  });

  it('is forwarded again when its life is over', async () => {
    const { clock, exchange } = makeCache();
    await exchange({ headers: MINUTE, body: 'one' });
    clock.advance(60_000);
    const second = await exchange({ headers: MINUTE, body: 'two' });
    expect(second).toMatchObject({ body: 'two', cacheStatus: 'badgateway; fwd=stale; stored' });
    expect((await exchange(null)).body).toBe('two');
  });

  it.each([
    ['another path', '/other', {}],
    ['another query', '/?q=1', {}],
    ['another host', '/', { host: 'b.example' }],
  ])('of %s is a miss', async (_title, path, headers) => {
    const { exchange } = makeCache();
    await exchange({ headers: MINUTE });
    expect((await exchange({}, path, headers)).forwarded).not.toBeNull();
  });

  it('of the same host in other letters is a hit', async () => {
    const { exchange } = makeCache();
    await exchange({ headers: MINUTE });
    expect((await exchange(null, '/', { host: 'A.Example' })).forwarded).toBeNull();
  });

  it.each<[string, Headers, string]>([
    ['with no-store', { 'cache-control': 'no-store' }, 'bypass'],
    ['for a part', { range: 'bytes=0-1' }, 'bypass'],
    ['with a precondition', { 'if-match': '"a"' }, 'bypass'],
    ['that insists', { 'cache-control': 'no-cache' }, 'request'],
    ['that insists in the old way', { pragma: 'no-cache' }, 'request'],
    ['that wants it younger', { 'cache-control': 'max-age=1' }, 'request'],
  ])('%s goes to the upstream though there is a fresh answer', async (_title, headers, forward) => {
    const { clock, exchange } = makeCache();
    await exchange({ headers: MINUTE });
    clock.advance(5_000);
    const result = await exchange({ body: 'new' }, '/', headers);
    expect(result.body).toBe('new');
    expect(result.cacheStatus).toBe(`badgateway; fwd=${forward}`);
  });

  it('for another protocol passes by, and its answer as it is', async () => {
    const { cache, clock, exchange } = makeCache();
    await exchange({ headers: MINUTE });
    const switched = new UpstreamResponse(101, {});
    const request = {
      method: 'GET',
      path: '/',
      headers: { host: 'a.example' },
      body: null,
      upgrade: 'websocket',
    };
    const answer = await cache.layer(() => Promise.resolve(switched))(request, new Call('ray', clock));
    expect(answer).toBe(switched);
  });

  it('cannot insist where the operator does not let it', async () => {
    const { exchange } = makeCache({ honoursRequests: false });
    await exchange({ headers: MINUTE });
    for (const headers of [
      { 'cache-control': 'no-cache' },
      { 'cache-control': 'max-age=0' },
      { pragma: 'no-cache' },
    ])
      expect((await exchange(null, '/', headers)).forwarded).toBeNull();
    expect((await exchange({}, '/', { 'cache-control': 'no-store' })).forwarded).not.toBeNull();
  });

  it('that wants only what is stored gets 504 when nothing is', async () => {
    const { exchange } = makeCache();
    const asked = ['/', { 'cache-control': 'only-if-cached' }] as const;
    expect(await exchange(null, ...asked)).toMatchObject({ status: 504, forwarded: null, whole: true });
    await exchange({ headers: MINUTE });
    expect(await exchange(null, ...asked)).toMatchObject({ status: 200, body: 'body' });
  });

  it('keeps what caches before this one said', async () => {
    const { exchange } = makeCache();
    const before = { ...MINUTE, 'cache-status': 'origin; hit' };
    expect((await exchange({ headers: before })).cacheStatus).toBe(
      'origin; hit, badgateway; fwd=uri-miss; stored',
    );
    expect((await exchange(null)).cacheStatus).toBe('origin; hit, badgateway; hit; ttl=60');
  });

  it('gets a large body in pieces, no faster than it reads', async () => {
    const { exchange, send } = makeCache();
    const body = 'x'.repeat(3 * PIECE_BYTES + 1);
    await exchange({ headers: MINUTE, body });
    const slow = send('/', {}, 'GET', false);
    await turn();
    slow.client.wantsMore = false;
    const ends: unknown[] = [];
    slow.response!.onEnd((end) => ends.push(end));
    slow.response!.relay(slow.client);
    for (const pieces of [1, 2, 3]) {
      expect(slow.client.body.length).toBe(pieces * PIECE_BYTES);
      expect(ends).toEqual([]);
      slow.response!.resume();
    }
    expect(slow.client.body === body && slow.client.end_ === null).toBe(true);
    expect(ends).toEqual([null]);
  });

  it('whose client leaves in the middle of a hit ends', async () => {
    const { exchange, send } = makeCache();
    await exchange({ headers: MINUTE, body: 'x'.repeat(3 * PIECE_BYTES) });
    const sent = send('/', {}, 'GET', false);
    await turn();
    sent.client.wantsMore = false;
    sent.response!.relay(sent.client);
    sent.leave();
    const ends: unknown[] = [];
    sent.response!.onEnd((end) => ends.push(end));
    expect(ends).toMatchObject([{ code: 'BGW_ERR_CLIENT_LEFT' }]);
    expect(sent.client.end_).toMatchObject({ code: 'BGW_ERR_CLIENT_LEFT' });
  });
});

describe('a hit', () => {
  it('keeps what it hit from making way', async () => {
    const { exchange, events } = makeCache({ maxEntries: 2 });
    await exchange({ headers: MINUTE }, '/1');
    await exchange({ headers: MINUTE }, '/2');
    await exchange(null, '/1');
    await exchange({ headers: MINUTE }, '/3');
    expect(events).toContain('evicted a.example/2');
  });
});

describe('a HEAD', () => {
  it('is answered from what a GET stored, without a body', async () => {
    const { exchange } = makeCache();
    await exchange({ headers: MINUTE, body: 'hello' });
    const head = await exchange(null, '/', {}, 'HEAD');
    expect(head).toMatchObject({ status: 200, body: '', whole: true, forwarded: null });
    expect(head.headers['content-length']).toBe('5');
  });

  it('stores nothing itself', async () => {
    const { exchange, cache } = makeCache();
    await exchange({ headers: MINUTE, body: '' }, '/', {}, 'HEAD');
    expect(cache.entries).toBe(0);
  });
});

describe('a client that has a copy', () => {
  it.each<[string, Headers, number]>([
    ['the same', { 'if-none-match': '"a"' }, 304],
    ['another', { 'if-none-match': '"b"' }, 200],
    ['as new', { 'if-modified-since': httpDate(START_MS) }, 304],
  ])('%s is told from the store', async (_title, headers, status) => {
    const { exchange } = makeCache();
    await exchange({ headers: TAGGED });
    const result = await exchange(null, '/', headers);
    expect(result).toMatchObject({
      status,
      forwarded: null,
      body: status === 304 ? '' : 'body',
      whole: true,
    });
    if (status === 304) expect(result.headers['content-length']).toBeUndefined();
    expect(result.headers.etag).toBe('"a"');
  });

  it('makes the upstream send the whole when nothing is stored, and is told by that', async () => {
    const { exchange } = makeCache();
    const first = await exchange({ headers: TAGGED, body: 'hello' }, '/', { 'if-none-match': '"a"' });
    expect(first.forwarded!.request.headers['if-none-match']).toBeUndefined();
    expect(first).toMatchObject({ status: 304, body: '', whole: true });
    expect(await exchange(null)).toMatchObject({ status: 200, body: 'hello', forwarded: null });
  });

  it('asks by itself about what is not cacheable', async () => {
    const { exchange } = makeCache();
    await exchange({});
    const second = await exchange({ status: 304, body: '' }, '/', { 'if-none-match': '"a"' });
    expect(second.forwarded!.request.headers['if-none-match']).toBe('"a"');
    expect(second).toMatchObject({ status: 304, cacheStatus: 'badgateway; fwd=uri-miss' });
  });
});

describe('what may not be stored', () => {
  it.each<[string, Headers, Headers]>([
    ['private', { 'cache-control': 'private, max-age=60' }, {}],
    ['a cookie', { ...MINUTE, 'set-cookie': 'a=b' }, {}],
    ['an answer to credentials', MINUTE, { authorization: 'Basic x' }],
  ])('%s is passed on, each time', async (_title, headers, asked) => {
    const { exchange, cache } = makeCache();
    for (const body of ['one', 'two']) {
      const result = await exchange({ headers, body }, '/', asked);
      expect(result).toMatchObject({ body, cacheStatus: 'badgateway; fwd=uri-miss' });
    }
    expect(cache.entries).toBe(0);
  });

  it('credentials do not keep a client from what is public', async () => {
    const { exchange } = makeCache();
    await exchange({ headers: { 'cache-control': 'public, max-age=60' } }, '/', { authorization: 'Basic x' });
    expect((await exchange(null)).forwarded).toBeNull();
  });
});
