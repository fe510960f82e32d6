/**
 * The versions of a config: their numbers, and the contents of those that may still be needed.
 *
 * A number names a content for good: version 3 is the same bytes whenever somebody speaks of it, so going back to it is
 * going back to version 3, and not to a version 5 that happens to look like it. What tells an order to go back from a
 * late order to go forward is therefore not the version but the number of the order (`live-versions.ts`).
 */

export interface Versioned<Config> {
  readonly version: number;
  readonly config: Config;
}

/**
 * Good versions kept; the oldest is forgotten. Going back takes one step at a time, and whoever needs more than twenty
 * knows what to push instead.
 */
export const MAX_GOOD_VERSIONS = 20;

/** A history as it is kept over the life of a process. */
export interface HistoryRecord<Config> {
  /** Versions that reached everybody and were not left since, oldest first. Never empty. */
  readonly good: readonly Versioned<Config>[];
  /** The highest number that was given. */
  readonly numbered: number;
}

export class VersionHistory<Config> {
  readonly #good: Versioned<Config>[];
  #numbered: number;

  /** @param before what was kept of another process's; left out: the config is the first version. */
  constructor(initial: Config, before?: HistoryRecord<Config>) {
    this.#good = before === undefined ? [{ version: 1, config: initial }] : [...before.good];
    this.#numbered = before?.numbered ?? 1;
  }

  get record(): HistoryRecord<Config> {
    return { good: [...this.#good], numbered: this.#numbered };
  }

  /** The version everybody is meant to have. */
  get stable(): Versioned<Config> {
    return this.#good.at(-1)!;
  }

  /** The one to go back to from the stable version; `null` when that is the first that is known. */
  get previous(): Versioned<Config> | null {
    return this.#good.at(-2) ?? null;
  }

  /** A number for a new config. It keeps it, whatever becomes of it. */
  number(config: Config): Versioned<Config> {
    this.#numbered++;
    return { version: this.#numbered, config };
  }

  /** It reached everybody. */
  promote(candidate: Versioned<Config>): void {
    this.#good.push(candidate);
    if (this.#good.length > MAX_GOOD_VERSIONS) this.#good.shift();
  }

  /** The stable version is good no more; there must be one before it. */
  leave(): void {
    if (this.#good.length === 1) throw new Error('there is no version to go back to');
    this.#good.pop();
  }
}
