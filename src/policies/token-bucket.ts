/**
 * Rate limiting by token bucket: a bucket holds up to `burst` tokens and gains `rateRps` a second; a request takes one.
 * One bucket per client, for as many clients as there is room for; the one that has been quiet longest makes way,
 * and comes back with a full bucket, as if it had waited.
 */

export interface TokenBucketOptions {
  /** Requests a second that are always fine. */
  readonly rateRps: number;
  /** Requests at once, after a quiet time. */
  readonly burst: number;
  /** Clients known at once. */
  readonly maxClients: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

export class TokenBuckets {
  readonly #options: TokenBucketOptions;
  /** In the order in which clients were last heard of. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: TokenBucketOptions) {
    this.#options = options;
  }

  get clients(): number {
    return this.#buckets.size;
  }

  /** @returns 0 when the request may go on, else the milliseconds until there is a token. */
  take(client: string, nowMs: number): number {
    const { rateRps, burst } = this.#options;
    const bucket = this.#find(client, nowMs);
    bucket.tokens = Math.min(burst, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * rateRps);
    bucket.atMs = nowMs;
    if (bucket.tokens < 1) return ((1 - bucket.tokens) / rateRps) * 1000;
    bucket.tokens--;
    return 0;
  }

  #find(client: string, nowMs: number): Bucket {
    const bucket = this.#buckets.get(client) ?? { tokens: this.#options.burst, atMs: nowMs };
    this.#buckets.delete(client);
    this.#buckets.set(client, bucket);
    if (this.#buckets.size > this.#options.maxClients) {
      const [quietest] = this.#buckets.keys();
      this.#buckets.delete(quietest!);
    }
    return bucket;
  }
}
