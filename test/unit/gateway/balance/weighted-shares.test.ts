/** Shares by weight: they hold over the available upstreams, whichever those are. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Random } from '../../../../src/core/random.js';
import { weightedRandom } from '../../../../src/gateway/balance/random.js';
import type { Upstream } from '../../../../src/gateway/upstream-pool.js';
import { choice, countChoices, make, weighing } from '../../../support/balancing.js';

/** Two to eight upstreams with weights, and some of them. */
const pools = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 10 }), fc.boolean()), { minLength: 2, maxLength: 8 })
  .filter((specs) => specs.some(([, isAvailable]) => isAvailable))
  .map((specs) => {
    const all = weighing(...specs.map(([weight]) => weight));
    return { all, available: all.filter((_, index) => specs[index]![1]) };
  });

const fairShares = (available: readonly Upstream[]): number[] => {
  const total = available.reduce((sum, { weight }) => sum + weight, 0);
  return available.map(({ weight }) => weight / total);
};

/** 4,000 draws: the standard deviation of a share is at most 0.8 %, so this is six of them. */
const DRAWS = 4_000;
const TOLERANCE = 0.05;

describe.each([
  ['random', {}],
  ['weighted-round-robin', {}],
  ['ring-hash', { minRingSize: 16_384 }],
  ['maglev', {}],
] as const)('%s', (name, options) => {
  it('gives each of the available its weight’s share of the requests', () => {
    fc.assert(
      fc.property(pools, fc.integer(), ({ all, available }, seed) => {
        const selector = make(name, options, seed);
        // All have been there once, so that what is left of the others could do harm.
        countChoices(selector, all, 10);
        const counts = countChoices(selector, available, DRAWS);
        for (const [index, share] of fairShares(available).entries()) {
          expect(Math.abs(counts[index]! / DRAWS - share)).toBeLessThan(TOLERANCE);
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('random', () => {
  it('does not fall off the end onto a weight of 0 when sums are rounded', () => {
    // The last that a stream can draw.
    const random = { next: () => 1 - 2 ** -53 } as unknown as Random;
    const weights = fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(weights, (weights) => {
        const available = weighing(...weights, 0);
        const chosen = weightedRandom({ random }).select(available, choice());
        expect(available.indexOf(chosen)).toBe(weights.length - 1);
      }),
    );
  });
});

describe('least-requests', () => {
  it('gives each of the available its weight’s share of what is in flight', () => {
    fc.assert(
      fc.property(pools, fc.integer(), ({ available }, seed) => {
        const selector = make('least-requests', {}, seed);
        for (let request = 0; request < 500; request++) selector.select(available, choice()).inFlight++;
        // The highest weight / (load + 1) is how D'Hondt gives out seats: nobody gets less than its share, rounded down.
        for (const [index, share] of fairShares(available).entries()) {
          expect(available[index]!.inFlight).toBeGreaterThanOrEqual(Math.floor(share * 500 - 1e-9));
        }
      }),
    );
  });

  it.each<readonly [weights: number[], loads: number[], chosen: number[]]>([
    // 1/4, 1/2, 1/3: the second.
    [[1, 1, 1], [3, 1, 2], [1]],
    [
      [1, 1, 1],
      [0, 5, 0],
      [0, 2],
    ],
    [[1], [7], [0]],
    // 4/4, 1/1: equals.
    [
      [4, 1],
      [3, 0],
      [0, 1],
    ],
    // 4/5, 1/1.
    [[4, 1], [4, 0], [1]],
  ])('of the weights %j with the loads %j chooses %j only', (weights, loads, chosen) => {
    const available = weighing(...weights);
    for (const [index, load] of loads.entries()) available[index]!.inFlight = load;
    const counts = countChoices(make('least-requests'), available, 300);
    for (const [index, count] of counts.entries()) expect(count > 0).toBe(chosen.includes(index));
  });
});
