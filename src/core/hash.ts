/** What hashes here are made of. None withstands an attacker who chooses what is hashed. */

/** The finalizer of MurmurHash3 (Appleby, 2011), 32 bits, signed: every bit of the input moves every bit of the output. */
export const mix = (word: number): number => {
  let mixed = word | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) | 0;
};

/** The golden ratio in 32 bits: the step of SplitMix (Steele, Lea and Flood, 2014). */
export const GOLDEN = 0x9e3779b9;

/**
 * FNV-1a of a string's UTF-16 code units, mixed at the end, because labels such as worker-1 and worker-2, or addresses of
 * one network, differ in a few low bits only. Signed, 32 bits.
 */
export const hashText = (text: string, seed: number): number => {
  let hash = mix(seed ^ 0x811c9dc5);
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return mix(hash);
};
