/**
 * Seeded randomness. Every consumer gets a stream of its own by `fork(label)`; the stream depends on the seed and the
 * label alone, so adding a consumer does not shift what the others draw.
 *
 * The generator is xoroshiro128+ (Blackman and Vigna, 2018) from pure-rand.
 */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import { GOLDEN, hashText, mix } from './hash.js';

/** The generator's 128 bits from a seed's 32: small seeds, which people choose, must not give small states. */
const stateOf = (seed: number): number[] => [1, 2, 3, 4].map((step) => mix(seed + Math.imul(step, GOLDEN)));

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

const hex8 = (word: number): string =>
  HEX[word >>> 24]! + HEX[(word >>> 16) & 0xff]! + HEX[(word >>> 8) & 0xff]! + HEX[word & 0xff]!;

export class Random {
  readonly seed: number;
  readonly #generator: ReturnType<typeof xoroshiro128plusFromState>;

  /** @param seed any integer; only its low 32 bits count. */
  constructor(seed: number) {
    this.seed = seed | 0;
    this.#generator = xoroshiro128plusFromState(stateOf(this.seed));
  }

  /** An independent stream for one consumer. */
  fork(label: string): Random {
    return new Random(hashText(label, this.seed));
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
