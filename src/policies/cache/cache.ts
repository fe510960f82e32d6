/**
 * The shared HTTP cache (RFC 9111), in the route stack: below the deadline, above retries and limits, so that what it
 * answers costs the upstreams nothing. Fresh answers come from memory; of several requests for one thing one goes and
 * the others wait; what is stale is given while a new one is fetched, or when the upstream fails (RFC 5861).
 *
 * GET is stored, and HEAD answered from it. Requests for a part, for another protocol, with preconditions of their own
 * or with a body pass by. What may be done is decided in `terms.ts` and `conditions.ts`; what goes to the upstream is in `fills.ts`.
 */
import type { Clock } from '../../core/clock.js';
import type { Call, Headers, Layer, ProxyRequest, ProxyResponse, Service } from '../service.js';
import { type Ask, answerFrom } from './ask.js';
import { type CacheControl, NO_CONTROL, parseCacheControl } from './cache-control.js';
import {
  addCacheStatus,
  collapsedStatus,
  type Forward,
  forwardStatus,
  hitStatus,
  ONLY_IF_CACHED_STATUS,
} from './cache-status.js';
import { Fills } from './fills.js';
import { Flights } from './flights.js';
import { Invalidations, invalidatedKeys, SAFE_METHODS } from './invalidation.js';
import { MemoryResponse } from './memory-response.js';
import type { CacheListener, CacheOptions } from './options.js';
import { CacheStore, keyOf, type StoredResponse, type Url } from './store.js';
import { endLife, isFresh, isValidatable, reuseOf, ttlMs } from './terms.js';

/** One URL, all URLs whose path begins with something, on one host or every one, or all there is. */
export type PurgeTarget =
  | { readonly host: string; readonly path: string }
  | { readonly host?: string; readonly pathPrefix: string }
  | 'all';

const NO_CACHE: CacheControl = { ...NO_CONTROL, noCache: true };

const controlOf = (headers: Headers, honoursRequests: boolean): CacheControl => {
  const field = headers['cache-control'];
  // `Pragma` counts where there is nothing better (RFC 9111 section 5.4).
  if (field === undefined) {
    return honoursRequests && headers.pragma !== undefined && /no-cache/i.test(String(headers.pragma))
      ? NO_CACHE
      : NO_CONTROL;
  }
  const control = parseCacheControl(field);
  return honoursRequests || control.noStore ? control : NO_CONTROL;
};

/** Asks for something that only the upstream can tell. */
const isForUpstream = ({ headers, body, upgrade }: ProxyRequest): boolean =>
  body !== null ||
  upgrade !== undefined ||
  headers.range !== undefined ||
  headers['if-match'] !== undefined ||
  headers['if-unmodified-since'] !== undefined ||
  headers['if-range'] !== undefined;

const hostOf = ({ headers }: ProxyRequest): string => String(headers.host ?? '').toLowerCase();

const marked = (response: ProxyResponse, forward: Forward): ProxyResponse => {
  addCacheStatus(response.headers, forwardStatus(forward));
  return response;
};

/** It may be given without being asked for, or asked for with its validator. */
const isOfUseStale = ({ terms, headers }: StoredResponse): boolean =>
  terms.staleWhileRevalidateMs > 0 ||
  terms.staleIfErrorMs > 0 ||
  terms.allowsMaxStale ||
  isValidatable(headers);

export class HttpCache {
  readonly #options: CacheOptions;
  readonly #clock: Clock;
  readonly #listener: CacheListener;
  readonly #store: CacheStore;
  readonly #flights: Flights;
  readonly #invalidations = new Invalidations();
  readonly #fills: Fills;

  constructor(options: CacheOptions, clock: Clock, listener: CacheListener) {
    this.#options = options;
    this.#clock = clock;
    this.#listener = listener;
    this.#store = new CacheStore(options, (entry) => listener.onEvicted(entry.url.name, entry.bytes));
    this.#flights = new Flights(options, clock);
    this.#fills = new Fills({
      ...{ options, clock, listener, store: this.#store },
      ...{ flights: this.#flights, invalidations: this.#invalidations },
    });
  }

  /** Responses in the store. */
  get entries(): number {
    return this.#store.entries;
  }

  /** Of what is stored and of what is on its way into the store. */
  get bytes(): number {
    return this.#store.bytes + this.#store.reservedBytes;
  }

  /**
   * Removes what is stored, and keeps out what is on its way. @returns how many responses there were, or with `soft` how
   * many of them were fresh.
   * @param soft ends their lives and keeps them: they are given while new ones are fetched, and when that fails, for as
   * long as any other whose time is over (RFC 5861); so Fastly's soft purge and Varnish's `purge.soft` have it.
   */
  purge(target: PurgeTarget, soft = false): number {
    const nowMs = this.#clock.nowMs();
    this.#invalidations.addAll(nowMs);
    let purged = 0;
    for (const url of this.#urlsOf(target)) {
      purged += soft ? this.#endLives(url, nowMs) : this.#store.removeUrl(url.key);
    }
    this.#listener.onPurged(purged, soft);
    return purged;
  }

  /** @returns how many were fresh. */
  #endLives({ variants }: Url, nowMs: number): number {
    let ended = 0;
    for (const entry of variants.values()) {
      const { response } = entry;
      if (!isFresh(response.terms, nowMs)) continue;
      ended++;
      if (isOfUseStale(response)) entry.response = { ...response, terms: endLife(response.terms, nowMs) };
      else this.#store.remove(entry);
    }
    return ended;
  }

  #urlsOf(target: PurgeTarget): readonly Url[] {
    if (target === 'all') return this.#store.below('');
    if (!('path' in target)) return this.#store.below(target.pathPrefix, target.host?.toLowerCase());
    const url = this.#store.find(keyOf(target.host.toLowerCase(), target.path));
    return url === undefined ? [] : [url];
  }

  readonly layer: Layer = (next) => (request, call) => {
    const { method, headers } = request;
    if (method !== 'GET' && method !== 'HEAD') return this.#passOther(next, request, call);
    const control = controlOf(headers, this.#options.honoursRequests);
    if (control.noStore || isForUpstream(request)) return this.#pass(next, request, call, 'bypass');
    const host = hostOf(request);
    const key = keyOf(host, request.path);
    return this.#look({
      next,
      request,
      call,
      control,
      host,
      key,
      behind: false,
      flightKey: key,
      entry: undefined,
      forward: 'uri-miss',
      waitingSinceMs: -1,
      collapsed: false,
      sentMs: 0,
      fetch: null,
    });
  };

  #pass(next: Service, request: ProxyRequest, call: Call, forward: Forward): Promise<ProxyResponse> {
    this.#listener.onMiss(call, forward);
    return next(request, call).then((response) => marked(response, forward));
  }

  #passOther(next: Service, request: ProxyRequest, call: Call): Promise<ProxyResponse> {
    if (SAFE_METHODS.has(request.method)) return this.#pass(next, request, call, 'method');
    this.#listener.onMiss(call, 'method');
    return next(request, call).then((response) => {
      // RFC 9111 section 4.4: an error changed nothing.
      if (response.statusCode < 400) this.#invalidate(request, response);
      return marked(response, 'method');
    });
  }

  #invalidate(request: ProxyRequest, response: ProxyResponse): void {
    const nowMs = this.#clock.nowMs();
    let removed = 0;
    for (const key of invalidatedKeys({ host: hostOf(request), path: request.path }, response.headers)) {
      this.#invalidations.add(key, nowMs);
      removed += this.#store.removeUrl(key);
    }
    if (removed > 0) this.#listener.onPurged(removed, false);
  }

  /** What is stored now may do; else the request goes to the upstream, or waits for one that does. */
  #look(ask: Ask): Promise<ProxyResponse> {
    const { call, control } = ask;
    const url = this.#store.find(ask.key);
    const variant = url?.variantOf(ask.request.headers) ?? '';
    const entry = url?.variants.get(variant);
    ask.entry = entry;
    if (entry === undefined) {
      ask.flightKey = variant === '' ? ask.key : `${ask.key}\n${variant}`;
      ask.forward = url === undefined ? 'uri-miss' : 'vary-miss';
      return this.#forward(ask);
    }
    const nowMs = this.#clock.nowMs();
    const { terms } = entry.response;
    const reuse = reuseOf(terms, control, entry.failedMs, nowMs);
    this.#store.touch(entry);
    if (reuse === 'forward' || reuse === 'revalidating') {
      ask.flightKey = variant === '' ? ask.key : `${ask.key}\n${variant}`;
      ask.forward = isFresh(terms, nowMs) ? 'request' : 'stale';
      if (reuse === 'forward') return this.#forward(ask);
      this.#fills.behind(ask);
    }
    if (reuse === 'fresh') this.#listener.onHit(call, ask.collapsed);
    else this.#listener.onStale(call, reuse);
    const collapsed = ask.collapsed && reuse === 'fresh';
    const text = collapsed ? collapsedStatus(ask.forward) : hitStatus(ttlMs(terms, nowMs));
    return Promise.resolve(answerFrom(ask, entry.response, nowMs, text));
  }

  #forward(ask: Ask): Promise<ProxyResponse> {
    const { next, request, call, control } = ask;
    if (control.onlyIfCached) {
      const headers = { 'content-length': '0', 'cache-status': ONLY_IF_CACHED_STATUS };
      return Promise.resolve(new MemoryResponse(504, headers, null, call));
    }
    if (request.method === 'HEAD') return this.#pass(next, request, call, ask.forward);
    if (!this.#collapses(ask)) return this.#fills.alone(ask);
    const lead = this.#flights.enter(ask.flightKey);
    return lead === null ? this.#wait(ask) : this.#fills.lead(ask, lead);
  }

  /** Whether another request's answer is likely to be good for this one. */
  #collapses({ request, control, entry, forward, flightKey }: Ask): boolean {
    if (request.headers.authorization !== undefined || control.noCache || forward === 'request') return false;
    // What is validated for each request is no use to others.
    return entry === undefined
      ? !this.#flights.isUncacheable(flightKey)
      : entry.response.terms.lifetimeMs > 0;
  }

  #wait(ask: Ask): Promise<ProxyResponse> {
    if (ask.waitingSinceMs < 0) ask.waitingSinceMs = this.#clock.nowMs();
    return this.#flights.wait(ask.flightKey, ask.call, ask.waitingSinceMs).then(
      (wake) => {
        if (wake === 'go') return this.#fills.alone(ask);
        if (wake !== 'look') return this.#fills.lead(ask, wake);
        ask.collapsed = true;
        return this.#look(ask);
      },
      (error) => this.#fills.failed(ask, error, null),
    );
  }
}
