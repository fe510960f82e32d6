/**
 * Validation (RFC 9111 section 4.3, RFC 9110 section 13): whether a client's copy is the stored one, what the upstream is
 * asked so that it can say that the stored one still holds, and what a `304 Not Modified` changes about it.
 */
import type { Headers } from '../service.js';
import { parseCacheControl } from './cache-control.js';
import { httpDateMs } from './http-date.js';

const ENTITY_TAG = /(?:W\/)?("[^"]*")/g;

/** Without what marks it as weak; a tag that lacks its quotes is compared as it is. */
const opaque = (tag: string): string => tag.trim().replace(/^W\//, '');

/** Weak comparison (RFC 9110 section 8.8.3.2): the same opaque tag, weak or not. */
const sameTag = (one: string, other: string): boolean => opaque(one) === opaque(other);

const listsTag = (list: string, tag: string): boolean => {
  if (list.trim() === '*') return true;
  const wanted = opaque(tag);
  for (const [, quoted] of list.matchAll(ENTITY_TAG)) if (quoted === wanted) return true;
  return sameTag(list, tag);
};

/** Whether the client says what it has already. */
export const hasCondition = (headers: Headers): boolean =>
  headers['if-none-match'] !== undefined || headers['if-modified-since'] !== undefined;

/** Whether the client has what is stored (RFC 9111 section 4.3.2). @param stored the fields of a stored 200. */
export const isNotModified = (asked: Headers, stored: Headers): boolean => {
  const tags = asked['if-none-match'];
  if (tags !== undefined) return listsTag(String(tags), String(stored.etag ?? ''));
  const sinceMs = httpDateMs(asked['if-modified-since']);
  // Without a date of its last change, what is stored has not changed since it was made.
  return httpDateMs(stored['last-modified'] ?? stored.date) <= sinceMs;
};

/** What a 304 repeats of the response that it stands for (RFC 9110 section 15.4.5). */
const NOT_MODIFIED_FIELDS = [
  'age',
  'cache-control',
  'cache-status',
  'content-location',
  'date',
  'etag',
  'expires',
  'last-modified',
  'vary',
];

export const notModifiedHeaders = (headers: Headers): Headers => {
  const kept: Headers = {};
  for (const name of NOT_MODIFIED_FIELDS) if (headers[name] !== undefined) kept[name] = headers[name];
  return kept;
};

/** The client's request without its own conditions: what comes back is to be stored whole. */
export const withoutConditions = (asked: Headers): Headers =>
  hasCondition(asked) ? { ...asked, 'if-none-match': undefined, 'if-modified-since': undefined } : asked;

/** The client's request with the stored response's validators in place of the client's. */
export const validatingHeaders = (asked: Headers, stored: Headers): Headers => ({
  ...asked,
  'if-none-match': stored.etag,
  'if-modified-since': stored['last-modified'],
});

/**
 * Whether a 304 is about what is stored (RFC 9111 section 4.3.4). One that names no tag is about what was asked for: our
 * validators are the only ones it was asked with.
 */
export const isAbout = (notModified: Headers, stored: Headers): boolean =>
  notModified.etag === undefined ||
  (stored.etag !== undefined && sameTag(String(notModified.etag), String(stored.etag)));

/** Fields about one connection or hop: never stored (RFC 9111 section 3.1). `Age` is, as a number beside the fields. */
const NOT_STORED = new Set([
  'age',
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Fields of the body that is kept: a 304 does not change them (RFC 9111 section 3.2). */
const ABOUT_THE_BODY = new Set(['content-length', 'content-encoding', 'content-range']);

const keptHeaders = (headers: Headers, receivedMs: number): Headers => {
  const { connection } = headers;
  const named =
    connection === undefined
      ? []
      : String(connection)
          .toLowerCase()
          .split(/\s*,\s*/);
  const { fields } = parseCacheControl(headers['cache-control']);
  const kept: Headers = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || NOT_STORED.has(name) || named.includes(name) || fields.includes(name))
      continue;
    kept[name] = value;
  }
  kept.date ??= new Date(receivedMs).toUTCString();
  return kept;
};

/** Empty places for what each answer sets: a copy that has them already costs a tenth of one that gets them. */
const withPlaces = (kept: Headers): Headers => {
  kept.age = '';
  kept['cache-status'] ??= '';
  return kept;
};

/** A copy of what may be kept of a response's fields. @param receivedMs becomes its `Date` when it has none. */
export const storedHeaders = (headers: Headers, receivedMs: number): Headers =>
  withPlaces(keptHeaders(headers, receivedMs));

/** The stored fields as a 304 leaves them. */
export const freshenedHeaders = (stored: Headers, notModified: Headers, receivedMs: number): Headers => {
  const fresh = { ...stored };
  const updates = keptHeaders(notModified, receivedMs);
  for (const name in updates) if (!ABOUT_THE_BODY.has(name)) fresh[name] = updates[name];
  return fresh;
};
