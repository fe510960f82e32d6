/** Who gets a new version first: an even share of the clients, always the same ones, and others at the next rollout. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cohortOf } from '../../../src/delivery/cohort.js';

/** The addresses of one network: they differ in few bits. */
const ADDRESSES = Array.from({ length: 10_000 }, (_, index) => `10.0.${index >> 8}.${index & 255}`);

const below = (share: number, salt: number): string[] =>
  ADDRESSES.filter((address) => cohortOf(address, salt) < share);

describe('a cohort', () => {
  it.each([0.01, 0.05, 0.25, 0.5, 0.9])(
    'of %d is about that share of the addresses of a network',
    (share) => {
      // Four standard errors of so many draws.
      const tolerance = 4 * Math.sqrt(share * (1 - share) * ADDRESSES.length);
      expect(Math.abs(below(share, 7).length - share * ADDRESSES.length)).toBeLessThan(tolerance);
    },
  );

  it('is even over all of the range', () => {
    const bins = new Array<number>(20).fill(0);
    for (const address of ADDRESSES) bins[Math.floor(cohortOf(address, 3) * 20)]!++;
    for (const count of bins) expect(Math.abs(count - 500)).toBeLessThan(100);
  });

  it('holds other clients for another version', () => {
    const first = new Set(below(0.1, 2));
    const again = below(0.1, 3).filter((address) => first.has(address));
    expect(again.length, 'a tenth of a tenth, by chance').toBeLessThan(200);
  });

  it('is the same at every look, and lies between 0 and 1', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer(), (key, salt) => {
        const place = cohortOf(key, salt);
        expect(place).toBeGreaterThanOrEqual(0);
        expect(place).toBeLessThan(1);
        expect(cohortOf(key, salt)).toBe(place);
      }),
    );
  });

  it('at a share of 1 is everybody', () => {
    expect(below(1, 5)).toHaveLength(ADDRESSES.length);
  });
});
