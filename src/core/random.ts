/**
 * Seeded randomness. Every consumer gets a stream of its own by `fork(label)`; the stream depends on the seed and the
 * label alone, so adding a consumer does not shift what the others draw.
 *
 * The generator is xoroshiro128+ (Blackman and Vigna, 2018) from pure-rand.
 */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** FNV-1a, 32 bit: spreads labels over seeds; no more is asked of it. */
const hashLabel = (seed: number, label: string): number => {
  let hash = 0x811c9dc5 ^ seed;
  for (let index = 0; index < label.length; index++) {
    hash = Math.imul(hash ^ label.charCodeAt(index), 0x01000193);
  }
  return hash | 0;
};

const hex8 = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');

export class Random {
  readonly seed: number;
  readonly #generator: ReturnType<typeof xoroshiro128plus>;

  /** @param seed any integer; only its low 32 bits count. */
  constructor(seed: number) {
    this.seed = seed | 0;
    this.#generator = xoroshiro128plus(this.seed);
  }

  /** An independent stream for one consumer. */
  fork(label: string): Random {
    return new Random(hashLabel(this.seed, label));
  }

  /** Uniform in [0, 1). */
  next(): number {
    return uniformFloat64(this.#generator);
  }

  /** Uniform integer in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  /** Exponential with the given mean, by inversion. */
  exponential(mean: number): number {
    return -mean * Math.log1p(-this.next());
  }

  /** 16 hex digits: 64 bits of the stream. */
  hex16(): string {
    return hex8(this.#generator.next()) + hex8(this.#generator.next());
  }
}
