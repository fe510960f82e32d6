/**
 * Latencies, as an HDR histogram (Node's own, native): constant cost per sample and bounded memory, three significant
 * digits. Samples are kept in microseconds, because the native histogram takes integers only.
 */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** Quantiles in milliseconds. */
export interface LatencyMs {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

const MICROSECONDS = 1000;

export class Histogram {
  readonly #native: RecordableHistogram = createHistogram({ figures: 3 });

  /** @param ms a duration; below one microsecond counts as one microsecond. */
  record(ms: number): void {
    this.#native.record(Math.max(1, Math.round(ms * MICROSECONDS)));
  }

  get count(): number {
    return this.#native.count;
  }

  /** @param percent in (0, 100]. An empty histogram answers 0. */
  percentileMs(percent: number): number {
    return this.count === 0 ? 0 : this.#native.percentile(percent) / MICROSECONDS;
  }

  get maxMs(): number {
    return this.count === 0 ? 0 : this.#native.max / MICROSECONDS;
  }

  latencyMs(): LatencyMs {
    return {
      p50: this.percentileMs(50),
      p95: this.percentileMs(95),
      p99: this.percentileMs(99),
      max: this.maxMs,
    };
  }
}
