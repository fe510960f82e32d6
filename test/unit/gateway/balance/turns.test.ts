/** The balancers that take turns: round robin, and weighted round robin with its credits. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Random } from '../../../../src/core/random.js';
import { weightedRoundRobin } from '../../../../src/gateway/balance/weighted-round-robin.js';
import { alike, choice, countChoices, make, weighing } from '../../../support/balancing.js';

describe('round-robin', () => {
  it('shares the dead one’s turn among all that are left, not with its neighbour alone', () => {
    const [a, , c, d] = alike(4);
    expect(countChoices(make('round-robin'), [a!, c!, d!], 300)).toEqual([100, 100, 100]);
  });

  it('does not know weights', () => {
    expect(countChoices(make('round-robin'), weighing(9, 1), 100)).toEqual([50, 50]);
  });
});

/** Begins at 0 for all, as nginx does. */
const asInNginx = () => weightedRoundRobin({ random: { next: () => 0.5 } as unknown as Random });

describe('weighted-round-robin', () => {
  it.each([
    [[5, 1, 1], 'aabacaa'],
    [[3, 1], 'aaba'],
    [[2, 1], 'aba'],
    [[1, 1, 1], 'abc'],
    [[7], 'aaa'],
  ])('with the weights %j goes %s', (weights, expected) => {
    const selector = asInNginx();
    const available = weighing(...weights);
    const sequence = Array.from(expected, () => available.indexOf(selector.select(available, choice())));
    expect(sequence.map((index) => 'abc'[index]).join('')).toBe(expected);
  });

  it('shares the dead one’s weight among the rest in proportion', () => {
    const [, b, c] = weighing(5, 3, 2);
    const [many, few] = countChoices(make('weighted-round-robin'), [b!, c!], 500);
    expect(Math.abs(many! - 300)).toBeLessThanOrEqual(2);
    expect(Math.abs(few! - 200)).toBeLessThanOrEqual(2);
  });

  it('is never far from the exact share, at any moment', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(weights, fc.integer(), (weights, seed) => {
        const selector = make('weighted-round-robin', {}, seed);
        const available = weighing(...weights);
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const counts = weights.map(() => 0);
        let farthest = 0;
        for (let turn = 1; turn <= 300; turn++) {
          counts[available.indexOf(selector.select(available, choice()))]!++;
          for (const [index, weight] of weights.entries()) {
            farthest = Math.max(farthest, Math.abs(counts[index]! - (turn * weight) / total));
          }
        }
        // One and a half is the farthest seen; half a turn of that is how it begins.
        expect(farthest).toBeLessThan(2);
      }),
    );
  });

  it('does not make up for the time that one was away', () => {
    const available = weighing(1, 1, 1, 1);
    const selector = make('weighted-round-robin');
    countChoices(selector, available, 7);
    countChoices(selector, available.slice(1), 1_000);
    const [back] = countChoices(selector, available, 8);
    expect(back, 'two of eight is its share').toBeLessThanOrEqual(4);
    expect(back).toBeGreaterThanOrEqual(1);
  });

  it('carries no debt in old weights over to new ones', () => {
    const available = weighing(1_000, 900, 1);
    const selector = make('weighted-round-robin');
    countChoices(selector, available, 5);
    for (const upstream of available) upstream.weight = 1;
    for (const count of countChoices(selector, available, 30))
      expect(Math.abs(count - 10)).toBeLessThanOrEqual(2);
  });

  it('stops at once for a weight of 0, whatever it has saved', () => {
    const available = alike(3);
    const selector = asInNginx();
    expect(selector.select(available, choice())).toBe(available[0]);
    // It would be next.
    available[1]!.weight = 0;
    expect(countChoices(selector, available, 100)[1]).toBe(0);
  });

  it('bursts for nobody and starves nobody, whatever went before', () => {
    const phase = fc.record({
      mask: fc.integer({ min: 1, max: 31 }),
      weights: fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 5, maxLength: 5 }),
      turns: fc.nat(40),
    });
    fc.assert(
      fc.property(fc.array(phase, { maxLength: 20, size: 'max' }), fc.integer(), (phases, seed) => {
        const available = alike(5);
        const selector = make('weighted-round-robin', {}, seed);
        for (const { mask, weights, turns } of phases) {
          for (const [index, weight] of weights.entries()) available[index]!.weight = weight;
          countChoices(
            selector,
            available.filter((_, index) => mask & (1 << index)),
            turns,
          );
        }
        for (const upstream of available) upstream.weight = 1;
        for (const count of countChoices(selector, available, 100)) {
          expect(Math.abs(count - 20)).toBeLessThanOrEqual(3);
        }
      }),
    );
  });

  it('stays fair within two levels between which requests alternate', () => {
    const all = alike(5);
    const levels = [all.slice(0, 3), all.slice(3)];
    const selector = make('weighted-round-robin');
    const counts = new Map(all.map(({ id }) => [id, 0]));
    for (let request = 0; request < 1_000; request++) {
      const { id } = selector.select(levels[request % 2]!, choice());
      counts.set(id, counts.get(id)! + 1);
    }
    const [a, b, c, d, e] = [...counts.values()];
    for (const count of [a, b, c]) expect(Math.abs(count! - 500 / 3)).toBeLessThanOrEqual(2);
    for (const count of [d, e]) expect(Math.abs(count! - 250)).toBeLessThanOrEqual(2);
  });
});
