/**
 * Where a run tells what happens, and where pages listen: each message is written once as an event of a stream, kept for
 * those that come later (`history.ts`), and handed to everybody who is there.
 */
import type { FeedMessage } from './feed.js';
import { type Frame, History } from './history.js';

/** How soon a page asks again whose stream broke off. */
const RETRY_MS = 1_000;

/** One page. */
export interface Listener {
  /** Takes text of the stream; must not throw. */
  take(text: string): void;
  /** Nothing comes any more. */
  end(): void;
}

/** A frame's number as a page gives it back in `Last-Event-ID`. */
const readId = (id: string | undefined, run: string): number | null => {
  const [of, number, ...more] = id?.split('-') ?? [];
  if (of !== run || number === undefined || !/^\d{1,15}$/.test(number) || more.length > 0) return null;
  return Number(number);
};

export class Channel {
  readonly #history = new History();
  readonly #listeners = new Set<Listener>();
  /** Tells the numbers of this channel from those of another process at the same address. */
  readonly #name: string;
  #number = 0;
  #closed = false;

  /** @param name letters and digits, another one for each start. */
  constructor(name: string) {
    this.#name = name;
  }

  /** Pages that listen now. */
  get listeners(): number {
    return this.#listeners.size;
  }

  publish(message: FeedMessage): void {
    const number = ++this.#number;
    const text = `event: ${message.type}\nid: ${this.#name}-${number}\ndata: ${JSON.stringify(message)}\n\n`;
    const frame: Frame = { number, text };
    this.#history.add(message, frame);
    for (const listener of this.#listeners) listener.take(text);
  }

  /**
   * @param lastId what the page has already, as it says.
   * @returns how to leave.
   */
  join(listener: Listener, lastId?: string): () => void {
    const last = readId(lastId, this.#name);
    const missed = (last === null ? null : this.#history.since(last)) ?? this.#history.all();
    listener.take([`retry: ${RETRY_MS}\n\n`, ...missed.map(({ text }) => text)].join(''));
    if (this.#closed) listener.end();
    else this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends every stream. */
  close(): void {
    this.#closed = true;
    for (const listener of this.#listeners) listener.end();
    this.#listeners.clear();
  }
}
