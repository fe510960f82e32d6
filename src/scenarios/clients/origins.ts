/**
 * Where a client sends its requests when there are several places: in turn over those of the first tier, and to another
 * when one does not take the connection, as a browser does that has several addresses of a name (RFC 8305 section 2). The
 * next tier is for when nobody of the one before it takes connections.
 */

/**
 * Whoever did not take a connection is not asked again for this long, unless nobody else is left. Short enough that one
 * who comes back soon has its share, on the compressed clock of a scenario.
 */
export const AVOID_MS = 1_000;

const NONE: readonly string[] = [];

export class Origins {
  readonly #tiers: readonly (readonly string[])[];
  readonly #avoidUntilMs = new Map<string, number>();
  #turn = 0;

  /** @param tiers each with at least one. */
  constructor(tiers: readonly (readonly string[])[]) {
    this.#tiers = tiers;
  }

  /** @param tried by this request. @returns `null`: there is nobody else. */
  choose(nowMs: number, tried: readonly string[] = NONE): string | null {
    // As it is nearly always: everybody will do.
    if (this.#avoidUntilMs.size === 0 && tried.length === 0) return this.#next(this.#tiers[0]!);
    return (
      this.#first((origin) => !tried.includes(origin) && !this.#isAvoided(origin, nowMs)) ??
      this.#first((origin) => !tried.includes(origin))
    );
  }

  /** It did not take a connection. */
  failed(origin: string, nowMs: number): void {
    this.#avoidUntilMs.set(origin, nowMs + AVOID_MS);
  }

  /** Whose turn it is in the first tier where anybody will do. */
  #first(willDo: (origin: string) => boolean): string | null {
    for (const tier of this.#tiers) {
      const some = tier.filter(willDo);
      if (some.length > 0) return this.#next(some);
    }
    return null;
  }

  #next(some: readonly string[]): string {
    return some[this.#turn++ % some.length]!;
  }

  #isAvoided(origin: string, nowMs: number): boolean {
    return nowMs < (this.#avoidUntilMs.get(origin) ?? Number.NEGATIVE_INFINITY);
  }
}
