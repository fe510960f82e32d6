/** `Cache-Control`: names in any case, quoted texts with commas in them, and broken fields read strictly. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CacheControl,
  NO_CONTROL,
  parseCacheControl,
} from '../../../../src/policies/cache/cache-control.js';
import { httpDateMs } from '../../../../src/policies/cache/http-date.js';

describe('a Cache-Control field', () => {
  it.each<[string | string[], Partial<CacheControl>]>([
    ['max-age=60', { maxAgeMs: 60_000 }],
    ['MAX-AGE=60, No-Store', { maxAgeMs: 60_000, noStore: true }],
    ['max-age="60"', { maxAgeMs: 60_000 }],
    [' max-age = 60 ,public', { maxAgeMs: 60_000, public: true }],
    ['s-maxage=1,proxy-revalidate', { sMaxAgeMs: 1000, proxyRevalidate: true }],
    ['max-stale', { maxStaleMs: Number.POSITIVE_INFINITY }],
    ['max-stale=5', { maxStaleMs: 5000 }],
    ['min-fresh=5, only-if-cached', { minFreshMs: 5000, onlyIfCached: true }],
    ['stale-while-revalidate=5, stale-if-error=9', { staleWhileRevalidateMs: 5000, staleIfErrorMs: 9000 }],
    ['must-understand, no-store', { mustUnderstand: true, noStore: true }],
    [['private', 'max-age=60'], { private: true, maxAgeMs: 60_000 }],
    ['max-age=99999999999', { maxAgeMs: (2 ** 31 - 1) * 1000 }],
    ['unheard-of, x="y, no-store"', {}],
  ])('%s', (field, expected) => {
    expect(parseCacheControl(field)).toEqual({ ...NO_CONTROL, ...expected });
  });

  it.each<[string, string, Partial<CacheControl>]>([
    ['the smaller of two ages counts', 'max-age=60, max-age=10', { maxAgeMs: 10_000 }],
    ['an age that is no number is over', 'max-age=soon', { maxAgeMs: 0 }],
    ['a negative age is over', 'max-age=-1', { maxAgeMs: 0 }],
    ['an age without a value is over', 'max-age', { maxAgeMs: 0 }],
    ['a quote that never closes hides nothing', 'x="y, no-store', { noStore: true }],
    [
      'fields are named in a quoted list',
      'private="Set-Cookie, x-user"',
      { fields: ['set-cookie', 'x-user'] },
    ],
    ['fields of both are taken together', 'no-cache="a", private=b', { fields: ['a', 'b'] }],
    ['an empty list of fields means all', 'no-cache=""', { noCache: true }],
    ['a permission with a value is none', 'public=yes', {}],
    ['a prohibition with a value still is one', 'no-store=please', { noStore: true }],
  ])('%s', (_title, field, expected) => {
    expect(parseCacheControl(field)).toEqual({ ...NO_CONTROL, ...expected });
  });

  it('finds what stands by itself among anything well formed, and nothing in quotes', () => {
    const token = fc.stringMatching(/^x[a-z-]{0,8}$/);
    const quoted = fc
      .string({ unit: fc.constantFrom(',', '=', ' ', 'no-store', 'private'), maxLength: 6 })
      .map((text) => `"${text}"`);
    const directive = fc.oneof(
      token,
      fc.tuple(token, quoted).map(([name, value]) => `${name}=${value}`),
    );
    fc.assert(
      fc.property(fc.array(directive), fc.array(directive), (before, after) => {
        expect(parseCacheControl([...before, 'no-store', ...after].join(', ')).noStore).toBe(true);
        expect(parseCacheControl([...before, ...after].join(','))).toEqual(NO_CONTROL);
      }),
    );
  });

  it('is read whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(',', '=', '"', '\\', ' ', 'max-age', '1') }), (text) => {
        expect(parseCacheControl(text).maxAgeMs ?? 0).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe('a date', () => {
  it.each([
    ['Sun, 06 Nov 1994 08:49:37 GMT', 784_111_777_000],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 784_111_777_000],
    ['Sun Nov  6 08:49:37 1994', 784_111_777_000],
    ['0', Number.NaN],
    ['-1', Number.NaN],
    ['1994-11-06', Number.NaN],
    ['Sun, 06 Nov 1994 08:49:37 PST', Number.NaN],
  ])('%s', (text, expected) => {
    expect(httpDateMs(text)).toBe(expected);
  });

  it('that came twice is none', () => {
    const date = 'Sun, 06 Nov 1994 08:49:37 GMT';
    expect(httpDateMs([date, date])).toBeNaN();
  });
});
