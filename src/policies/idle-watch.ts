/**
 * Bodies that stand still. A timer that is set anew for every chunk would cost more than the chunk; so those under way
 * are looked at a few times per timeout, and whoever has not moved in all of these looks is expired. An item is expired
 * between `timeoutMs` and `timeoutMs · (1 + 1/LOOKS)` after it last moved.
 */
import type { Clock, Timer } from '../core/clock.js';

/** Looks per timeout: expiry is late by a quarter at most. */
const LOOKS = 4;

export interface Moving {
  /** Whatever changes when it moves, such as the bytes so far; `null`: it is not its turn to move. */
  readonly progress: number | null;
}

interface Seen {
  progress: number | null;
  /** Looks in a row that found it where it was. */
  idleLooks: number;
}

export class IdleWatch<Item extends Moving> {
  readonly #items = new Map<Item, Seen>();
  readonly #intervalMs: number;
  readonly #clock: Clock;
  readonly #expire: (item: Item) => void;
  #timer: Timer | null = null;

  /** @param expire called once with each item that stood still; it is watched no more. */
  constructor(timeoutMs: number, clock: Clock, expire: (item: Item) => void) {
    this.#intervalMs = timeoutMs / LOOKS;
    this.#clock = clock;
    this.#expire = expire;
  }

  get size(): number {
    return this.#items.size;
  }

  add(item: Item): void {
    this.#items.set(item, { progress: item.progress, idleLooks: -1 });
    // The timer ends at the first look that finds nobody: bodies that come one after another would each start another.
    this.#timer ??= this.#clock.every(this.#intervalMs, this.#look);
  }

  remove(item: Item): void {
    this.#items.delete(item);
  }

  /** Nobody is left; the timer need not wait for its next look. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  readonly #look = (): void => {
    if (this.#items.size === 0) {
      this.stop();
      return;
    }
    for (const [item, seen] of this.#items) {
      const { progress } = item;
      if (progress === null || progress !== seen.progress) {
        seen.progress = progress;
        seen.idleLooks = 0;
      } else if (++seen.idleLooks >= LOOKS) {
        this.remove(item);
        this.#expire(item);
      }
    }
  };
}
