/** Which requests a fault meets: a share, drawn from the seed, or the first so many, or both. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/core/random.js';
import { chosenBy, isBelow } from '../../../../src/upstream/faults/chosen.js';
import { poisoned } from '../../../../src/upstream/faults/poisoned.js';

const draw = (count: number, share: number, requests: number | null, seed = 1): boolean[] => {
  const isChosen = chosenBy({ share, requests }, new Random(seed));
  return Array.from({ length: count }, isChosen);
};
const chosen = (draws: readonly boolean[]): number => draws.filter(Boolean).length;

describe('who is met', () => {
  it('is everybody by default', () => {
    expect(chosen(draw(100, 1, null))).toBe(100);
  });

  it('is the first so many', () => {
    expect(draw(5, 1, 2)).toEqual([true, true, false, false, false]);
  });

  it('is about the share, within five standard deviations, with any seed', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 0.99, noNaN: true }), fc.integer(), (share, seed) => {
        const deviation = Math.sqrt(4_000 * share * (1 - share));
        expect(Math.abs(chosen(draw(4_000, share, null, seed)) - 4_000 * share)).toBeLessThan(5 * deviation);
      }),
      { numRuns: 50 },
    );
  });

  it('is never more than the number given, and exactly that where enough come', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.integer(), (requests, seed) => {
        expect(chosen(draw(1_000, 0.5, requests, seed))).toBe(requests);
      }),
    );
  });

  it('is the same with the same seed', () => {
    expect(draw(100, 0.3, null, 7)).toEqual(draw(100, 0.3, null, 7));
    expect(draw(100, 0.3, null, 7)).not.toEqual(draw(100, 0.3, null, 8));
  });
});

describe('a path', () => {
  it.each([
    [null, '/jobs', true],
    [null, undefined, true],
    ['/jobs', '/jobs', true],
    ['/jobs', '/jobs/47?x=1', true],
    ['/jobs', '/job', false],
    ['/jobs', '/web/jobs', false],
    ['/jobs', undefined, false],
  ])('%s: %s is met: %s', (path, url, met) => {
    expect(isBelow(path, { url })).toBe(met);
  });
});

describe('a poisoned request', () => {
  const fingerprint = fc.string({ minLength: 1 });
  const share = fc.double({ min: 0, max: 1, noNaN: true });

  it('is poisoned wherever and however often it is sent', () => {
    fc.assert(
      fc.property(fingerprint, share, (text, ratio) => {
        expect(poisoned(text, ratio)).toBe(poisoned(text, ratio));
      }),
    );
  });

  it('stays so when the share grows', () => {
    fc.assert(
      fc.property(fingerprint, share, share, (text, a, b) => {
        if (poisoned(text, Math.min(a, b))) expect(poisoned(text, Math.max(a, b))).toBe(true);
      }),
    );
  });

  it('is about one of as many as the share says', () => {
    const texts = Array.from({ length: 10_000 }, (_, index) => `request-${index}`);
    expect(texts.filter((text) => poisoned(text, 0.01)).length).toBeGreaterThan(60);
    expect(texts.filter((text) => poisoned(text, 0.01)).length).toBeLessThan(150);
    expect(texts.filter((text) => poisoned(text, 1)).length).toBe(10_000);
    expect(texts.filter((text) => poisoned(text, 0)).length).toBe(0);
  });

  it('has a fingerprint: one without is never poisoned', () => {
    expect(poisoned('', 1)).toBe(false);
  });
});
