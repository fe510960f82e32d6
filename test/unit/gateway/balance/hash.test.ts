/** The hash: MurmurHash3 as published, and a sequence that is as good as random. */
import { describe, expect, it } from 'vitest';
import { hashOf, hashStep } from '../../../../src/gateway/balance/hash.js';

/** The string whose UTF-16 code units are the bytes of an ASCII text. */
const packed = (text: string): string => Buffer.from(text, 'latin1').toString('utf16le');

describe('the hash', () => {
  // Vectors of the 32 bit variant that implementations of MurmurHash3 share.
  it.each([
    ['', 0, 0x00000000],
    ['', 1, 0x514e28b7],
    ['', 0xffffffff, 0x81f16f39],
    ['\0\0\0\0', 0, 0x2362f9de],
    ['aaaa', 0x9747b28c, 0x5a97808a],
    ['aa', 0x9747b28c, 0x5d211726],
    ['abcd', 0x9747b28c, 0xf0478627],
    ['ab', 0x9747b28c, 0x74875592],
    ['hello, world', 0, 0x149bbb7f],
  ])('of %j with seed %i is %i', (text, seed, expected) => {
    expect(hashOf(packed(text), seed)).toBe(expected);
  });

  it('tells names apart that differ in the last digit', () => {
    const hashes = Array.from({ length: 1_000 }, (_, index) => hashOf(`worker-${index}`));
    expect(new Set(hashes).size).toBe(1_000);
    const upper = hashes.filter((hash) => hash >= 2 ** 31).length;
    expect(Math.abs(upper - 500)).toBeLessThan(80);
  });
});

describe('the steps from a hash', () => {
  it('are spread evenly, and the same each time', () => {
    const buckets = Array.from({ length: 8 }, () => 0);
    for (let step = 0; step < 8_000; step++) {
      const hash = hashStep(12_345, step);
      expect(hashStep(12_345, step)).toBe(hash);
      buckets[Math.floor(hash / 2 ** 29)]!++;
    }
    for (const count of buckets) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });
});
