/**
 * The slots of a concurrency limit: how many are taken, and by which class of criticality. A class may have no more
 * than its share of the limit, so that the less critical are refused first and slots are left for the rest.
 *
 * The idea is that of the partitions of Netflix's concurrency-limits, and so is the rounding: up, and to 1 at least.
 * Theirs is a guarantee, though, and binds only when all slots are taken; this is a bound, and binds always: a slot
 * that is kept free is there at the moment when a critical request needs it.
 */

/** One class, which may have all. */
const NO_SHARES: readonly number[] = [1];

/** 0.55 of 100 is 55.00000000000001 in floating point, and must not round up to 56. */
const ROUNDING = 1e-9;

export class Slots {
  readonly #shares: readonly number[];
  /** By class: how many it may have, and how many it has. */
  readonly #caps: number[];
  readonly #taken: number[];
  #limit: number;
  #inFlight = 0;

  /** @param shares of the limit by class, the most critical first, each in (0, 1]; `null`: classes are not told apart. */
  constructor(limit: number, shares: readonly number[] | null) {
    this.#shares = shares ?? NO_SHARES;
    this.#taken = this.#shares.map(() => 0);
    this.#caps = this.#shares.map(() => 0);
    this.#limit = limit;
    this.resize(limit);
  }

  get limit(): number {
    return this.#limit;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** None when the limit has shrunk below what is in flight: nobody's slot is taken away. */
  get free(): number {
    return Math.max(0, this.#limit - this.#inFlight);
  }

  get classes(): number {
    return this.#shares.length;
  }

  /** The class of a criticality: whoever is less critical than the last class belongs to it. */
  classOf(criticality: number): number {
    return Math.min(criticality, this.#shares.length - 1);
  }

  /** How many a class may have. */
  capOf(kind: number): number {
    return this.#caps[kind]!;
  }

  /** Whether there is a slot for that class. */
  admits(kind: number): boolean {
    return this.#inFlight < this.#limit && this.#taken[kind]! < this.#caps[kind]!;
  }

  /** @returns whether there was one. */
  take(kind: number): boolean {
    if (!this.admits(kind)) return false;
    this.#inFlight++;
    this.#taken[kind]!++;
    return true;
  }

  release(kind: number): void {
    this.#inFlight--;
    this.#taken[kind]!--;
  }

  resize(limit: number): void {
    this.#limit = limit;
    for (let kind = 0; kind < this.#shares.length; kind++) {
      this.#caps[kind] = Math.max(1, Math.ceil(this.#shares[kind]! * limit - ROUNDING));
    }
  }
}
