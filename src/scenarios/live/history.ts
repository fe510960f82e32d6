/**
 * What was told so far, for pages that are opened while a run goes on. Nothing of it grows without bounds: of ticks and
 * events the oldest go; a variant's go when the next one begins, and everything when another run does.
 */
import type { FeedMessage } from './feed.js';

/** Five minutes of ticks, which is what a page keeps of a lab. */
export const MAX_TICKS = 1_200;

/** Ticks of a hundred workers are 25 KiB each: of those it is less than five minutes. */
export const MAX_TICK_BYTES = 4 * 1024 ** 2;

/** Messages of events; one holds those of a quarter of a second. */
export const MAX_HAPPENED = 1_200;

/** One message as it is sent, and its place in the order of all. */
export interface Frame {
  readonly number: number;
  readonly text: string;
}

/** Frames of one kind, of which the oldest go. */
class Rolling {
  readonly frames: Frame[] = [];
  readonly #maxCount: number;
  readonly #maxChars: number;
  #chars = 0;

  constructor(maxCount: number, maxChars: number) {
    this.#maxCount = maxCount;
    this.#maxChars = maxChars;
  }

  /** @returns the number of the newest that had to go; 0: none. */
  add(frame: Frame): number {
    this.frames.push(frame);
    this.#chars += frame.text.length;
    let gone = 0;
    while (this.frames.length > this.#maxCount || (this.#chars > this.#maxChars && this.frames.length > 1)) {
      const oldest = this.frames.shift()!;
      this.#chars -= oldest.text.length;
      gone = oldest.number;
    }
    return gone;
  }

  clear(): void {
    this.frames.length = 0;
    this.#chars = 0;
  }
}

export class History {
  /** Beginnings, results and ends: as many as the run has variants. */
  #turns: { readonly type: FeedMessage['type']; readonly frame: Frame }[] = [];
  readonly #ticks = new Rolling(MAX_TICKS, MAX_TICK_BYTES);
  readonly #happened = new Rolling(MAX_HAPPENED, MAX_TICK_BYTES);
  /** The newest frame that is not kept any more although what is before and after it is. */
  #gap = 0;

  add(message: FeedMessage, frame: Frame): void {
    const { type } = message;
    if (type === 'tick' || type === 'happened') {
      const kept = type === 'tick' ? this.#ticks : this.#happened;
      this.#gap = Math.max(this.#gap, kept.add(frame));
      return;
    }
    if (type !== 'measured') {
      this.#ticks.clear();
      this.#happened.clear();
    }
    const isFirst = type === 'begin' && message.variants[0] === message.variant;
    if (isFirst || type === 'idle') this.#turns = [];
    // It holds all results: what a page needs beside it is what the run was.
    if (type === 'end') this.#turns = this.#turns.filter((turn) => turn.type === 'begin').slice(-1);
    this.#turns.push({ type, frame });
  }

  /** In order; it begins with a `begin` or `idle`. */
  all(): readonly Frame[] {
    return this.#after(0);
  }

  /** What came after a frame; `null`: not all of it is kept any more. */
  since(number: number): readonly Frame[] | null {
    return number < this.#gap ? null : this.#after(number);
  }

  #after(number: number): readonly Frame[] {
    return [...this.#turns.map(({ frame }) => frame), ...this.#ticks.frames, ...this.#happened.frames]
      .filter((frame) => frame.number > number)
      .sort((a, b) => a.number - b.number);
  }
}
