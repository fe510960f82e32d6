/** One request's way through the cache: what it asked for, what is known about it so far, and its answer from memory. */
import type { Call, Headers, ProxyRequest, Service } from '../service.js';
import type { CacheControl } from './cache-control.js';
import { addCacheStatus, type Forward } from './cache-status.js';
import {
  hasCondition,
  isNotModified,
  notModifiedHeaders,
  validatingHeaders,
  withoutConditions,
} from './conditions.js';
import type { Fetch } from './fetch.js';
import { MemoryResponse } from './memory-response.js';
import type { Entry, StoredResponse } from './store.js';
import { ageMs } from './terms.js';

export interface Ask {
  readonly next: Service;
  readonly request: ProxyRequest;
  readonly call: Call;
  /** Its `Cache-Control`, as far as it counts. */
  readonly control: CacheControl;
  readonly host: string;
  readonly key: string;
  /** It has no client, or none any more: it is for the store and for others. */
  behind: boolean;
  /** What it has in common with those that it may wait for. */
  flightKey: string;
  /** What is stored for it, if anything. */
  entry: Entry | undefined;
  /** Why it goes to the upstream, if it does. */
  forward: Forward;
  /** When it began to wait for others; negative: it has not. */
  waitingSinceMs: number;
  /** Another request brought what it waited for. */
  collapsed: boolean;
  sentMs: number;
  /** `null`: it goes on its client's call. */
  fetch: Fetch | null;
}

/** @param whole the answer is for others as well, so it must not be the client's own `304 Not Modified`. */
export const toUpstream = ({ request, entry }: Ask, whole: boolean): ProxyRequest => {
  if (entry !== undefined) {
    return { ...request, headers: validatingHeaders(request.headers, entry.response.headers) };
  }
  const headers = whole ? withoutConditions(request.headers) : request.headers;
  return headers === request.headers ? request : { ...request, headers };
};

/** @param text this cache's member of `Cache-Status`. */
export const answerFrom = (ask: Ask, stored: StoredResponse, nowMs: number, text: string): MemoryResponse => {
  const { request, call } = ask;
  const { statusCode } = stored;
  const headers: Headers = { ...stored.headers };
  headers.age = String(Math.floor(ageMs(stored.terms, nowMs) / 1000));
  addCacheStatus(headers, text);
  if (statusCode === 200 && hasCondition(request.headers) && isNotModified(request.headers, stored.headers)) {
    return new MemoryResponse(304, notModifiedHeaders(headers), null, call);
  }
  return new MemoryResponse(statusCode, headers, request.method === 'HEAD' ? null : stored.body, call);
};
