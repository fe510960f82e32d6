/**
 * What the cache lacks is fetched: alone, on the client's own call; as the one whom others wait for; or behind an answer
 * that was given stale. And what comes of it: stored, validated, passed on, or covered by what is stored when the
 * upstream fails.
 */
import type { Clock } from '../../core/clock.js';
import { GatewayError } from '../../core/errors.js';
import { DISCARD, type ProxyResponse } from '../service.js';
import { type Ask, answerFrom, toUpstream } from './ask.js';
import { NO_CONTROL } from './cache-control.js';
import {
  addCacheStatus,
  forwardStatus,
  staleOnErrorStatus,
  storedStatus,
  validatedStatus,
} from './cache-status.js';
import {
  freshenedHeaders,
  hasCondition,
  isAbout,
  isNotModified,
  notModifiedHeaders,
  storedHeaders,
} from './conditions.js';
import { Background, Fetch } from './fetch.js';
import type { Flights, Lead } from './flights.js';
import type { Invalidations } from './invalidation.js';
import { MemoryResponse } from './memory-response.js';
import type { CacheListener, CacheOptions } from './options.js';
import { canRecord, type DropReason, Recording } from './recording.js';
import type { CacheStore, Entry, StoredResponse } from './store.js';
import { ERROR_MEMORY_MS, mayServeOnError, reuseOf, type Terms, termsOf } from './terms.js';

export interface FillParts {
  readonly options: CacheOptions;
  readonly clock: Clock;
  readonly listener: CacheListener;
  readonly store: CacheStore;
  readonly flights: Flights;
  readonly invalidations: Invalidations;
}

/** Errors about the resource say that what is stored is not it any more; others are about the request. */
const replaces = (statusCode: number): boolean =>
  statusCode < 400 || statusCode === 404 || statusCode === 410;

export class Fills {
  readonly #parts: FillParts;
  readonly #background: Background;

  constructor(parts: FillParts) {
    this.#parts = parts;
    this.#background = new Background(parts.clock);
  }

  /** By itself: it ends with its client. */
  alone(ask: Ask): Promise<ProxyResponse> {
    this.#parts.listener.onMiss(ask.call, ask.forward);
    return this.#send(ask, null);
  }

  /** For all who wait: its client may leave, and may be given a stale answer when its time is over. */
  lead(ask: Ask, lead: Lead): Promise<ProxyResponse> {
    const { call } = ask;
    if (call.cancelled !== undefined) {
      lead.failed();
      return Promise.reject(call.cancelled);
    }
    this.#parts.listener.onMiss(call, ask.forward);
    const fetch = new Fetch(call, this.#background, lead);
    ask.fetch = fetch;
    return new Promise((resolve, reject) => {
      let answered = false;
      call.onCancel((error) => {
        const stale = answered ? null : this.#staleOnError(ask, error);
        if (stale === null) reject(error);
        else resolve(stale);
        // What comes of it later is no answer to this client.
        ask.behind = true;
        fetch.leave(error);
      });
      const tell = (): void => {
        answered = true;
        call.tried = [...call.tried, ...fetch.call.tried];
        call.attempts += fetch.call.attempts;
      };
      this.#send(ask, lead).then(
        (response) => {
          tell();
          if (fetch.deliver(response)) resolve(response);
        },
        (error) => {
          tell();
          fetch.end();
          reject(error);
        },
      );
    });
  }

  /** After a stale answer: one at a time for each thing, and none just after one has failed. */
  behind(ask: Ask): void {
    const { clock, flights } = this.#parts;
    if (clock.nowMs() - ask.entry!.failedMs < ERROR_MEMORY_MS) return;
    const lead = flights.enter(ask.flightKey);
    if (lead === null) return;
    const fetch = new Fetch(ask.call, this.#background, lead, false);
    if (!fetch.begin()) {
      lead.failed();
      return;
    }
    const { call } = fetch;
    const request = { ...ask.request, method: 'GET' };
    this.#send({ ...ask, request, call, fetch, control: NO_CONTROL, behind: true }, lead).then(
      (response) => fetch.deliver(response),
      () => fetch.end(),
    );
  }

  /** There is no answer: what is stored may do instead. @throws what was wrong, when it may not. */
  failed(ask: Ask, error: unknown, lead: Lead | null): ProxyResponse {
    const stale = error instanceof GatewayError ? this.#staleOnError(ask, error) : null;
    if (stale === null) {
      lead?.failed();
      throw error;
    }
    // Those who wait find that it failed just now.
    lead?.landed();
    return stale;
  }

  #send(ask: Ask, lead: Lead | null): Promise<ProxyResponse> {
    ask.sentMs = this.#parts.clock.nowMs();
    return ask.next(toUpstream(ask, lead !== null), ask.fetch?.call ?? ask.call).then(
      (response) => this.#received(ask, response, lead),
      (error) => this.failed(ask, error, lead),
    );
  }

  #received(ask: Ask, response: ProxyResponse, lead: Lead | null): ProxyResponse | Promise<ProxyResponse> {
    const { statusCode, headers } = response;
    if (ask.entry !== undefined && statusCode === 304) return this.#validated(ask, response, lead);
    if (ask.entry !== undefined && statusCode >= 500) {
      const stale = this.#staleOnError(ask, statusCode);
      if (stale !== null) {
        response.destroy(null);
        lead?.landed();
        return stale;
      }
    }
    const { clock, options } = this.#parts;
    const receivedMs = clock.nowMs();
    const requestHeaders = ask.request.headers;
    const terms = termsOf({ requestHeaders, statusCode, headers, sentMs: ask.sentMs, receivedMs }, options);
    if (terms === null || !canRecord(response, options.maxBodyBytes))
      return this.#passOn(ask, response, lead);
    return this.#record(ask, response, terms, lead);
  }

  #passOn(ask: Ask, response: ProxyResponse, lead: Lead | null): ProxyResponse {
    const { statusCode, headers } = response;
    if (ask.entry !== undefined && replaces(statusCode)) this.#parts.store.remove(ask.entry);
    if (statusCode >= 500) lead?.failed();
    else lead?.uncacheable();
    addCacheStatus(headers, forwardStatus(ask.forward));
    return response;
  }

  #record(ask: Ask, response: ProxyResponse, terms: Terms, lead: Lead | null): ProxyResponse {
    const { store, options } = this.#parts;
    const { statusCode } = response;
    const headers = storedHeaders(response.headers, terms.receivedMs);
    const recording = new Recording(response, {
      maxBodyBytes: options.maxBodyBytes,
      reserve: (bytes) => store.reserve(bytes),
      release: (bytes) => store.release(bytes),
      onRecorded: (body) => {
        if (statusCode !== 204) headers['content-length'] = String(body.byteLength);
        ask.fetch?.end();
        this.#store(ask, { statusCode, headers, body, terms }, lead);
      },
      onDropped: (why) => {
        ask.fetch?.end();
        endOf(lead, why);
      },
      goesOn: () => ask.fetch?.keeps() ?? false,
    });
    addCacheStatus(response.headers, storedStatus(ask.forward));
    const asked = ask.request.headers;
    const hasIt = lead !== null && statusCode === 200 && hasCondition(asked) && isNotModified(asked, headers);
    if (!hasIt || ask.fetch?.goOnAlone(recording) !== true) return recording;
    return new MemoryResponse(304, notModifiedHeaders(response.headers), null, ask.call);
  }

  #store(ask: Ask, response: StoredResponse, lead: Lead | null): void {
    const { clock, flights, invalidations, listener, store } = this.#parts;
    const { host, key, request } = ask;
    if (invalidations.since(key, ask.sentMs)) {
      lead?.failed();
      return;
    }
    const entry = store.put({ host, path: request.path }, request.headers, response);
    if (entry === null) {
      lead?.uncacheable();
      return;
    }
    flights.unmark(ask.flightKey);
    listener.onStored(entry.url.name, entry.bytes);
    const nobodyElses = reuseOf(response.terms, NO_CONTROL, entry.failedMs, clock.nowMs()) === 'forward';
    if (nobodyElses) lead?.uncacheable();
    else lead?.landed();
  }

  #validated(ask: Ask, answer: ProxyResponse, lead: Lead | null): ProxyResponse | Promise<ProxyResponse> {
    const { clock, options, store } = this.#parts;
    const entry = ask.entry!;
    const stored = entry.response;
    answer.relay(DISCARD);
    if (!isAbout(answer.headers, stored.headers)) {
      // It stands for something else: the whole is needed.
      store.remove(entry);
      ask.entry = undefined;
      return this.#send(ask, lead);
    }
    const receivedMs = clock.nowMs();
    const headers = freshenedHeaders(stored.headers, answer.headers, receivedMs);
    const received = {
      requestHeaders: ask.request.headers,
      statusCode: stored.statusCode,
      headers: { ...headers, age: answer.headers.age },
      sentMs: ask.sentMs,
      receivedMs,
    };
    const terms = termsOf(received, options);
    const fresh = { ...stored, headers, terms: terms ?? { ...stored.terms, receivedMs, initialAgeMs: 0 } };
    if (terms === null) {
      store.remove(entry);
      lead?.uncacheable();
    } else if (entry.live) this.#store(ask, fresh, lead);
    else lead?.landed();
    return answerFrom(ask, fresh, receivedMs, validatedStatus(ask.forward));
  }

  /** @param failure what became of the request: an error, or the status of an answer that is one. */
  #staleOnError(ask: Ask, failure: GatewayError | number): MemoryResponse | null {
    const { clock, listener, store } = this.#parts;
    if (ask.control.noCache || (typeof failure !== 'number' && failure.spec.blame === 'client')) return null;
    const entry = this.#find(ask);
    const nowMs = clock.nowMs();
    if (entry === undefined) return null;
    entry.failedMs = nowMs;
    if (!mayServeOnError(entry.response.terms, nowMs)) return null;
    store.touch(entry);
    if (!ask.behind) listener.onStale(ask.call, 'error');
    const statusCode = typeof failure === 'number' ? failure : null;
    return answerFrom(ask, entry.response, nowMs, staleOnErrorStatus(ask.forward, statusCode));
  }

  /** What is stored now, which need not be what was stored when it asked. */
  #find({ key, request }: Ask): Entry | undefined {
    const url = this.#parts.store.find(key);
    return url?.variants.get(url.variantOf(request.headers));
  }
}

const endOf = (lead: Lead | null, why: DropReason): void => {
  // Too large is too large for everybody; the others may fare better.
  if (why === 'too-large') lead?.uncacheable();
  else lead?.failed();
};
