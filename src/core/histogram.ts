/**
 * Latencies, as an HDR histogram of three significant digits: a quantile is at most 0.1 % above the sample it stands
 * for. Samples are kept in microseconds.
 *
 * A run has thousands of these, most of them with few samples. So few samples are kept as they are, 8 bytes each, and more
 * in counters, 4 KiB for every doubling of the latency that occurs. It answers what Node's own histogram of three figures
 * answers, which has all its counters at once, 350 KiB of them.
 */

/** Quantiles in milliseconds. */
export interface LatencyMs {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

const MICROSECONDS = 1000;

/** Kept as they are; more would take more room than the counters of a latency that varies by a factor of 2. */
const MAX_PLAIN = 512;

/** Counters of an octave, which is a range whose end is twice its beginning: three digits, in powers of 2. */
const SLOTS = 1024;

/** Below twice that many microseconds each has a counter of its own: octave 0 is the beginning and the first octave. */
const FINE_US = 2 * SLOTS;

/** Beyond it, 35 minutes, the operators on bits do not reach. */
const MAX_INT32 = 2 ** 31 - 1;

const octaveOf = (us: number): number => {
  if (us < FINE_US) return 0;
  return (us <= MAX_INT32 ? 31 - Math.clz32(us) : Math.floor(Math.log2(us))) - 10;
};

/** The largest value that shares a counter with this one. */
const highestLike = (us: number): number => {
  const width = 2 ** octaveOf(us);
  return (Math.floor(us / width) + 1) * width - 1;
};

export class Histogram {
  /** `null`: there were too many. */
  #plain: number[] | null = [];
  /** By octave; what did not occur has none. */
  #octaves: (Uint32Array | undefined)[] = [];
  #count = 0;
  #maxUs = 0;

  /** @param ms a duration; below one microsecond counts as one microsecond. */
  record(ms: number): void {
    const us = Math.max(1, Math.round(ms * MICROSECONDS));
    this.#count++;
    if (us > this.#maxUs) this.#maxUs = us;
    if (this.#plain === null) this.#increment(us);
    else if (this.#plain.push(us) > MAX_PLAIN) this.#spill();
  }

  /** Takes in everything that another one has. */
  add(other: Histogram): void {
    this.#count += other.#count;
    this.#maxUs = Math.max(this.#maxUs, other.#maxUs);
    if (this.#plain !== null) {
      this.#plain = this.#plain.concat(other.#plain ?? []);
      if (other.#plain === null || this.#plain.length > MAX_PLAIN) this.#spill();
    } else {
      for (const us of other.#plain ?? []) this.#increment(us);
    }
    for (const [octave, counts] of other.#octaves.entries()) {
      if (counts === undefined) continue;
      const own = this.#countsOf(octave);
      for (let slot = 0; slot < counts.length; slot++) own[slot]! += counts[slot]!;
    }
  }

  get count(): number {
    return this.#count;
  }

  /** @param percent in (0, 100]. An empty histogram answers 0. */
  percentileMs(percent: number): number {
    if (this.#count === 0) return 0;
    const rank = Math.max(1, Math.floor((percent / 100) * this.#count + 0.5));
    return highestLike(this.#at(rank)) / MICROSECONDS;
  }

  get maxMs(): number {
    return this.#count === 0 ? 0 : highestLike(this.#maxUs) / MICROSECONDS;
  }

  latencyMs(): LatencyMs {
    return {
      p50: this.percentileMs(50),
      p95: this.percentileMs(95),
      p99: this.percentileMs(99),
      max: this.maxMs,
    };
  }

  /** @returns a value that shares its counter with the sample of that rank, the smallest of which is 1. */
  #at(rank: number): number {
    if (this.#plain !== null) return Float64Array.from(this.#plain).sort()[rank - 1]!;
    let seen = 0;
    for (const [octave, counts] of this.#octaves.entries()) {
      if (counts === undefined) continue;
      for (let slot = 0; slot < counts.length; slot++) {
        seen += counts[slot]!;
        if (seen >= rank) return (octave === 0 ? slot : slot + SLOTS) * 2 ** octave;
      }
    }
    return this.#maxUs;
  }

  #spill(): void {
    const plain = this.#plain ?? [];
    this.#plain = null;
    for (const us of plain) this.#increment(us);
  }

  #increment(us: number): void {
    const octave = octaveOf(us);
    const slot = octave === 0 ? us : Math.floor(us / 2 ** octave) - SLOTS;
    this.#countsOf(octave)[slot]!++;
  }

  #countsOf(octave: number): Uint32Array {
    let counts = this.#octaves[octave];
    if (counts === undefined) {
      counts = new Uint32Array(octave === 0 ? FINE_US : SLOTS);
      this.#octaves[octave] = counts;
    }
    return counts;
  }
}
