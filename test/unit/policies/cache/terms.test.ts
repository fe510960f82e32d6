/** What may be stored, for how long it is fresh, how old it is, and when it may be used: RFC 9111 by the header field. */
import { describe, expect, it } from 'vitest';
import { NO_CONTROL, parseCacheControl } from '../../../../src/policies/cache/cache-control.js';
import {
  ageMs,
  ERROR_MEMORY_MS,
  type FreshnessOptions,
  isFresh,
  mayServeOnError,
  type Reuse,
  reuseOf,
  type Terms,
  termsOf,
  varyFields,
} from '../../../../src/policies/cache/terms.js';
import type { Headers } from '../../../../src/policies/service.js';
import { httpDate, START_MS } from './upstream.js';

const OFF: FreshnessOptions = { defaultTtlMs: null, staleWhileRevalidateMs: 0, staleIfErrorMs: 0 };

const received = (headers: Headers, statusCode = 200, requestHeaders: Headers = {}, sentMs = START_MS) => ({
  requestHeaders,
  statusCode,
  headers,
  sentMs,
  receivedMs: START_MS,
});

const terms = (headers: Headers, statusCode = 200, options = OFF): Terms | null =>
  termsOf(received(headers, statusCode), options);

const HOUR = { 'cache-control': 'max-age=3600' };

describe('what may be stored', () => {
  it.each<[string, boolean, Headers, number?, Headers?]>([
    ['an answer that says how long', true, HOUR],
    ['one that says nothing', false, {}],
    ['no-store', false, { 'cache-control': 'max-age=60, no-store' }],
    ['No-Store', false, { 'cache-control': 'max-age=60, No-Store' }],
    ['private', false, { 'cache-control': 'private, max-age=60' }],
    ['Private', false, { 'cache-control': 'Private, max-age=60' }],
    ['private for one field', true, { 'cache-control': 'private="x-user", max-age=60' }],
    [
      'no-store that is for those who do not understand',
      true,
      { 'cache-control': 'no-store, must-understand, max-age=9' },
    ],
    ['Vary: *', false, { ...HOUR, vary: '*' }],
    ['Vary with * among others', false, { ...HOUR, vary: 'accept, *' }],
    ['Vary: * with a space', false, { ...HOUR, vary: ' * ' }],
    ['Vary on more than may be', false, { ...HOUR, vary: 'a,b,c,d,e,f,g,h,i' }],
    ['a cookie', false, { ...HOUR, 'set-cookie': ['a=b'] }],
    ['a cookie for the public', true, { 'cache-control': 'public, max-age=60', 'set-cookie': ['a=b'] }],
    [
      'immutable does not make a cookie public',
      false,
      { 'cache-control': 'immutable, max-age=60', 'set-cookie': 'a' },
    ],
    ['the answer to credentials', false, HOUR, 200, { authorization: 'x' }],
    ['the same, public', true, { 'cache-control': 'public, max-age=60' }, 200, { authorization: 'x' }],
    ['the same, for shared caches', true, { 'cache-control': 's-maxage=60' }, 200, { authorization: 'x' }],
    [
      'the same, to be validated',
      true,
      { 'cache-control': 'must-revalidate, max-age=9' },
      200,
      { authorization: 'x' },
    ],
    ['a part', false, HOUR, 206],
    ['a 304', false, HOUR, 304],
    ['a 404', true, HOUR, 404],
    ['a 302 that says how long', true, HOUR, 302],
    ['a 302 that was once modified', false, { 'last-modified': httpDate(0) }, 302],
    ['a 301 that was once modified', true, { 'last-modified': httpDate(0) }, 301],
    ['an error of the server', false, HOUR, 500],
    ['too many requests', false, HOUR, 429],
    ['over at once, with a tag', true, { 'cache-control': 'max-age=0', etag: '"a"' }],
    ['over at once, without one', false, { 'cache-control': 'max-age=0' }],
    [
      'over at once, but good while a new one is fetched',
      true,
      { 'cache-control': 'max-age=0, stale-while-revalidate=9' },
    ],
    ['no-cache with a tag', true, { 'cache-control': 'no-cache', etag: '"a"' }],
    ['a tag alone', false, { etag: '"a"' }],
    ['a change that is yet to come', false, { 'last-modified': httpDate(START_MS + 1000) }],
  ])('%s: %s', (_title, expected, headers, statusCode = 200, requestHeaders = {}) => {
    expect(termsOf(received(headers, statusCode, requestHeaders), OFF) !== null).toBe(expected);
  });
});

describe('the lifetime', () => {
  const DATE = { date: httpDate(START_MS) };
  it.each<[string, Headers, number]>([
    ['max-age', { 'cache-control': 'max-age=60' }, 60],
    ['s-maxage before max-age', { 'cache-control': 'max-age=60, s-maxage=10' }, 10],
    ['s-maxage before max-age, whichever is longer', { 'cache-control': 'max-age=10, s-maxage=60' }, 60],
    [
      'max-age before Expires',
      { ...DATE, 'cache-control': 'max-age=60', expires: httpDate(START_MS + 9000) },
      60,
    ],
    [
      'Expires, counted from Date',
      { date: httpDate(START_MS - 5000), expires: httpDate(START_MS + 5000) },
      10,
    ],
    ['Expires, counted from when it came', { expires: httpDate(START_MS + 5000) }, 5],
    ['Expires in the past, with a tag', { ...DATE, expires: httpDate(0), etag: '"a"' }, 0],
    ['Expires: 0, with a tag', { ...DATE, expires: '0', etag: '"a"' }, 0],
    ['two Expires, with a tag', { expires: [httpDate(START_MS + 9000), httpDate(START_MS)], etag: '"a"' }, 0],
    [
      'a tenth of the time since the last change',
      { ...DATE, 'last-modified': httpDate(START_MS - 100_000) },
      10,
    ],
    ['no more than a day by that', { ...DATE, 'last-modified': httpDate(0) }, 86_400],
    ['no-cache: none', { 'cache-control': 'no-cache, max-age=60', etag: '"a"' }, 0],
    ['must-revalidate keeps it', { 'cache-control': 'max-age=60, must-revalidate' }, 60],
    ['proxy-revalidate keeps it', { 'cache-control': 'max-age=60, proxy-revalidate' }, 60],
    ['an age that is no number: none', { 'cache-control': 'max-age=x', etag: '"a"' }, 0],
  ])('by %s', (_title, headers, seconds) => {
    expect(terms(headers)?.lifetimeMs).toBe(seconds * 1000);
  });

  it.each<[string, Headers, number, number | undefined]>([
    ['what says nothing', {}, 200, 30_000],
    ['what was once modified', { 'last-modified': httpDate(0) }, 200, 30_000],
    ['what says it itself', HOUR, 200, 3_600_000],
    ['what is missing', {}, 404, undefined],
    ['a redirection for now', {}, 302, undefined],
    ['what may not be stored', { 'cache-control': 'no-store' }, 200, undefined],
    ['what sets a cookie', { 'set-cookie': 'a=b' }, 200, undefined],
  ])('given by the operator: %s', (_title, headers, statusCode, expected) => {
    expect(terms(headers, statusCode, { ...OFF, defaultTtlMs: 30_000 })?.lifetimeMs).toBe(expected);
  });
});

describe('the age of a response', () => {
  it.each<[string, Headers, number, number]>([
    ['is nothing at first', {}, 0, 0],
    ['is what caches before it say', { age: '7' }, 0, 7000],
    ['is what its date says, if that is more', { age: '7', date: httpDate(START_MS - 9000) }, 0, 9000],
    ['is not less than nothing, by a clock that is ahead', { date: httpDate(START_MS + 9000) }, 0, 0],
    ['counts the time on its way here', { age: '7' }, 1500, 8500],
    ['is not what is no number', { age: 'old' }, 0, 0],
    ['is the first of several', { age: ['3', '9'] }, 0, 3000],
  ])('%s', (_title, headers, delayMs, expected) => {
    const response = { ...HOUR, ...headers };
    const result = termsOf(received(response, 200, {}, START_MS - delayMs), OFF);
    expect(ageMs(result!, START_MS)).toBe(expected);
    expect(ageMs(result!, START_MS + 2000)).toBe(expected + 2000);
  });
});

describe('the use of a stored response', () => {
  const MINUTE = { 'cache-control': 'max-age=60', etag: '"a"' };
  const CASES: readonly (readonly [string, Headers, string | undefined, number, Reuse])[] = [
    ['young', MINUTE, undefined, 59, 'fresh'],
    ['at the end of its life', MINUTE, undefined, 60, 'forward'],
    [
      'young, to be validated once it is stale',
      { 'cache-control': 'max-age=60, must-revalidate' },
      undefined,
      59,
      'fresh',
    ],
    ['young, not wanted unvalidated', MINUTE, 'no-cache', 1, 'forward'],
    ['older than the client wants', MINUTE, 'max-age=10', 11, 'forward'],
    ['as old as the client wants', MINUTE, 'max-age=10', 10, 'fresh'],
    ['too near its end for the client', MINUTE, 'min-fresh=10', 51, 'forward'],
    ['not too near its end for the client', MINUTE, 'min-fresh=10', 50, 'fresh'],
    ['stale, and the client does not mind', MINUTE, 'max-stale', 999, 'max-stale'],
    ['as stale as the client does not mind', MINUTE, 'max-stale=10', 70, 'max-stale'],
    ['staler than that', MINUTE, 'max-stale=10', 71, 'forward'],
    [
      'stale, and must be validated',
      { 'cache-control': 'max-age=60, must-revalidate' },
      'max-stale',
      61,
      'forward',
    ],
    ['stale for shared caches', { 'cache-control': 's-maxage=60' }, 'max-stale', 61, 'forward'],
    ['never to be used as it is', { 'cache-control': 'no-cache', etag: '"a"' }, 'max-stale', 0, 'forward'],
    [
      'in its window',
      { 'cache-control': 'max-age=60, stale-while-revalidate=5' },
      undefined,
      64,
      'revalidating',
    ],
    [
      'in its window, unwanted',
      { 'cache-control': 'max-age=60, stale-while-revalidate=5' },
      'max-age=9',
      64,
      'forward',
    ],
    [
      'past its window',
      { 'cache-control': 'max-age=60, stale-while-revalidate=5' },
      undefined,
      65,
      'forward',
    ],
    [
      'in its window beside s-maxage',
      { 'cache-control': 's-maxage=60, stale-while-revalidate=5' },
      undefined,
      64,
      'revalidating',
    ],
    [
      'in its window, to be validated',
      { 'cache-control': 'max-age=60, stale-while-revalidate=5, must-revalidate' },
      undefined,
      64,
      'forward',
    ],
  ];

  it.each(CASES)('%s', (_title, headers, asked, ageSeconds, expected) => {
    const control = asked === undefined ? NO_CONTROL : parseCacheControl(asked);
    const nowMs = START_MS + ageSeconds * 1000;
    expect(reuseOf(terms(headers)!, control, Number.NEGATIVE_INFINITY, nowMs)).toBe(expected);
  });

  it('after a failure goes on for a moment without asking, within its window', () => {
    const stored = terms({ 'cache-control': 'max-age=60, stale-if-error=10' })!;
    const failedMs = START_MS + 61_000;
    const at = (nowMs: number): Reuse => reuseOf(stored, NO_CONTROL, failedMs, nowMs);
    expect(at(failedMs)).toBe('error');
    expect(at(failedMs + ERROR_MEMORY_MS - 1)).toBe('error');
    expect(at(failedMs + ERROR_MEMORY_MS)).toBe('forward');
    expect(reuseOf(stored, NO_CONTROL, START_MS + 70_000, START_MS + 70_000)).toBe('forward');
  });

  const WINDOWS = { ...OFF, staleWhileRevalidateMs: 10_000, staleIfErrorMs: 20_000 };
  it.each<[string, Headers, number, number]>([
    ['prolong what has a life', MINUTE, 10_000, 20_000],
    [
      'yield to what the response says',
      { 'cache-control': 'max-age=60, stale-while-revalidate=1, stale-if-error=0' },
      1000,
      0,
    ],
    ['give no life to what has none', { 'cache-control': 'max-age=0', etag: '"a"' }, 0, 0],
    ['yield to s-maxage', { 'cache-control': 's-maxage=60' }, 0, 0],
    ['yield to must-revalidate', { 'cache-control': 'max-age=60, must-revalidate' }, 0, 0],
    ['yield to proxy-revalidate', { 'cache-control': 'max-age=60, proxy-revalidate' }, 0, 0],
  ])('the operator’s windows %s', (_title, headers, whileMs, errorMs) => {
    expect(terms(headers, 200, WINDOWS)).toMatchObject({
      staleWhileRevalidateMs: whileMs,
      staleIfErrorMs: errorMs,
    });
  });

  it('on an error ends with its window', () => {
    const stored = terms({ 'cache-control': 'max-age=60, stale-if-error=10' })!;
    expect(mayServeOnError(stored, START_MS + 69_999)).toBe(true);
    expect(mayServeOnError(stored, START_MS + 70_000)).toBe(false);
    expect(isFresh(stored, START_MS + 60_000)).toBe(false);
  });
});

describe('Vary', () => {
  it.each<[string | string[] | undefined, readonly string[] | null]>([
    [undefined, []],
    ['Accept-Encoding', ['accept-encoding']],
    [' b , A,,b', ['a', 'b']],
    [
      ['b', 'a'],
      ['a', 'b'],
    ],
    ['a, *', null],
  ])('%o', (field, expected) => {
    expect(varyFields(field)).toEqual(expected);
  });
});
