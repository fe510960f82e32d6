/**
 * A count over the last while, in buckets: what is older than the window is forgotten a bucket at a time. So it covers
 * between `windowMs − windowMs / buckets` and `windowMs`, and costs the same however much is counted.
 */

/** Sixty: a window forgets its oldest sixtieth at once, which no decision notices, in half a kilobyte. */
const DEFAULT_BUCKETS = 60;

export class RollingWindow {
  readonly #bucketMs: number;
  readonly #buckets: Float64Array;
  /** The number of the bucket that is being filled, counted from the epoch. */
  #current = -Infinity;
  #sum = 0;

  constructor(windowMs: number, buckets = DEFAULT_BUCKETS) {
    this.#bucketMs = windowMs / buckets;
    this.#buckets = new Float64Array(buckets);
  }

  /** @param nowMs what is late by a little counts for the latest bucket. */
  add(amount: number, nowMs: number): void {
    this.#advance(nowMs);
    this.#buckets[this.#current % this.#buckets.length]! += amount;
    this.#sum += amount;
  }

  sumAt(nowMs: number): number {
    this.#advance(nowMs);
    return this.#sum;
  }

  #advance(nowMs: number): void {
    const target = Math.floor(nowMs / this.#bucketMs);
    if (target <= this.#current) return;
    const { length } = this.#buckets;
    for (let bucket = Math.max(this.#current, target - length) + 1; bucket <= target; bucket++) {
      this.#buckets[bucket % length] = 0;
    }
    this.#current = target;
    // Added up anew: taking the old buckets off would leave what floating point lost on the way.
    this.#sum = 0;
    for (const amount of this.#buckets) this.#sum += amount;
  }
}
