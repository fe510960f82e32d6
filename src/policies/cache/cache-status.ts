/** `Cache-Status` (RFC 9211): what the cache did with a request, one member for each cache on the way, ours the last. */
import type { Headers } from '../service.js';

/** The name of this cache, as in `Proxy-Status`. */
const CACHE = 'badgateway';

/** Why a request went to the upstream (RFC 9211 section 2.2). */
export type Forward = 'bypass' | 'method' | 'uri-miss' | 'vary-miss' | 'request' | 'stale';

/** Made once: what is not cacheable gets one of these with each response. */
const FORWARDED: Readonly<Record<Forward, string>> = {
  bypass: `${CACHE}; fwd=bypass`,
  method: `${CACHE}; fwd=method`,
  'uri-miss': `${CACHE}; fwd=uri-miss`,
  'vary-miss': `${CACHE}; fwd=vary-miss`,
  request: `${CACHE}; fwd=request`,
  stale: `${CACHE}; fwd=stale`,
};

export const forwardStatus = (forward: Forward): string => FORWARDED[forward];

/** On its way into the store, where it arrives if its body ends whole. */
export const storedStatus = (forward: Forward): string => `${FORWARDED[forward]}; stored`;

/** The upstream said that what is stored still holds. */
export const validatedStatus = (forward: Forward): string => `${FORWARDED[forward]}; fwd-status=304`;

/** What another request brought while this one waited. */
export const collapsedStatus = (forward: Forward): string => `${FORWARDED[forward]}; collapsed`;

/** @param ttlMs negative: it is stale, and is given all the same. */
export const hitStatus = (ttlMs: number): string => `${CACHE}; hit; ttl=${Math.floor(ttlMs / 1000)}`;

/** @param statusCode of the upstream; `null`: there was no answer. */
export const staleOnErrorStatus = (forward: Forward, statusCode: number | null): string =>
  `${FORWARDED[forward]}${statusCode === null ? '' : `; fwd-status=${statusCode}`}; detail=stale-if-error`;

/** Nothing was stored, and the client wanted nothing else. */
export const ONLY_IF_CACHED_STATUS = `${CACHE}; detail=only-if-cached`;

/** Sets it in place, behind the members of caches further up. */
export const addCacheStatus = (headers: Headers, status: string): void => {
  const before = headers['cache-status'];
  headers['cache-status'] = before === undefined || before === '' ? status : `${String(before)}, ${status}`;
};
