/**
 * What may be stored, and how long and on which terms it may be used again: the rules of a shared cache (RFC 9111
 * sections 3, 4 and 5, RFC 5861), as functions of header fields and times.
 *
 * They are written out because no library held up. http-cache-semantics 4.3.0 stores what says `No-Store` or `Private`
 * in capitals, validates fresh answers that say `must-revalidate`, leaves `Date` out of the age and drops fields that a
 * 304 adds; undici 7.30's interceptor reads the wall clock, stands below a balancer instead of above it, and gives
 * nothing stale when a connection fails.
 */
import type { Headers } from '../service.js';
import { type CacheControl, parseCacheControl } from './cache-control.js';
import { httpDateMs } from './http-date.js';

/** Freshness that the operator gives where a response says nothing: RFC 9111 section 4.2.4's out-of-band contract. */
export interface FreshnessOptions {
  /**
   * Lifetime of a good answer that carries no freshness at all. Default `null`, none: what says nothing is often made
   * for one client alone.
   */
  readonly defaultTtlMs: number | null;
  /**
   * How long after its end of life an answer is still given while a new one is fetched behind it. Default 10 s: nobody
   * waits for what is asked for all the time. A response's own `stale-while-revalidate` counts instead.
   */
  readonly staleWhileRevalidateMs: number;
  /**
   * How long after its end of life an answer is still given when the upstream fails. Default 60 s: longer than a restart
   * or a rollback takes. A response's own `stale-if-error` counts instead.
   */
  readonly staleIfErrorMs: number;
}

/** A response as it came, with the times that its age is made of. */
export interface Received {
  readonly requestHeaders: Headers;
  readonly statusCode: number;
  readonly headers: Headers;
  readonly sentMs: number;
  readonly receivedMs: number;
}

/** The terms on which a stored response may be used. */
export interface Terms {
  readonly receivedMs: number;
  /** Its age when it came (RFC 9111 section 4.2.3). */
  readonly initialAgeMs: number;
  /** 0: it is never used without being validated. */
  readonly lifetimeMs: number;
  /** Whether a request's `max-stale` counts. */
  readonly allowsMaxStale: boolean;
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  /** Request fields that the response depends on, in lower case and in order. */
  readonly vary: readonly string[];
}

/** Status codes that may be kept without being told to (RFC 9110 section 15.1); 206 is not kept at all. */
const HEURISTIC = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]);
/** Those whose meaning is known here. An error of the server is none: it would outlive its cause. */
const UNDERSTOOD = new Set([...HEURISTIC, 302, 303, 307]);

/** Share of the time since the last change for which an answer is taken to be unchanged (RFC 9111 section 4.2.2). */
const HEURISTIC_RATIO = 0.1;
/** A guess goes no further than a day: from there on RFC 7234 wanted clients to be warned. */
const HEURISTIC_MAX_MS = 24 * 60 * 60 * 1000;

/** Responses that vary on more than this are not stored: they hardly ever match again. */
export const MAX_VARY_FIELDS = 8;

/** @returns `null` when nothing can match: it depends on more than the request, or on too much of it. */
export const varyFields = (field: string | string[] | undefined): readonly string[] | null => {
  if (field === undefined) return [];
  const names = String(field)
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.includes('*')) return null;
  const fields = [...new Set(names)].sort();
  return fields.length > MAX_VARY_FIELDS ? null : fields;
};

const saysHowLong = (control: CacheControl, headers: Headers): boolean =>
  control.sMaxAgeMs !== null || control.maxAgeMs !== null || headers.expires !== undefined;

const mayStore = ({ requestHeaders, statusCode, headers }: Received, control: CacheControl): boolean => {
  if (control.private || (control.noStore && !control.mustUnderstand)) return false;
  // Allowed by the RFC, and a leak of sessions in practice: only what calls itself public is given to others.
  if (headers['set-cookie'] !== undefined && !control.public) return false;
  // RFC 9111 section 3.5.
  if (requestHeaders.authorization !== undefined) {
    if (!control.public && !control.mustRevalidate && control.sMaxAgeMs === null) return false;
  }
  return HEURISTIC.has(statusCode) || control.public || saysHowLong(control, headers);
};

const lifetimeMs = (received: Received, control: CacheControl, defaultTtlMs: number | null): number => {
  const { statusCode, headers, receivedMs } = received;
  if (control.noCache) return 0;
  if (control.sMaxAgeMs !== null) return control.sMaxAgeMs;
  if (control.maxAgeMs !== null) return control.maxAgeMs;
  const dateMs = httpDateMs(headers.date) || receivedMs;
  // A date that is none is in the past (RFC 9111 section 5.3).
  if (headers.expires !== undefined) return Math.max(0, httpDateMs(headers.expires) - dateMs || 0);
  if (!HEURISTIC.has(statusCode) && !control.public) return 0;
  if (defaultTtlMs !== null && statusCode < 400) return defaultTtlMs;
  const unchangedMs = dateMs - httpDateMs(headers['last-modified']);
  return unchangedMs > 0 ? Math.min(unchangedMs * HEURISTIC_RATIO, HEURISTIC_MAX_MS) : 0;
};

const DIGITS = /^\s*(\d+)/;

/** RFC 9111 section 4.2.3. `Date` has whole seconds, so the age by it is in whole seconds too. */
const initialAgeMs = ({ headers, sentMs, receivedMs }: Received): number => {
  const seconds = Number(DIGITS.exec(String(headers.age ?? ''))?.[1] ?? 0);
  const toldMs = seconds * 1000 + (receivedMs - sentMs);
  const dateMs = httpDateMs(headers.date);
  const apparentMs = Number.isNaN(dateMs) ? 0 : Math.floor(receivedMs / 1000) * 1000 - dateMs;
  return Math.max(0, toldMs, apparentMs);
};

/** Whether the upstream can be asked if it is still so (RFC 9111 section 4.3.1). */
export const isValidatable = (headers: Headers): boolean =>
  headers.etag !== undefined || headers['last-modified'] !== undefined;

/** @returns `null`: it must not be stored, or nothing would come of it. */
export const termsOf = (received: Received, options: FreshnessOptions): Terms | null => {
  const { statusCode, headers } = received;
  if (!UNDERSTOOD.has(statusCode)) return null;
  const told = headers['cache-control'] !== undefined || headers.expires !== undefined;
  // Most of what is not cacheable ends here, unread.
  if (!told && headers['last-modified'] === undefined && options.defaultTtlMs === null) return null;
  const control = parseCacheControl(headers['cache-control']);
  const vary = varyFields(headers.vary);
  if (vary === null || !mayStore(received, control)) return null;

  const mustValidate = control.noCache || control.mustRevalidate || control.proxyRevalidate;
  const lifetime = lifetimeMs(received, control, options.defaultTtlMs);
  // The operator's windows prolong a life. They give none to what has none, and yield to `s-maxage`, which forbids
  // stale answers (RFC 9111 section 5.2.2.10) unless the response itself allows them beside it.
  const prolonged = lifetime > 0 && control.sMaxAgeMs === null;
  const windowMs = (own: number | null, byOptions: number): number =>
    mustValidate ? 0 : (own ?? (prolonged ? byOptions : 0));
  const terms: Terms = {
    receivedMs: received.receivedMs,
    initialAgeMs: initialAgeMs(received),
    lifetimeMs: lifetime,
    allowsMaxStale: !mustValidate && control.sMaxAgeMs === null,
    staleWhileRevalidateMs: windowMs(control.staleWhileRevalidateMs, options.staleWhileRevalidateMs),
    staleIfErrorMs: windowMs(control.staleIfErrorMs, options.staleIfErrorMs),
    vary,
  };
  const usableMs = lifetime + Math.max(terms.staleWhileRevalidateMs, terms.staleIfErrorMs);
  return usableMs > terms.initialAgeMs || (told && isValidatable(headers)) ? terms : null;
};

export const ageMs = (terms: Terms, nowMs: number): number =>
  terms.initialAgeMs + Math.max(0, nowMs - terms.receivedMs);

/** What is left of its life; negative once it is stale. */
export const ttlMs = (terms: Terms, nowMs: number): number => terms.lifetimeMs - ageMs(terms, nowMs);

export const isFresh = (terms: Terms, nowMs: number): boolean => ttlMs(terms, nowMs) > 0;

/**
 * Its life ends now, and what may be done with it after that begins. It ages, rather than having been given less time: caches
 * further out go by its `Age`, and must not take it for fresh.
 */
export const endLife = (terms: Terms, nowMs: number): Terms => ({
  ...terms,
  initialAgeMs: terms.initialAgeMs + Math.max(0, ttlMs(terms, nowMs)),
});

/** A failure of the upstream now may be answered with this (RFC 5861 section 4). */
export const mayServeOnError = (terms: Terms, nowMs: number): boolean =>
  isFresh(terms, nowMs) || -ttlMs(terms, nowMs) < terms.staleIfErrorMs;

/** Why a stale answer is given. */
export type StaleReason = 'max-stale' | 'revalidating' | 'error';

/** How a stored response may be used: as it is, stale for a reason, or not before the upstream was asked. */
export type Reuse = 'fresh' | StaleReason | 'forward';

/** After a failed validation, stale answers are given for this long without asking again: the failure is still news. */
export const ERROR_MEMORY_MS = 1000;

/** @param failedMs when its validation last failed; -Infinity: never. */
export const reuseOf = (terms: Terms, asked: CacheControl, failedMs: number, nowMs: number): Reuse => {
  if (asked.noCache) return 'forward';
  const leftMs = ttlMs(terms, nowMs);
  const tooOld = asked.maxAgeMs !== null && ageMs(terms, nowMs) > asked.maxAgeMs;
  if (leftMs > 0) return tooOld || leftMs < (asked.minFreshMs ?? 0) ? 'forward' : 'fresh';
  if (tooOld || asked.minFreshMs !== null) return 'forward';
  if (asked.maxStaleMs !== null && terms.allowsMaxStale && -leftMs <= asked.maxStaleMs) return 'max-stale';
  if (-leftMs < terms.staleWhileRevalidateMs) return 'revalidating';
  const failedJustNow = nowMs - failedMs < ERROR_MEMORY_MS;
  return failedJustNow && mayServeOnError(terms, nowMs) ? 'error' : 'forward';
};
