/**
 * Stored responses in bounded memory. A URL has one response for each combination of the request fields that its
 * responses vary on (RFC 9111 section 4.1); whichever was used longest ago makes way for a new one.
 *
 * All responses of one URL are told apart by the same fields: those that any of them varies on. Matching on more than
 * a response asks for gives it to fewer requests, never to a wrong one.
 */
import type { Headers } from '../service.js';
import { MAX_VARY_FIELDS, type Terms } from './terms.js';

export interface StoreBounds {
  /** Bytes of all that is stored: bodies, fields, keys and an estimate of the rest. Default 64 MiB. */
  readonly maxBytes: number;
  /** Responses, variants included. Default 10,000. */
  readonly maxEntries: number;
  /** A larger body is not stored. Default 1 MiB: larger ones are few, and each takes the place of many. */
  readonly maxBodyBytes: number;
  /** Responses of one URL; one more takes the place of the one used longest ago. Default 32. */
  readonly maxVariants: number;
}

/** Two URLs are one when these are. */
export interface UrlKey {
  readonly host: string;
  readonly path: string;
}

export interface StoredResponse {
  readonly statusCode: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly terms: Terms;
}

/** What an entry takes beside its texts and its body: objects, list and map slots. Measured, and rounded up. */
export const ENTRY_OVERHEAD_BYTES = 1024;

/** Bodies on their way into the store may hold this share of `maxBytes` beside it, and at least one body. */
const RESERVED_RATIO = 0.25;

const SEPARATOR_BYTES = 4;

/** One stored response, between those used just before and just after it. */
export class Entry {
  readonly url: Url;
  readonly variant: string;
  /** With other terms once its life was ended. */
  response: StoredResponse;
  readonly bytes: number;
  /** When its validation last failed; -Infinity: never. */
  failedMs = Number.NEGATIVE_INFINITY;
  /** Counts the uses of the store: the larger, the later this was used. */
  usedAt = 0;
  before: Entry | null = null;
  after: Entry | null = null;
  /** False once it has been removed. */
  live = true;

  constructor(url: Url, variant: string, response: StoredResponse) {
    this.url = url;
    this.variant = variant;
    this.response = response;
    this.bytes = ENTRY_OVERHEAD_BYTES + url.key.length + variant.length + response.body.byteLength;
    for (const name in response.headers) {
      this.bytes += name.length + SEPARATOR_BYTES;
      const value = response.headers[name];
      if (typeof value === 'string') this.bytes += value.length;
      else for (const one of value ?? []) this.bytes += one.length;
    }
  }
}

/** A URL that something is stored for. */
export class Url {
  readonly key: string;
  readonly hostLength: number;
  /** The fields that tell its responses apart, in order. */
  readonly vary: readonly string[];
  readonly variants = new Map<string, Entry>();

  constructor(key: string, hostLength: number, vary: readonly string[]) {
    this.key = key;
    this.hostLength = hostLength;
    this.vary = vary;
  }

  /** Where the path begins in the key. */
  get pathAt(): number {
    return this.hostLength + KEY_SEPARATOR.length;
  }

  /** As people write it. */
  get name(): string {
    return this.key.replace(KEY_SEPARATOR, '');
  }

  /** Which of its responses a request with these fields gets. Lengths are part of it, so no two can be confused. */
  variantOf(headers: Headers): string {
    let variant = '';
    for (const name of this.vary) {
      // A field may be called like what every object has.
      const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
      variant += value === undefined ? '-' : `${String(value).length}:${String(value)}`;
    }
    return variant;
  }
}

/** Neither part can hold what stands between them, so that no host can be taken for the beginning of a path. */
const KEY_SEPARATOR = '\n';

export const keyOf = (host: string, path: string): string => `${host}${KEY_SEPARATOR}${path}`;

const union = (one: readonly string[], other: readonly string[]): readonly string[] =>
  other.every((name) => one.includes(name)) ? one : [...new Set([...one, ...other])].sort();

export class CacheStore {
  readonly #bounds: StoreBounds;
  readonly #onEvicted: (entry: Entry) => void;
  readonly #urls = new Map<string, Url>();
  #oldest: Entry | null = null;
  #latest: Entry | null = null;
  #entries = 0;
  #bytes = 0;
  #reservedBytes = 0;
  #uses = 0;

  /** @param onEvicted told of each response that made way for another. */
  constructor(bounds: StoreBounds, onEvicted: (entry: Entry) => void) {
    this.#bounds = bounds;
    this.#onEvicted = onEvicted;
  }

  get entries(): number {
    return this.#entries;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Held by bodies that are still on their way. */
  get reservedBytes(): number {
    return this.#reservedBytes;
  }

  find(key: string): Url | undefined {
    return this.#urls.get(key);
  }

  /** The response was used: it is the last to go. */
  touch(entry: Entry): void {
    if (entry === this.#latest || !entry.live) return;
    this.#unlink(entry);
    this.#append(entry);
  }

  /**
   * Stores a response, in place of the one that a request with the same fields would have got.
   * @returns `null` when it is larger than may be, or varies on too much together with the URL's other responses.
   */
  put({ host, path }: UrlKey, requestHeaders: Headers, response: StoredResponse): Entry | null {
    const key = keyOf(host, path);
    let url = this.#urls.get(key);
    const vary = url === undefined ? response.terms.vary : union(url.vary, response.terms.vary);
    if (url !== undefined && vary !== url.vary) {
      // What the others have of the new field is not known any more.
      this.#removeUrl(url);
      url = undefined;
    }
    url ??= new Url(key, host.length, vary);
    const { maxBytes, maxEntries, maxBodyBytes, maxVariants } = this.#bounds;
    const entry = new Entry(url, url.variantOf(requestHeaders), response);
    const replaced = url.variants.get(entry.variant);
    if (replaced !== undefined) this.remove(replaced);
    const fits = entry.bytes <= maxBytes && response.body.byteLength <= maxBodyBytes && maxEntries > 0;
    if (!fits || vary.length > MAX_VARY_FIELDS) return null;
    if (url.variants.size >= maxVariants) this.#evict(leastUsed(url));
    while (this.#entries >= maxEntries || this.#bytes + entry.bytes > maxBytes) this.#evict(this.#oldest!);
    // Again, since a URL without responses is not kept.
    this.#urls.set(key, url);
    url.variants.set(entry.variant, entry);
    this.#entries++;
    this.#bytes += entry.bytes;
    this.#append(entry);
    return entry;
  }

  remove(entry: Entry): void {
    if (!entry.live) return;
    entry.live = false;
    const { url } = entry;
    url.variants.delete(entry.variant);
    if (url.variants.size === 0) this.#urls.delete(url.key);
    this.#entries--;
    this.#bytes -= entry.bytes;
    this.#unlink(entry);
  }

  /** All responses of one URL. @returns how many there were. */
  removeUrl(key: string): number {
    const url = this.#urls.get(key);
    return url === undefined ? 0 : this.#removeUrl(url);
  }

  /** All URLs below a path, on one host or on every one. Looks at every URL: an operator's command. */
  below(pathPrefix: string, host?: string): Url[] {
    return [...this.#urls.values()].filter((url) => {
      const onHost = host === undefined || (url.hostLength === host.length && url.key.startsWith(host));
      return onHost && url.key.startsWith(pathPrefix, url.pathAt);
    });
  }

  /** Memory for a body on its way. @returns false when such bodies hold as much as they may. */
  reserve(bytes: number): boolean {
    const { maxBytes, maxBodyBytes } = this.#bounds;
    const mostBytes = Math.max(maxBytes * RESERVED_RATIO, Math.min(maxBytes, maxBodyBytes));
    if (this.#reservedBytes + bytes > mostBytes) return false;
    this.#reservedBytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#reservedBytes -= bytes;
  }

  #removeUrl(url: Url): number {
    const removed = url.variants.size;
    for (const entry of [...url.variants.values()]) this.remove(entry);
    return removed;
  }

  #evict(entry: Entry): void {
    this.remove(entry);
    this.#onEvicted(entry);
  }

  #append(entry: Entry): void {
    entry.usedAt = ++this.#uses;
    entry.before = this.#latest;
    entry.after = null;
    if (this.#latest === null) this.#oldest = entry;
    else this.#latest.after = entry;
    this.#latest = entry;
  }

  #unlink(entry: Entry): void {
    const { before, after } = entry;
    if (before === null) this.#oldest = after;
    else before.after = after;
    if (after === null) this.#latest = before;
    else after.before = before;
    // What is still held from outside must not keep its neighbours alive.
    entry.before = null;
    entry.after = null;
  }
}

/** Among a bounded few, so looking is cheaper than keeping an order that is hardly ever asked for. */
const leastUsed = (url: Url): Entry => {
  let least: Entry | undefined;
  for (const entry of url.variants.values()) {
    if (least === undefined || entry.usedAt < least.usedAt) least = entry;
  }
  return least!;
};
