/** Invalidation by unsafe requests and by command, and what was on its way meanwhile. */
import { describe, expect, it } from 'vitest';
import { Invalidations, MAX_INVALIDATIONS } from '../../../../src/policies/cache/invalidation.js';
import type { Headers } from '../../../../src/policies/service.js';
import { makeCache, turn } from './upstream.js';

const MINUTE: Headers = { 'cache-control': 'max-age=60' };
/** For how long what is stale may be given. */
const WINDOWS = { staleWhileRevalidateMs: 10_000, staleIfErrorMs: 60_000 };

describe('an unsafe request', () => {
  it.each([
    ['POST', 200, true],
    ['DELETE', 204, true],
    ['PUT', 303, true],
    ['BREW', 200, true],
    ['POST', 500, false],
    ['POST', 404, false],
    ['OPTIONS', 200, false],
    ['PROPFIND', 200, false],
  ])('%s answered %i invalidates what is stored for its URL: %s', async (method, status, expected) => {
    const { exchange, cache } = makeCache();
    await exchange({ headers: MINUTE }, '/page');
    const result = await exchange({ status }, '/page', {}, method);
    expect(cache.entries).toBe(expected ? 0 : 1);
    expect(result.cacheStatus).toBe('badgateway; fwd=method');
  });

  it('invalidates what its answer names, on the same host only', async () => {
    const { exchange, cache, events } = makeCache();
    for (const path of ['/made', '/changed', '/kept']) await exchange({ headers: MINUTE }, path);
    const headers = { location: '/made', 'content-location': 'http://a.example/changed' };
    await exchange({ status: 201, headers }, '/list', {}, 'POST');
    await exchange({ status: 201, headers: { location: 'http://b.example/kept' } }, '/list', {}, 'POST');
    await exchange({ status: 201, headers: { location: 'http://[' } }, '/list', {}, 'POST');
    expect(cache.entries).toBe(1);
    expect(events.filter((event) => event.startsWith('purged'))).toEqual(['purged 2']);
  });

  it('keeps out what was asked for before it', async () => {
    const { exchange, send, pending, cache } = makeCache();
    const reader = send('/page');
    await turn();
    await exchange({}, '/page', {}, 'POST');
    pending[0]!.respond(200, MINUTE, 'old');
    await turn();
    expect(reader.client.body).toBe('old');
    expect(cache.entries).toBe(0);
  });
});

describe('the memory of invalidations', () => {
  const filled = (count: number, atMs: number): Invalidations => {
    const invalidations = new Invalidations();
    for (let index = 0; index < count; index++) invalidations.add(`/${index}`, atMs);
    return invalidations;
  };

  it('knows what was invalidated since, and nothing else', () => {
    const invalidations = filled(10, 5);
    expect(invalidations.since('/3', 5)).toBe(true);
    expect(invalidations.since('/3', 6)).toBe(false);
    expect(invalidations.since('/10', 0)).toBe(false);
    invalidations.addAll(7);
    expect(invalidations.since('/10', 7)).toBe(true);
    expect(invalidations.since('/10', 8)).toBe(false);
  });

  it('when it is full holds everything against what is older', () => {
    const invalidations = filled(MAX_INVALIDATIONS, 5);
    expect(invalidations.since('/other', 5)).toBe(true);
    invalidations.add('/last', 9);
    expect(invalidations.since('/0', 5)).toBe(true);
    expect(invalidations.since('/other', 6)).toBe(false);
    expect(invalidations.since('/last', 6)).toBe(true);
  });
});

describe('a purge', () => {
  it.each([
    ['of one URL', { host: 'A.example', path: '/a/1' }, 1],
    ['of what stands below a path', { pathPrefix: '/a/' }, 3],
    ['of what stands below a path on a host', { host: 'b.example', pathPrefix: '/a/' }, 1],
    ['of everything', 'all' as const, 4],
  ])('%s', async (_title, target, expected) => {
    const { exchange, cache, events } = makeCache();
    await exchange({ headers: MINUTE }, '/a/1');
    await exchange({ headers: MINUTE }, '/a/2');
    await exchange({ headers: MINUTE }, '/b');
    await exchange({ headers: MINUTE }, '/a/1', { host: 'b.example' });
    expect(cache.purge(target)).toBe(expected);
    expect(cache.entries).toBe(4 - expected);
    expect(events.at(-1)).toBe(`purged ${expected}`);
  });

  it.each([
    ['of one URL', { host: 'A.example', path: '/a/1' }, ['/a/1']],
    ['of a URL that nobody asked for', { host: 'a.example', path: '/c' }, []],
    ['of what stands below a path', { pathPrefix: '/a/' }, ['/a/1', '/a/2']],
    ['of everything', 'all' as const, ['/a/1', '/a/2', '/b']],
  ])('keeps what it ends as stale when it is soft: %s', async (_title, target, stale) => {
    const { clock, exchange, cache, events } = makeCache(WINDOWS);
    const paths = ['/a/1', '/a/2', '/b'];
    for (const path of paths) await exchange({ headers: MINUTE, body: 'old' }, path);
    clock.advance(5_000);
    expect(cache.purge(target, true)).toBe(stale.length);
    expect(events.at(-1)).toBe(`made stale ${stale.length}`);
    expect(cache.entries).toBe(3);
    clock.advance(1_000);
    for (const path of paths) {
      const { body, cacheStatus } = await exchange(null, path);
      expect(body).toBe('old');
      expect(cacheStatus).toBe(stale.includes(path) ? 'badgateway; hit; ttl=-1' : 'badgateway; hit; ttl=54');
    }
  });

  it('that is soft gives nothing to answers that may not be stale, nor a life to those whose life is over', async () => {
    const { clock, exchange, cache } = makeCache(WINDOWS);
    await exchange({ headers: { 'cache-control': 'max-age=60, must-revalidate', etag: '"a"' } }, '/strict');
    await exchange({ headers: MINUTE, body: 'old' }, '/over');
    clock.advance(65_000);
    await exchange({ headers: { 'cache-control': 'max-age=60, must-revalidate', etag: '"a"' } }, '/strict');
    cache.purge('all', true);
    const strict = await exchange({ headers: MINUTE, body: 'new' }, '/strict');
    expect(strict.body).toBe('new');
    clock.advance(5_000);
    expect(
      (await exchange({ headers: MINUTE, body: 'new' }, '/over')).body,
      'ten seconds from its own end',
    ).toBe('new');
  });

  it('that is soft makes what it ends old, so that caches further out do not take it for fresh', async () => {
    const { clock, exchange, cache } = makeCache(WINDOWS);
    await exchange({ headers: MINUTE, body: 'old' });
    clock.advance(5_000);
    cache.purge('all', true);
    const { headers, body } = await exchange(null);
    expect(body).toBe('old');
    expect(headers.age).toBe('60');
  });

  it('that is soft leaves the windows of what is stale: while it is revalidated, and when that fails', async () => {
    const { clock, exchange, send, pending, cache } = makeCache(WINDOWS);
    await exchange({ headers: MINUTE, body: 'old' });
    clock.advance(5_000);
    cache.purge('all', true);
    clock.advance(10_000);
    const late = send();
    await turn();
    expect(late.response, 'the client waits').toBeUndefined();
    pending.at(-1)!.fail('BGW_ERR_CONNECTION_REFUSED');
    await turn();
    expect(late.client.body).toBe('old');
    clock.advance(51_000);
    const tooLate = send();
    await turn();
    pending.at(-1)!.fail('BGW_ERR_CONNECTION_REFUSED');
    await turn();
    expect(tooLate.error).toMatchObject({ code: 'BGW_ERR_CONNECTION_REFUSED' });
  });

  it('that is soft gives a new life to what the upstream says is still so', async () => {
    const { clock, exchange, cache } = makeCache();
    const headers = { ...MINUTE, etag: '"a"' };
    await exchange({ headers, body: 'old' });
    expect(cache.purge('all', true)).toBe(1);
    clock.advance(1);
    const validated = await exchange({ status: 304, headers });
    expect(validated.forwarded?.request.headers['if-none-match']).toBe('"a"');
    expect(validated.body).toBe('old');
    expect((await exchange(null)).cacheStatus).toBe('badgateway; hit; ttl=60');
  });

  it('that is soft counts what was fresh, and drops what is of no use to anybody any more', async () => {
    const { clock, exchange, cache } = makeCache(WINDOWS);
    await exchange({ headers: { 'cache-control': 's-maxage=60' }, body: 'old' }, '/shared');
    await exchange({ headers: MINUTE, body: 'old' }, '/over');
    clock.advance(1_000);
    expect(cache.purge('all', true)).toBe(2);
    expect(cache.entries, 's-maxage allows nothing stale').toBe(1);
    expect(cache.purge('all', true)).toBe(0);
  });

  it('that is soft keeps out what is on its way, too: it may be from before', async () => {
    const { send, pending, cache, exchange } = makeCache();
    send();
    await turn();
    cache.purge('all', true);
    pending[0]!.respond(200, MINUTE, 'old');
    await turn();
    expect(cache.entries).toBe(0);
    expect((await exchange({ headers: MINUTE, body: 'new' })).body).toBe('new');
  });

  it('keeps out what is on its way', async () => {
    const { send, pending, cache } = makeCache();
    send();
    await turn();
    cache.purge('all');
    pending[0]!.respond(200, MINUTE, 'old');
    await turn();
    expect(cache.entries).toBe(0);
  });
});
