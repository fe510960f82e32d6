/** Early warnings of an overload: queues that grow, and answers that get slower, long before anything fails. */
import { medianOf } from '../../core/statistics.js';
import { formatDuration } from '../../core/units.js';
import { LATENCY_TICK_MS } from './latency-ticks.js';
import type { MonitoringPlan, Rule } from './rule.js';
import { TICK_MS, type Tick } from './ticks.js';

/**
 * Requests that may wait in each worker beside as many as it serves at once: a worker with one slot at 70 % of its capacity
 * has ten of them in 3 % of the time, and nothing is wrong with it.
 */
export const QUEUE_SLACK = 8;
/** What has grown by so much… */
export const QUEUE_GROWTH = 1.5;
/** …in this time is growing. */
const QUEUE_WINDOW_MS = 1_000;

/** On when the queues are deep and grow, and off when they are not deep any more. */
export class QueueGrowth implements Rule {
  readonly #limit: number;
  readonly #before: number[] = [];
  #isOn = false;

  constructor({ workers, slots }: Pick<MonitoringPlan, 'workers' | 'slots'>) {
    this.#limit = workers * (slots + QUEUE_SLACK);
  }

  observe({ queued }: Tick): string | null {
    this.#before.push(queued);
    const before = this.#before.length > QUEUE_WINDOW_MS / TICK_MS ? this.#before.shift()! : 0;
    const isDeep = queued > this.#limit;
    this.#isOn = isDeep && (this.#isOn || queued >= before * QUEUE_GROWTH);
    if (!this.#isOn) return null;
    return `${queued} requests wait in the workers, where ${this.#limit} may, and ${before} did a second before`;
  }
}

/** The 99th percentile is so many times what it was… */
export const LATENCY_GROWTH = 2;
/** …in this many half seconds in a row: one may be chance, with a few dozen answers in each. */
export const LATENCY_ROW = 3;
/** With fewer answers in a half second the percentile is the luck of one of them. */
const LATENCY_MIN_ANSWERS = 30;
/** What it was: the median of the half seconds of so long before… */
const LATENCY_MEMORY_MS = 10_000;
/** …of which there have to be three seconds: the median of fewer is often so low that twice as much is chance. */
const LATENCY_MIN_MEMORY = 6;

export class LatencyGrowth implements Rule {
  readonly #memory: number[] = [];
  #row = 0;
  /** As it was before the row began: an hour of slowness would make slowness usual. */
  #usualMs = 0;
  #reason: string | null = null;

  observe({ latency }: Tick): string | null {
    if (latency === null) return this.#reason;
    const { answers, p99Ms } = latency;
    if (answers < LATENCY_MIN_ANSWERS) return this.#calm();
    if (this.#row === 0) this.#usualMs = medianOf(this.#memory);
    const known = this.#memory.length >= LATENCY_MIN_MEMORY;
    if (!known || p99Ms <= this.#usualMs * LATENCY_GROWTH) {
      this.#memory.push(p99Ms);
      if (this.#memory.length > LATENCY_MEMORY_MS / LATENCY_TICK_MS) this.#memory.shift();
      return this.#calm();
    }
    this.#row++;
    if (this.#row >= LATENCY_ROW) {
      this.#reason = `p99 is ${formatDuration(p99Ms)}, where it was ${formatDuration(this.#usualMs)}`;
    }
    return this.#reason;
  }

  #calm(): null {
    this.#row = 0;
    this.#reason = null;
    return null;
  }
}
