/**
 * When a heap will be full if it goes on growing as it does: a line through its samples of the last second (least squares),
 * continued to its limit. A decision core: it gets the time, and keeps nothing but that second.
 */

/** Ten collections of a small heap, or twenty samples: long enough that a sawtooth is no slope. */
export const HEAP_WINDOW_MS = 1_000;

/** With fewer samples there is no line; eight are 0.4 s. A leak that fills a heap in a second can still be seen coming. */
export const HEAP_MIN_SAMPLES = 8;

/** Below this share of its limit a heap is nobody's worry, whatever its slope. */
export const HEAP_MIN_RATIO = 0.4;

/**
 * Nor below this: V8 lets the young generation grow to 16 MiB before it collects, beside the 6 MiB of a worker with nothing
 * to do. Measured with a limit of 40 MiB: a healthy worker's heap is a sawtooth up to 22 MiB.
 */
export const HEAP_MIN_BYTES = 24 * 1024 ** 2;

/** Of a limit that is hardly more than that, this share counts: else nothing would ever be said of it. */
export const HEAP_MAX_RATIO = 0.75;

/** From how many bytes on a heap's slope is looked at. */
export const watchedFromBytes = (heapLimitBytes: number): number =>
  Math.max(heapLimitBytes * HEAP_MIN_RATIO, Math.min(HEAP_MIN_BYTES, heapLimitBytes * HEAP_MAX_RATIO));

export interface HeapReading {
  readonly heapBytes: number;
  readonly heapLimitBytes: number;
}

/** Bytes a millisecond; 0 for samples of one moment. */
const slopeOf = (atMs: readonly number[], heapBytes: readonly number[]): number => {
  let [sumT, sumB, sumTT, sumTB] = [0, 0, 0, 0];
  for (let index = 0; index < atMs.length; index++) {
    const t = atMs[index]! - atMs[0]!;
    const b = heapBytes[index]! - heapBytes[0]!;
    sumT += t;
    sumB += b;
    sumTT += t * t;
    sumTB += t * b;
  }
  const spread = atMs.length * sumTT - sumT * sumT;
  return spread === 0 ? 0 : (atMs.length * sumTB - sumT * sumB) / spread;
};

export class HeapForecast {
  /** Of the samples of the last second, in two rows of numbers: nothing is made for a sample. */
  readonly #atMs: number[] = [];
  readonly #heapBytes: number[] = [];

  /** @returns milliseconds until it is full; infinity when that is not in sight. */
  observe({ heapBytes, heapLimitBytes }: HeapReading, nowMs: number): number {
    this.#atMs.push(nowMs);
    this.#heapBytes.push(heapBytes);
    while (this.#atMs[0]! <= nowMs - HEAP_WINDOW_MS) {
      this.#atMs.shift();
      this.#heapBytes.shift();
    }
    if (heapBytes < watchedFromBytes(heapLimitBytes) || this.#atMs.length < HEAP_MIN_SAMPLES)
      return Number.POSITIVE_INFINITY;
    const slope = slopeOf(this.#atMs, this.#heapBytes);
    return slope <= 0 ? Number.POSITIVE_INFINITY : Math.max(0, heapLimitBytes - heapBytes) / slope;
  }
}

/** One for each worker. */
export class HeapForecasts {
  readonly #workers = new Map<string, HeapForecast>();

  /** @returns as `HeapForecast.observe`. */
  observe(worker: string, reading: HeapReading, nowMs: number): number {
    let forecast = this.#workers.get(worker);
    if (forecast === undefined) {
      forecast = new HeapForecast();
      this.#workers.set(worker, forecast);
    }
    return forecast.observe(reading, nowMs);
  }

  /** Its process is gone: the next one's heap has nothing to do with it. */
  forget(worker: string): void {
    this.#workers.delete(worker);
  }
}
