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

/** One item as it is watched; a list of its own, because a map that changes with every request leaves tables behind that keep what was in them alive. */
export class Watched<Item extends Moving> {
  /** `null` once it is watched no more. */
  item: Item | null;
  progress: number | null;
  /** Looks in a row that found it where it was. */
  idleLooks = -1;
  before: Watched<Item> | null = null;
  after: Watched<Item> | null = null;
  readonly #watch: IdleWatch<Item>;

  constructor(watch: IdleWatch<Item>, item: Item) {
    this.#watch = watch;
    this.item = item;
    this.progress = item.progress;
  }

  /** Does nothing when it is watched no more. */
  end(): void {
    this.#watch.remove(this);
  }
}

export class IdleWatch<Item extends Moving> {
  readonly #intervalMs: number;
  readonly #clock: Clock;
  readonly #expire: (item: Item) => void;
  #first: Watched<Item> | null = null;
  #size = 0;
  #timer: Timer | null = null;

  /** @param expire called once with each item that stood still; it is watched no more. */
  constructor(timeoutMs: number, clock: Clock, expire: (item: Item) => void) {
    this.#intervalMs = timeoutMs / LOOKS;
    this.#clock = clock;
    this.#expire = expire;
  }

  get size(): number {
    return this.#size;
  }

  /** Watches it until the watching is ended. */
  add(item: Item): Watched<Item> {
    const watched = new Watched(this, item);
    watched.after = this.#first;
    if (this.#first !== null) this.#first.before = watched;
    this.#first = watched;
    this.#size++;
    // The timer ends at the first look that finds nobody: bodies that come one after another would each start another.
    this.#timer ??= this.#clock.every(this.#intervalMs, this.#look);
    return watched;
  }

  remove(watched: Watched<Item>): void {
    if (watched.item === null) return;
    const { before, after } = watched;
    if (before === null) this.#first = after;
    else before.after = after;
    if (after !== null) after.before = before;
    this.#size--;
    // Whatever is dead and not yet collected must keep nobody alive.
    watched.item = null;
    watched.before = null;
    watched.after = null;
  }

  /** Nobody is left; the timer need not wait for its next look. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  readonly #look = (): void => {
    if (this.#first === null) {
      this.stop();
      return;
    }
    // All of them first: whoever is expired may take others along.
    const all: Watched<Item>[] = [];
    for (let one: Watched<Item> | null = this.#first; one !== null; one = one.after) all.push(one);
    for (const one of all) this.#lookAt(one);
  };

  #lookAt(watched: Watched<Item>): void {
    const { item } = watched;
    if (item === null) return;
    const { progress } = item;
    if (progress === null || progress !== watched.progress) {
      watched.progress = progress;
      watched.idleLooks = 0;
    } else if (++watched.idleLooks >= LOOKS) {
      this.remove(watched);
      this.#expire(item);
    }
  }
}
