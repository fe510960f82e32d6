/**
 * Hashing for consistent hashing: MurmurHash3 (Appleby, 2011), the variant with 32 bits, of a string's UTF-16 code
 * units, two a block. Quick on short keys without copying them to bytes, and even enough for a ring. It withstands no
 * attacker: whoever chooses keys can choose them for one upstream, which a bound on the load makes up for.
 */
import { GOLDEN, mix } from '../../core/hash.js';

const rotate = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));

const scramble = (block: number): number => Math.imul(rotate(Math.imul(block, 0xcc9e2d51), 15), 0x1b873593);

/** Unsigned, 32 bits. */
export const hashOf = (text: string, seed = 0): number => {
  let hash = seed | 0;
  const paired = text.length & ~1;
  for (let index = 0; index < paired; index += 2) {
    hash ^= scramble(text.charCodeAt(index) | (text.charCodeAt(index + 1) << 16));
    hash = (Math.imul(rotate(hash, 13), 5) + 0xe6546b64) | 0;
  }
  if (paired < text.length) hash ^= scramble(text.charCodeAt(paired));
  return mix(hash ^ (text.length * 2)) >>> 0;
};

/** The `step`-th number of the sequence that begins at a hash: as good as random, and always the same. */
export const hashStep = (hash: number, step: number): number => mix(hash + Math.imul(step, GOLDEN)) >>> 0;
