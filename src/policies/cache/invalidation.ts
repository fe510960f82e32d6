/**
 * What an unsafe request makes invalid (RFC 9111 section 4.4), and the memory of it: a response that was asked for
 * before must not be stored after, or the store would bring back what was just removed.
 */
import type { Headers } from '../service.js';
import { keyOf, type UrlKey } from './store.js';

/** Methods that change nothing (IANA's registry of methods); any other may. */
export const SAFE_METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'REPORT',
  'SEARCH',
  'QUERY',
]);

/** Invalidations remembered. What was asked for before the oldest of them is not stored at all: nobody knows any more. */
export const MAX_INVALIDATIONS = 1000;

/** On the same host, or none of our business. */
const keyOfTarget = ({ host, path }: UrlKey, target: string): string | null => {
  try {
    const base = new URL(`http://${host}${path}`);
    const url = new URL(target, base);
    return url.host === base.host ? keyOf(host, url.pathname + url.search) : null;
  } catch {
    return null;
  }
};

/** The URL itself, and those that the response names as what was changed or made. */
export const invalidatedKeys = (url: UrlKey, response: Headers): readonly string[] => {
  const keys = [keyOf(url.host, url.path)];
  for (const name of ['location', 'content-location']) {
    const target = response[name];
    const key = typeof target === 'string' ? keyOfTarget(url, target) : null;
    if (key !== null) keys.push(key);
  }
  return keys;
};

/** A ring: one is written for each unsafe request, and read only by what was asked for before it. */
export class Invalidations {
  readonly #keys: string[] = [];
  readonly #atMs: number[] = [];
  #next = 0;
  #allAtMs = Number.NEGATIVE_INFINITY;

  add(key: string, nowMs: number): void {
    this.#keys[this.#next] = key;
    this.#atMs[this.#next] = nowMs;
    this.#next = (this.#next + 1) % MAX_INVALIDATIONS;
  }

  /** For a purge, which is rare enough to count for everything. */
  addAll(nowMs: number): void {
    this.#allAtMs = nowMs;
  }

  /** Whether what was asked for then is not to be stored. */
  since(key: string, sentMs: number): boolean {
    if (this.#allAtMs >= sentMs) return true;
    const known = this.#keys.length;
    for (let back = 1; back <= known; back++) {
      const index = (this.#next - back + MAX_INVALIDATIONS) % MAX_INVALIDATIONS;
      if (this.#atMs[index]! < sentMs) return false;
      if (this.#keys[index] === key) return true;
    }
    return known === MAX_INVALIDATIONS;
  }
}
