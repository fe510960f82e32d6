/** `Retry-After`: seconds, the three forms of a date, what is none of these, and the wait that comes of it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import {
  parseHttpDateMs,
  parseRetryAfterMs,
  retryAfterMs,
  spreadRetryAfterMs,
} from '../../../src/policies/retry-after.js';

/** The moment of the examples in RFC 9110 section 5.6.7. */
const EXAMPLE_MS = Date.UTC(1994, 10, 6, 8, 49, 37);
const IN_2026_MS = Date.UTC(2026, 0, 1);

describe('Retry-After', () => {
  it.each([
    ['120', 120_000],
    ['0', 0],
    [' 7 ', 7_000],
    ['007', 7_000],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 90_000],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 90_000],
    ['Sun Nov  6 08:49:37 1994', 90_000],
    ['Sun, 06 Nov 1994 08:48:07 GMT', 0],
    ['Sat, 05 Nov 1994 08:49:37 GMT', 0],
    ['Sun, 06 Nov 1994 08:48:60 GMT', 53_000],
  ])('of %j at 08:48:07 is %d ms from now', (value, expected) => {
    expect(parseRetryAfterMs(value, EXAMPLE_MS - 90_000)).toBe(expected);
  });

  it.each([
    '',
    'soon',
    '-1',
    '+1',
    '1.5',
    '1e3',
    '0x10',
    '1 2',
    'Infinity',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Nov 1994 08:49:37 CET',
    'Sun, 6 Nov 1994 08:49:37 GMT',
    'sun, 06 nov 1994 08:49:37 gmt',
    'Sun, 06 Nov 94 08:49:37 GMT',
    'Sun, 00 Nov 1994 08:49:37 GMT',
    'Wed, 30 Feb 1994 08:49:37 GMT',
    'Thu, 29 Feb 2023 08:49:37 GMT',
    'Sun, 06 Nov 1994 24:00:00 GMT',
    'Sun, 06 Nov 1994 08:60:00 GMT',
    'Sun, 06 Nov 1994 08:49:61 GMT',
    'Sunday, 06 Nov 1994 08:49:37 GMT',
    'Sun Nov 6 08:49:37 1994',
    '1994-11-06T08:49:37Z',
  ])('of %j says nothing', (value) => {
    expect(parseRetryAfterMs(value, EXAMPLE_MS)).toBeNull();
  });

  it('of more digits than a number holds is longer than any bound', () => {
    expect(parseRetryAfterMs('9'.repeat(400), 0)).toBe(Infinity);
  });

  it('is never negative and never NaN, whatever it is', () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789:, -') });
    const nearDate = fc
      .tuple(fc.constantFrom('Sun, ', 'Sunday, ', 'Sun '), digits, fc.constantFrom('Nov', 'Feb', ''), digits)
      .map((parts) => `${parts.join('')} GMT`);
    fc.assert(
      fc.property(fc.oneof(fc.string(), digits, nearDate), fc.nat(2 ** 42), (value, nowMs) => {
        const waitMs = parseRetryAfterMs(value, nowMs);
        if (waitMs !== null) expect(waitMs).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe('a date', () => {
  it('is read as it is written, in all three forms', () => {
    const date = fc.date({ min: new Date('1971-01-01'), max: new Date('2069-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(date, (moment) => {
        const wholeMs = Math.floor(moment.getTime() / 1000) * 1000;
        const [day, dd, month, year, time] = new Date(wholeMs).toUTCString().split(/,? /);
        const long = {
          Mon: 'day',
          Tue: 'sday',
          Wed: 'nesday',
          Thu: 'rsday',
          Fri: 'day',
          Sat: 'urday',
          Sun: 'day',
        };
        const longDay = day + long[day as keyof typeof long];
        const forms = [
          `${day}, ${dd} ${month} ${year} ${time} GMT`,
          `${longDay}, ${dd}-${month}-${year!.slice(2)} ${time} GMT`,
          `${day} ${month} ${dd!.replace(/^0/, ' ')} ${time} ${year}`,
        ];
        for (const form of forms) expect(parseHttpDateMs(form, Date.UTC(2020, 0, 1)), form).toBe(wholeMs);
      }),
    );
  });

  it.each([
    ['26', 2026],
    ['76', 2076],
    ['77', 1977],
    ['94', 1994],
    ['00', 2000],
  ])('with the year %s is of %i, seen in 2026: never more than 50 years ahead', (digits, year) => {
    const parsedMs = parseHttpDateMs(`Sunday, 06-Nov-${digits} 08:49:37 GMT`, IN_2026_MS);
    expect(new Date(parsedMs!).getUTCFullYear()).toBe(year);
  });
});

describe('a response', () => {
  it.each<[Record<string, string | string[]>, number | null]>([
    [{}, null],
    [{ 'retry-after': '3' }, 3_000],
    [{ 'retry-after': ['3', '9'] }, 3_000],
    [{ 'retry-after': [] }, null],
    [{ 'retry-after': 'later' }, null],
  ])('with the fields %j asks for %s ms', (headers, expected) => {
    expect(retryAfterMs(headers, 0)).toBe(expected);
  });
});

describe('the wait', () => {
  it('is at least what was asked for, and less than half as much more', () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 1e9, noNaN: true }), fc.integer(), (askedMs, seed) => {
        const waitMs = spreadRetryAfterMs(askedMs, new Random(seed));
        expect(waitMs).toBeGreaterThanOrEqual(askedMs);
        expect(waitMs).toBeLessThan(1.5 * askedMs);
      }),
    );
  });

  it('spreads those who were told the same moment', () => {
    const random = new Random(1);
    const waits = Array.from({ length: 1_000 }, () => spreadRetryAfterMs(1_000, random));
    for (const from of [1_000, 1_125, 1_250, 1_375]) {
      const share = waits.filter((ms) => ms >= from && ms < from + 125).length / waits.length;
      expect(share).toBeGreaterThan(0.2);
    }
  });
});
