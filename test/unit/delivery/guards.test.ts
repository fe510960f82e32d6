/** Changes that are valid and too large: what each guard lets through, and what it says. */
import { describe, expect, it } from 'vitest';
import { capacityGuard, guardChange, sizeGuard } from '../../../src/delivery/guards.js';

const self = (config: number): number => config;

describe('the capacity guard', () => {
  const guard = capacityGuard({ measure: self });

  it.each([
    ['a quarter', 100, 75],
    ['nothing', 100, 100],
    ['less than nothing', 100, 400],
    ['of nothing', 0, 0],
    ['the first capacity there is', 0, 10],
  ])('lets a change through that removes %s', (_name, from, to) => {
    expect(guard(from, to)).toBeNull();
  });

  it.each([
    [
      'more than a quarter',
      100,
      74,
      'it would remove 26% of the capacity (100 before, 74 after), where 25% at once is the limit',
    ],
    ['all, as in May 2024', 100, 0, 'it would remove all capacity: 100 before, 0 after'],
    ['what cannot be told', 100, Number.NaN, 'its capacity cannot be told: 100 before, NaN after'],
  ])('holds a change back that removes %s', (_name, from, to, expected) => {
    expect(guard(from, to)).toBe(expected);
  });

  it('holds a change back that removes all, even where everything may be removed', () => {
    expect(capacityGuard({ measure: self, maxRemovedRatio: 1 })(1, 0)).toMatch(/all capacity/);
  });
});

describe('the size guard', () => {
  const guard = sizeGuard({ measure: self });

  it.each([
    ['almost double', 2_000, 3_999],
    ['almost half', 2_000, 1_001],
    ['double of little', 10, 1_000],
    ['nothing of little', 1_024, 0],
  ])('lets a config through that becomes %s', (_name, from, to) => {
    expect(guard(from, to)).toBeNull();
  });

  it.each([
    [
      'double, as in November 2025',
      2_000,
      4_000,
      'it would make the config grow 2 times (size 2000 before, 4000 after)',
    ],
    ['much of little', 10, 10_240, 'it would make the config grow 10 times (size 10 before, 10240 after)'],
    ['half', 4_000, 2_000, 'it would make the config shrink 2 times (size 4000 before, 2000 after)'],
    ['nothing', 4_096, 0, 'it would make the config shrink 4 times (size 4096 before, 0 after)'],
    ['what cannot be told', 2_000, Infinity, 'its size cannot be told: 2000 before, Infinity after'],
  ])('holds a config back that becomes %s', (_name, from, to, expected) => {
    expect(guard(from, to)).toBe(expected);
  });
});

describe('guards together', () => {
  it('say everything that any of them says', () => {
    const guards = [capacityGuard({ measure: self }), sizeGuard({ measure: self, floor: 0 })];
    expect(guardChange(guards, 100, 90)).toBeNull();
    expect(guardChange(guards, 100, 50)).toMatch(/remove 50%.*; .*shrink 2 times/);
    expect(guardChange([], 100, 0)).toBeNull();
  });
});
