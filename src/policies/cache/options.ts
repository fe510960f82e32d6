/** What a cache may be told, and whom it tells what it does. */
import type { Call } from '../service.js';
import type { Forward } from './cache-status.js';
import type { FlightOptions } from './flights.js';
import type { StoreBounds } from './store.js';
import type { FreshnessOptions, StaleReason } from './terms.js';

export interface CacheOptions extends StoreBounds, FreshnessOptions, FlightOptions {
  /**
   * Whether requests may insist on a fresher answer (`no-cache`, `max-age` and others), as RFC 9111 wants it. False where
   * any client could thereby lead its requests past the cache; nginx has it so. `no-store` always counts.
   */
  readonly honoursRequests: boolean;
}

export const CACHE_DEFAULTS: CacheOptions = {
  maxBytes: 64 * 1024 * 1024,
  maxEntries: 10_000,
  maxBodyBytes: 1024 * 1024,
  maxVariants: 32,
  defaultTtlMs: null,
  staleWhileRevalidateMs: 10_000,
  staleIfErrorMs: 60_000,
  lockTimeoutMs: 5_000,
  lockAgeMs: 5_000,
  honoursRequests: true,
};

/** What happens in the cache, for whoever counts it. */
export interface CacheListener {
  /** @param collapsed it waited for what another request fetched. */
  onHit(call: Call, collapsed: boolean): void;
  onStale(call: Call, reason: StaleReason): void;
  /** It went to the upstream; one that did so in vain and then got what was stored is stale, too. */
  onMiss(call: Call, forward: Forward): void;
  /** Also of what is stored anew with the fields of a 304. */
  onStored(key: string, bytes: number): void;
  /** It made way for another. */
  onEvicted(key: string, bytes: number): void;
  /** By command, or by an unsafe request. @param soft they were kept, and are stale from now on. */
  onPurged(responses: number, soft: boolean): void;
}
