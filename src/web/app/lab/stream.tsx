/** The stream of a live page: server-sent events, kept up; what it says of itself when it breaks. */
import { useEffect, useState } from 'preact/hooks';
import { wallClock } from '../../../core/clock.js';
import type { FeedMessage } from '../../../scenarios/live/feed.js';

const TYPES: readonly FeedMessage['type'][] = ['begin', 'tick', 'happened', 'measured', 'end', 'idle'];

/** The browser tries again by itself where it can; where it has given up, the page does, this much later. */
const AGAIN_MS = 1_000;

export type Link =
  | { readonly state: 'connecting' | 'open' }
  /** @property sinceMs the moment at which it broke, as clocks count. */
  | { readonly state: 'broken'; readonly sinceMs: number };

export class Stream {
  readonly address: string;
  readonly #take: (message: FeedMessage) => void;
  #link: Link = { state: 'connecting' };
  #source: EventSource | null = null;
  #isOver = false;
  readonly #listeners = new Set<() => void>();

  constructor(address: string, take: (message: FeedMessage) => void) {
    this.address = address;
    this.#take = take;
  }

  get link(): Link {
    return this.#link;
  }

  /** It was ended on purpose, and does not try again. */
  get isClosed(): boolean {
    return this.#isOver;
  }

  open(): void {
    const source = new EventSource(this.address);
    this.#source = source;
    source.onopen = () => this.#become({ state: 'open' });
    source.onerror = () => {
      if (this.#isOver) return;
      if (this.#link.state !== 'broken') this.#become({ state: 'broken', sinceMs: wallClock.nowMs() });
      // A server that answers with something else than a stream makes the browser give up for good.
      if (source.readyState === EventSource.CLOSED) {
        wallClock.after(AGAIN_MS, () => {
          if (!this.#isOver && this.#source === source) this.open();
        });
      }
    };
    for (const type of TYPES) {
      source.addEventListener(type, ({ data }: MessageEvent<string>) => {
        this.#take(JSON.parse(data) as FeedMessage);
      });
    }
  }

  close(): void {
    this.#isOver = true;
    this.#source?.close();
    this.#listeners.clear();
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #become(link: Link): void {
    this.#link = link;
    for (const listener of [...this.#listeners]) listener();
  }
}

export const useLink = (stream: Stream): Link => {
  const [link, setLink] = useState(stream.link);
  useEffect(() => {
    setLink(stream.link);
    return stream.listen(() => setLink(stream.link));
  }, [stream]);
  return link;
};
