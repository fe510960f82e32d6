/** The store: its bounds, its count of bytes, whom it lets go first, and that nobody gets another's response. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CacheStore,
  ENTRY_OVERHEAD_BYTES,
  type Entry,
  keyOf,
  type StoreBounds,
  type StoredResponse,
} from '../../../../src/policies/cache/store.js';
import { termsOf } from '../../../../src/policies/cache/terms.js';
import type { Headers } from '../../../../src/policies/service.js';

const BOUNDS: StoreBounds = { maxBytes: 1_000_000, maxEntries: 100, maxBodyBytes: 10_000, maxVariants: 4 };

/** As a purge does it. @returns how many there were. */
const removeBelow = (store: CacheStore, pathPrefix: string, host?: string): number =>
  store.below(pathPrefix, host).reduce((removed, { key }) => removed + store.removeUrl(key), 0);

const make = (bounds: Partial<StoreBounds> = {}) => {
  const evicted: string[] = [];
  const store = new CacheStore({ ...BOUNDS, ...bounds }, ({ url, response }) =>
    evicted.push(`${url.name}:${Buffer.from(response.body).toString()}`),
  );
  const put = (path: string, body = '', vary = '', asked: Headers = {}, host = 'a'): Entry | null =>
    store.put({ host, path }, asked, stored(body, vary));
  const get = (path: string, asked: Headers = {}, host = 'a'): Entry | undefined => {
    const url = store.find(keyOf(host, path));
    const entry = url?.variants.get(url.variantOf(asked));
    if (entry !== undefined) store.touch(entry);
    return entry;
  };
  const bodyOf = (path: string, asked: Headers = {}, host = 'a'): string | undefined => {
    const entry = get(path, asked, host);
    return entry && Buffer.from(entry.response.body).toString();
  };
  return { store, evicted, put, get, bodyOf };
};

const stored = (body: string, vary = ''): StoredResponse => {
  const headers = { 'cache-control': 'max-age=60', ...(vary === '' ? {} : { vary }) };
  const terms = termsOf(
    { requestHeaders: {}, statusCode: 200, headers, sentMs: 0, receivedMs: 0 },
    { defaultTtlMs: null, staleWhileRevalidateMs: 0, staleIfErrorMs: 0 },
  )!;
  return { statusCode: 200, headers: {}, body: Buffer.from(body), terms };
};

describe('the store', () => {
  it('lets go first what was used longest ago', () => {
    const { put, get, evicted } = make({ maxEntries: 3 });
    put('/1', 'a');
    put('/2', 'b');
    put('/3', 'c');
    get('/1');
    put('/4', 'd');
    put('/5', 'e');
    expect(evicted).toEqual(['a/2:b', 'a/3:c']);
  });

  it('counts what a response takes, key and fields included', () => {
    const { store, put } = make();
    const entry = store.put(
      { host: 'a', path: '/xy' },
      {},
      { ...stored('12345'), headers: { ab: 'cde', f: ['g', 'hi'] } },
    );
    // Key a/xy and its separator; ab + cde, f + g + hi, and four for each field's separators; five of body.
    expect(entry!.bytes).toBe(ENTRY_OVERHEAD_BYTES + 5 + (2 + 3 + 4) + (1 + 3 + 4) + 5);
    expect(store.bytes).toBe(entry!.bytes);
    put('/xy', '1');
    expect(store.bytes).toBe(ENTRY_OVERHEAD_BYTES + 5 + 1);
  });

  it('refuses what is larger than it may be, and the response that it replaces goes too', () => {
    const { store, put, bodyOf } = make({ maxBodyBytes: 3 });
    put('/', 'old');
    expect(put('/', 'long')).toBeNull();
    expect(bodyOf('/')).toBeUndefined();
    expect(store).toMatchObject({ bytes: 0, entries: 0 });
    expect(make({ maxBytes: 100 }).put('/', 'x')).toBeNull();
  });

  it('keeps a bounded number of variants, and lets go the one used longest ago', () => {
    const { put, bodyOf, evicted } = make({ maxVariants: 2 });
    put('/', 'one', 'lang', { lang: '1' });
    put('/', 'two', 'lang', { lang: '2' });
    bodyOf('/', { lang: '1' });
    put('/', 'three', 'lang', { lang: '3' });
    expect(evicted).toEqual(['a/:two']);
    expect(bodyOf('/', { lang: '1' })).toBe('one');
    expect(bodyOf('/', { lang: '3' })).toBe('three');
  });

  it('tells variants apart by every field that any of them varies on', () => {
    const { store, put, bodyOf } = make();
    put('/', 'plain', 'a', { a: '1' });
    put('/', 'other', 'b', { a: '1', b: '2' });
    expect(store.entries).toBe(1);
    expect(bodyOf('/', { a: '1', b: '2' })).toBe('other');
    expect(bodyOf('/', { a: '1', b: '3' })).toBeUndefined();
    put('/', 'third', '', { a: '9' });
    expect(bodyOf('/', { a: '9' })).toBe('third');
    expect(bodyOf('/', { a: '1', b: '2' })).toBe('other');
  });

  it.each<[string, Headers, Headers]>([
    ['no field and an empty one', {}, { a: '' }],
    ['a value and a part of it', { a: '1' }, { a: '1:' }],
    ['two values that run together', { a: '1', b: '-' }, { a: '11:-' }],
    ['a field that is not there', { a: '-' }, {}],
  ])('tells %s apart', (_title, one, other) => {
    const { put, bodyOf } = make();
    put('/', 'one', 'a, b', one);
    expect(bodyOf('/', one)).toBe('one');
    expect(bodyOf('/', other)).toBeUndefined();
  });

  it('takes no field of every object for a request’s', () => {
    const { put, bodyOf } = make();
    put('/', 'one', 'constructor', {});
    expect(bodyOf('/', Object.create(null))).toBe('one');
    expect(bodyOf('/', { constructor: 'x' } as unknown as Headers)).toBeUndefined();
  });

  it('removes one URL with all its variants, and what stands below a path', () => {
    const { store, put } = make();
    const fill = (): void => {
      put('/shop/1', 'x', 'a', { a: '1' });
      put('/shop/1', 'x', 'a', { a: '2' });
      put('/shop/2');
      put('/shopping');
      put('/shop/1', '', '', {}, 'ab');
    };
    fill();
    expect(store.removeUrl(keyOf('a', '/shop/1'))).toBe(2);
    expect(store.removeUrl(keyOf('a', '/shop/1'))).toBe(0);
    fill();
    expect(removeBelow(store, '/shop/', 'a')).toBe(3);
    expect(store.entries).toBe(2);
    fill();
    expect(removeBelow(store, '/shop/')).toBe(4);
    expect(removeBelow(store, '')).toBe(1);
    expect(store).toMatchObject({ bytes: 0, entries: 0 });
  });

  it('lends memory to bodies on their way, a quarter of what it has and at least one body', () => {
    const { store } = make({ maxBytes: 1000, maxBodyBytes: 100 });
    expect(store.reserve(250)).toBe(true);
    expect(store.reserve(1)).toBe(false);
    store.release(1);
    expect(store.reserve(1)).toBe(true);
    expect(make({ maxBytes: 1000, maxBodyBytes: 900 }).store.reserve(900)).toBe(true);
    expect(make({ maxBytes: 1000, maxBodyBytes: 5000 }).store.reserve(1001)).toBe(false);
  });
});

const VALUES = [undefined, '', 'x', 'y'];

const operation = fc.record({
  kind: fc.constantFrom('put', 'put', 'put', 'get', 'removeUrl', 'removeBelow'),
  path: fc.constantFrom('/1', '/2', '/2/3', '/4'),
  bodyBytes: fc.integer({ min: 0, max: 300 }),
  vary: fc.constantFrom('', 'a', 'b', 'a, b'),
  a: fc.constantFrom(...VALUES),
  b: fc.constantFrom(...VALUES),
});

describe('whatever happens to a store', () => {
  it('it stays within its bounds, and counts exactly', () => {
    const bounds = fc.record({
      maxBytes: fc.integer({ min: 0, max: 8000 }),
      maxEntries: fc.integer({ min: 0, max: 6 }),
      maxBodyBytes: fc.integer({ min: 0, max: 400 }),
      maxVariants: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(bounds, fc.array(operation, { maxLength: 60 }), (given, operations) => {
        const live = new Set<Entry>();
        const store = new CacheStore(given, (entry) => expect(entry.live).toBe(false));
        for (const { kind, path, bodyBytes, vary, a, b } of operations) {
          if (kind === 'put') {
            const entry = store.put({ host: 'h', path }, { a, b }, stored('.'.repeat(bodyBytes), vary));
            if (entry !== null) live.add(entry);
          } else if (kind === 'get') {
            for (const entry of store.find(keyOf('h', path))?.variants.values() ?? []) store.touch(entry);
          } else if (kind === 'removeUrl') store.removeUrl(keyOf('h', path));
          else removeBelow(store, path);
          for (const entry of live) if (!entry.live) live.delete(entry);
          const bytes = [...live].reduce((sum, entry) => sum + entry.bytes, 0);
          expect(store.bytes).toBe(bytes);
          expect(store.entries).toBe(live.size);
          expect(store.bytes).toBeLessThanOrEqual(given.maxBytes);
          expect(store.entries).toBeLessThanOrEqual(given.maxEntries);
          const found = store.find(keyOf('h', path))?.variants.size ?? 0;
          expect(found).toBeLessThanOrEqual(given.maxVariants);
        }
        // Whatever is left can be let go: the list holds exactly what the map does.
        expect(removeBelow(store, '')).toBe(live.size);
        expect(store).toMatchObject({ bytes: 0, entries: 0 });
      }),
    );
  });

  it('a request gets only what was stored for its URL by one with the same fields', () => {
    const names = ['a', 'b', 'a, b', 'b, a', ''];
    const request = fc.record({
      path: fc.constantFrom('/', '/1', '/11', '/1:x'),
      host: fc.constantFrom('h', 'h1'),
      a: fc.constantFrom(undefined, '', '-', '1', '1:1', '11'),
      b: fc.constantFrom(undefined, '', '-', '1', '1:1', '11'),
      vary: fc.constantFrom(...names),
    });
    fc.assert(
      fc.property(fc.array(request, { minLength: 2, maxLength: 30 }), (requests) => {
        const store = new CacheStore(BOUNDS, () => {});
        for (const [index, { path, host, a, b, vary }] of requests.entries()) {
          const asked: Headers = { a, b };
          const url = store.find(keyOf(host, path));
          const found = url?.variants.get(url.variantOf(asked));
          if (found !== undefined) {
            const by = requests[Number(Buffer.from(found.response.body).toString())]!;
            expect([by.host, by.path]).toEqual([host, path]);
            for (const name of found.response.terms.vary) {
              expect(by[name as 'a' | 'b']).toBe(asked[name]);
            }
          }
          store.put({ host, path }, asked, stored(String(index), vary));
        }
      }),
    );
  });
});
