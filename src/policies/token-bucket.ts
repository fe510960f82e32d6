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

/** One client's bucket, between the clients heard of just before and just after it. */
interface Bucket {
  readonly client: string;
  tokens: number;
  atMs: number;
  before: Bucket | null;
  after: Bucket | null;
}

export class TokenBuckets {
  readonly #options: TokenBucketOptions;
  readonly #buckets = new Map<string, Bucket>();
  // A list beside the map: deleting and setting a key to move it to a map's end rebuilds a small map again and again.
  #quietest: Bucket | null = null;
  #latest: Bucket | null = null;

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
    if (this.#latest?.client === client) return this.#latest;
    let bucket = this.#buckets.get(client);
    if (bucket === undefined) {
      bucket = { client, tokens: this.#options.burst, atMs: nowMs, before: null, after: null };
      this.#buckets.set(client, bucket);
    } else {
      this.#unlink(bucket);
    }
    this.#append(bucket);
    if (this.#buckets.size > this.#options.maxClients) {
      const quietest = this.#quietest!;
      this.#unlink(quietest);
      this.#buckets.delete(quietest.client);
    }
    return bucket;
  }

  #append(bucket: Bucket): void {
    bucket.before = this.#latest;
    bucket.after = null;
    if (this.#latest === null) this.#quietest = bucket;
    else this.#latest.after = bucket;
    this.#latest = bucket;
  }

  #unlink({ before, after }: Bucket): void {
    if (before === null) this.#quietest = after;
    else before.after = after;
    if (after === null) this.#latest = before;
    else after.before = before;
  }
}
