/** Validation and variants: what is stale is asked about, and nobody gets what was stored for another. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Headers } from '../../../../src/policies/service.js';
import { httpDate, makeCache, turn } from './upstream.js';

const MINUTE: Headers = { 'cache-control': 'max-age=60' };
const TAGGED: Headers = { ...MINUTE, etag: '"a"' };

describe('validation', () => {
  it('asks with the stored tag; a 304 gives what is stored a new life and new fields', async () => {
    const { clock, exchange } = makeCache();
    await exchange({ headers: { ...TAGGED, 'last-modified': httpDate(0), 'x-version': '1' }, body: 'hello' });
    clock.advance(60_000);
    const answer = {
      status: 304,
      headers: { etag: '"a"', 'cache-control': 'max-age=90', 'x-version': '2' },
      body: '',
    };
    const validated = await exchange(answer, '/', { 'if-none-match': '"other"' });
    expect(validated.forwarded!.request.headers).toMatchObject({
      'if-none-match': '"a"',
      'if-modified-since': httpDate(0),
    });
    expect(validated).toMatchObject({ status: 200, body: 'hello', whole: true });
    expect(validated.cacheStatus).toBe('badgateway; fwd=stale; fwd-status=304');
    expect(validated.headers).toMatchObject({ age: '0', 'x-version': '2' });
    clock.advance(89_000);
    const hit = await exchange(null);
    expect(hit).toMatchObject({ body: 'hello', forwarded: null });
    expect(hit.headers).toMatchObject({ 'x-version': '2', age: '89', 'content-length': '5' });
  });

  it('counts the age that comes with the 304, and reads it to its end', async () => {
    const { clock, exchange, send, pending } = makeCache();
    await exchange({ headers: TAGGED, body: 'hello' });
    clock.advance(60_000);
    const sent = send();
    await turn();
    const answer = pending[1]!.respond(304, { etag: '"a"', age: '30' });
    await turn();
    expect(sent.response!.headers.age).toBe('30');
    expect(answer.relayed).toBe(true);
    clock.advance(29_000);
    expect((await exchange(null)).headers.age).toBe('59');
    clock.advance(1_000);
    expect((await exchange({ headers: TAGGED })).forwarded).not.toBeNull();
  });

  it('that finds something new replaces what was stored', async () => {
    const { clock, exchange, cache } = makeCache();
    await exchange({ headers: TAGGED, body: 'old' });
    clock.advance(60_000);
    expect((await exchange({ headers: TAGGED, body: 'new' })).body).toBe('new');
    expect((await exchange(null)).body).toBe('new');
    expect(cache.entries).toBe(1);
  });

  it('that finds something that may not be stored removes what was', async () => {
    const { clock, exchange, cache } = makeCache();
    await exchange({ headers: TAGGED });
    clock.advance(60_000);
    await exchange({ headers: { 'cache-control': 'private' } });
    expect(cache.entries).toBe(0);
  });

  it('that is refused to one client leaves what is stored to the others', async () => {
    const { clock, exchange, cache } = makeCache();
    await exchange({ headers: TAGGED });
    clock.advance(60_000);
    expect((await exchange({ status: 429 })).status).toBe(429);
    expect(cache.entries).toBe(1);
  });

  it('answered for another tag asks once more, for the whole', async () => {
    const { clock, exchange, send, pending } = makeCache();
    await exchange({ headers: TAGGED, body: 'old' });
    clock.advance(60_000);
    const sent = send();
    await turn();
    pending[1]!.respond(304, { etag: '"b"' }, '');
    await turn();
    expect(pending[2]!.request.headers['if-none-match']).toBeUndefined();
    pending[2]!.respond(200, { ...MINUTE, etag: '"b"' }, 'new');
    await turn();
    expect(sent.client).toMatchObject({ body: 'new', end_: null });
  });

  it('that forbids storing answers the one who asked, and removes what was stored', async () => {
    const { clock, exchange, cache } = makeCache();
    await exchange({ headers: TAGGED, body: 'hello' });
    clock.advance(60_000);
    const headers = { etag: '"a"', 'cache-control': 'no-store' };
    expect(await exchange({ status: 304, headers, body: '' })).toMatchObject({ status: 200, body: 'hello' });
    expect(cache.entries).toBe(0);
  });

  it('comes before every use of what says so', async () => {
    const { exchange } = makeCache();
    await exchange({ headers: { 'cache-control': 'no-cache', etag: '"a"' }, body: 'hello' });
    for (let count = 0; count < 2; count++) {
      const result = await exchange({ status: 304, headers: { etag: '"a"' }, body: '' });
      expect(result).toMatchObject({ status: 200, body: 'hello' });
      expect(result.forwarded).not.toBeNull();
    }
  });
});

describe('variants', () => {
  it('are told apart by the fields that the response names', async () => {
    const { exchange } = makeCache();
    const vary = { ...MINUTE, vary: 'Accept-Language' };
    await exchange({ headers: vary, body: 'Guten Tag' }, '/', { 'accept-language': 'de' });
    const other = await exchange({ headers: vary, body: 'Hello' }, '/', { 'accept-language': 'en' });
    expect(other.cacheStatus).toBe('badgateway; fwd=vary-miss; stored');
    expect((await exchange(null, '/', { 'accept-language': 'de' })).body).toBe('Guten Tag');
    expect((await exchange(null, '/', { 'accept-language': 'en' })).body).toBe('Hello');
    expect((await exchange({}, '/')).forwarded).not.toBeNull();
  });

  it('are never confused, whatever is asked and answered', async () => {
    const request = fc.record({
      path: fc.constantFrom('/', '/1', '/1?'),
      host: fc.constantFrom('a', 'b'),
      lang: fc.constantFrom(undefined, 'de', 'en', ''),
      encoding: fc.constantFrom(undefined, 'gzip', 'br'),
      vary: fc.constantFrom('lang', 'encoding', 'lang, encoding', ''),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(request, { maxLength: 25 }), async (requests) => {
        const { exchange } = makeCache();
        for (const { path, host, lang, encoding, vary } of requests) {
          // An upstream that does as it says: its body depends on the URL and on what it names in Vary.
          const parts = [
            vary.includes('lang') ? `lang ${lang}` : '',
            vary.includes('encoding') ? `encoding ${encoding}` : '',
          ];
          const body = JSON.stringify({ url: host + path, parts });
          const headers: Headers = { ...MINUTE, ...(vary === '' ? {} : { vary }) };
          const got = await exchange({ headers, body }, path, { host, lang, encoding });
          const answer = JSON.parse(got.body) as { url: string; parts: string[] };
          expect(answer.url).toBe(host + path);
          if (answer.parts[0] !== '') expect(answer.parts[0]).toBe(`lang ${lang}`);
          if (answer.parts[1] !== '') expect(answer.parts[1]).toBe(`encoding ${encoding}`);
        }
      }),
      { numRuns: 40 },
    );
  });
});
