/**
 * `Retry-After` (RFC 9110 section 10.2.3): how long an upstream asks to be left alone, in seconds or until a date.
 * Whoever retries waits at least that long, spread over half as much again, as Envoy's rate-limited back-off does: or
 * all who were told the same moment would come back in it.
 */
import type { Random } from '../core/random.js';
import type { Headers } from './service.js';

export interface RetryAfterOptions {
  /** Asked to wait longer than this, the gateway does not retry at all. */
  readonly maxMs: number;
}

/** Envoy's bound on such waits (`max_interval`); a request's deadline mostly is nearer. */
export const RETRY_AFTER_DEFAULTS: RetryAfterOptions = { maxMs: 300_000 };

/** The share of the asked wait over which the retries are spread. */
const SPREAD = 0.5;

const MONTHS = 'Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec';
const DAYS = 'Mon|Tue|Wed|Thu|Fri|Sat|Sun';
const LONG_DAYS = 'Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday';
const TIME = '(?<hour>\\d{2}):(?<minute>\\d{2}):(?<second>\\d{2})';

/** The three forms of a date that a recipient must take (RFC 9110 section 5.6.7). */
const DATE_FORMS: readonly RegExp[] = [
  // Sun, 06 Nov 1994 08:49:37 GMT
  new RegExp(`^(?:${DAYS}), (?<day>\\d{2}) (?<month>${MONTHS}) (?<year>\\d{4}) ${TIME} GMT$`),
  // Sunday, 06-Nov-94 08:49:37 GMT
  new RegExp(`^(?:${LONG_DAYS}), (?<day>\\d{2})-(?<month>${MONTHS})-(?<year>\\d{2}) ${TIME} GMT$`),
  // Sun Nov  6 08:49:37 1994
  new RegExp(`^(?:${DAYS}) (?<month>${MONTHS}) (?<day>\\d{2}| \\d) ${TIME} (?<year>\\d{4})$`),
];

const MONTH_NAMES = MONTHS.split('|');

/** Two digits of a year that seem to be more than 50 years ahead are of the past century. */
const YEARS_AHEAD = 50;

const fullYear = (digits: string, nowMs: number): number => {
  const year = Number(digits);
  if (digits.length === 4) return year;
  const thisYear = new Date(nowMs).getUTCFullYear();
  const inThisCentury = thisYear - (thisYear % 100) + year;
  return inThisCentury > thisYear + YEARS_AHEAD ? inThisCentury - 100 : inThisCentury;
};

/** A date that HTTP knows, in milliseconds since the Unix epoch; `null` when it is none. */
export const parseHttpDateMs = (text: string, nowMs: number): number | null => {
  for (const form of DATE_FORMS) {
    const parts = form.exec(text)?.groups;
    if (parts === undefined) continue;
    const [day, hour, minute, second] = [parts.day, parts.hour, parts.minute, parts.second].map(Number);
    // 60 is a leap second.
    if (hour! > 23 || minute! > 59 || second! > 60) return null;
    const month = MONTH_NAMES.indexOf(parts.month!);
    const date = new Date(0);
    // Not `Date.UTC`, which takes the years 0 to 99 for 1900 to 1999.
    date.setUTCFullYear(fullYear(parts.year!, nowMs), month, day!);
    // 30 February would have become a day in March.
    if (date.getUTCDate() !== day) return null;
    return date.setUTCHours(hour!, minute!, second!);
  }
  return null;
};

/**
 * @param nowMs milliseconds since the Unix epoch.
 * @returns milliseconds from now, 0 for a date that has passed; `null` when the value is neither seconds nor a date.
 */
export const parseRetryAfterMs = (value: string, nowMs: number): number | null => {
  const text = value.trim();
  // More digits than a number holds are Infinity, which is above every bound.
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const dateMs = parseHttpDateMs(text, nowMs);
  return dateMs === null ? null : Math.max(0, dateMs - nowMs);
};

/** What a response asks for; `null` when it asks for nothing, or for nothing that can be read. */
export const retryAfterMs = (headers: Headers, nowMs: number): number | null => {
  const value = headers['retry-after'];
  if (value === undefined) return null;
  return parseRetryAfterMs(typeof value === 'string' ? value : (value[0] ?? ''), nowMs);
};

/** The wait of one retry that was asked to wait `askedMs`: uniform in [askedMs, 1.5 · askedMs). */
export const spreadRetryAfterMs = (askedMs: number, random: Random): number =>
  askedMs * (1 + SPREAD * random.next());
