/**
 * One direction of a connection through a link in virtual time: messages of known size, as bytes through the link's own
 * pipe and its toxics. Nobody looks into the bytes, so they are always the same ones.
 */
import type { Clock } from '../../core/clock.js';
import { Pipe } from '../../upstream/links/pipe.js';
import type { Ending, Item } from '../../upstream/links/toxic.js';

/** As much as Node reads from a socket at once. */
const READ_BYTES = 64 * 1024;

const FILLER = Buffer.alloc(READ_BYTES);

export interface ChannelOptions {
  readonly clock: Clock;
  /** So many bytes have passed. */
  readonly onBytes: (bytes: number) => void;
  /** Nothing comes after it. */
  readonly onEnding: (ending: Ending) => void;
}

export class ModelChannel {
  readonly pipe: Pipe;
  readonly #options: ChannelOptions;
  /** What happens when so many bytes have passed, in order. */
  readonly #marks: { readonly atBytes: number; readonly run: () => void }[] = [];
  /** Sent while the pipe has no room. */
  readonly #waiting: Item[] = [];
  #isFull = false;
  #sentBytes = 0;
  #passedBytes = 0;
  #closed = false;

  constructor(options: ChannelOptions) {
    this.#options = options;
    this.pipe = new Pipe({
      clock: options.clock,
      sink: { full: false, accept: (item) => this.#accept(item) },
      source: {
        pause: () => {
          this.#isFull = true;
        },
        resume: () => this.#resume(),
      },
    });
  }

  /** @param passed called when all of it has. */
  send(bytes: number, passed: () => void): void {
    this.#sentBytes += bytes;
    this.#marks.push({ atBytes: this.#sentBytes, run: passed });
    for (let left = bytes; left > 0; left -= READ_BYTES) {
      this.#push({ bytes: FILLER.subarray(0, Math.min(left, READ_BYTES)) });
    }
    this.#reach();
  }

  end(ending: Ending): void {
    this.#push({ ending });
  }

  /** Nothing passes any more. */
  close(): void {
    this.#closed = true;
    this.#waiting.length = 0;
    this.pipe.stop();
  }

  #push(item: Item): void {
    if (this.#closed) return;
    if (this.#isFull) this.#waiting.push(item);
    else this.pipe.push(item);
  }

  #resume(): void {
    this.#isFull = false;
    while (!this.#isFull) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#push(next);
    }
  }

  #accept(item: Item): void {
    if (this.#closed) return;
    if ('ending' in item) {
      this.#options.onEnding(item.ending);
      return;
    }
    this.#passedBytes += item.bytes.length;
    this.#options.onBytes(item.bytes.length);
    this.#reach();
  }

  #reach(): void {
    while (!this.#closed && (this.#marks[0]?.atBytes ?? Number.POSITIVE_INFINITY) <= this.#passedBytes) {
      this.#marks.shift()!.run();
    }
  }
}
