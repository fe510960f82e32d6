/**
 * Recycling: a worker whose heap has grown to a share of its limit is drained and replaced before V8 aborts it. A leak
 * is not mended by it; it costs nobody a request any more. Decides who is next, never more than one at a time.
 */
import { Duration, Optional, Percent, Section, type Static } from '../../core/schema.js';
import { parseDurationMsOr, parseRatio } from '../../core/units.js';

export const RecycleSchema = Section(
  {
    at: Optional(
      Percent(
        'Share of the heap limit at which a worker is replaced; default 70%, since V8 aborts from 78% on.',
      ),
    ),
    drain: Optional(Duration('What is in flight may take so long to end; default 1s.')),
    pause: Optional(Duration('From one that is back to the next one; default 500ms.')),
  },
  'Replaces a worker before its heap is full, one at a time.',
);

export interface RecycleConfig {
  readonly atRatio: number;
  readonly drainMs: number;
  readonly pauseMs: number;
}

/** V8 was seen to abort at 50 to 65 MiB under a limit of 64 MiB, so 70 % is the last mark below all of it. */
export const resolveRecycle = (section: Static<typeof RecycleSchema>): RecycleConfig => ({
  atRatio: parseRatio(section.at ?? '70%'),
  drainMs: parseDurationMsOr(section.drain, 1_000),
  pauseMs: parseDurationMsOr(section.pause, 500),
});

export interface HeapReading {
  readonly worker: string;
  /** Takes requests now. */
  readonly serving: boolean;
  /** Heap in use, of the limit. */
  readonly heapRatio: number;
}

export class Recycling {
  readonly #config: RecycleConfig;
  #underWay = false;
  #finishedMs = Number.NEGATIVE_INFINITY;

  constructor(config: RecycleConfig) {
    this.#config = config;
  }

  /** @returns the worker to replace now, which is then under way until `finished`; `null`: none. */
  next(readings: readonly HeapReading[], nowMs: number): string | null {
    if (this.#underWay || nowMs - this.#finishedMs < this.#config.pauseMs) return null;
    const serving = readings.filter((reading) => reading.serving);
    // The last one that serves stays, unless there are no others to wait for.
    if (serving.length < 2 && readings.length > 1) return null;
    const [fullest] = serving
      .filter(({ heapRatio }) => heapRatio >= this.#config.atRatio)
      .sort((a, b) => b.heapRatio - a.heapRatio);
    if (fullest === undefined) return null;
    this.#underWay = true;
    return fullest.worker;
  }

  finished(nowMs: number): void {
    this.#underWay = false;
    this.#finishedMs = nowMs;
  }
}
