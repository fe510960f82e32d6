/** Balancers: what they choose among upstreams with given loads, and how they share in the long run. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { BALANCERS, type BalancerName } from '../../../src/gateway/balance/balancers.js';
import { Upstream } from '../../../src/gateway/upstream-pool.js';

const upstreams = (...loads: number[]): Upstream[] =>
  loads.map((load, index) => {
    const upstream = new Upstream({ id: `u${index}`, host: '127.0.0.1', port: 1 });
    upstream.inFlight = load;
    return upstream;
  });

const shares = (name: BalancerName, loads: readonly number[], draws: number, seed = 1): number[] => {
  const selector = BALANCERS[name](new Random(seed));
  const available = upstreams(...loads);
  const counts = loads.map(() => 0);
  for (let draw = 0; draw < draws; draw++) counts[available.indexOf(selector.select(available))]!++;
  return counts.map((count) => count / draws);
};

describe.each(Object.keys(BALANCERS) as BalancerName[])('%s', (name) => {
  it('chooses one of the available, whatever their number and load', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50), { minLength: 1, maxLength: 12 }), fc.integer(), (loads, seed) => {
        const available = upstreams(...loads);
        expect(available).toContain(BALANCERS[name](new Random(seed)).select(available));
      }),
    );
  });

  it('shares evenly among equals', () => {
    for (const share of shares(name, [2, 2, 2, 2], 8_000)) expect(share).toBeCloseTo(0.25, 1);
  });
});

describe('round-robin', () => {
  it('shares the dead one’s turn among all that are left, not with its neighbour alone', () => {
    const selector = BALANCERS['round-robin'](new Random(1));
    const [a, , c, d] = upstreams(0, 0, 0, 0);
    const left = [a!, c!, d!];
    const counts = new Map(left.map((upstream) => [upstream.id, 0]));
    for (let draw = 0; draw < 300; draw++) {
      const { id } = selector.select(left);
      counts.set(id, counts.get(id)! + 1);
    }
    expect([...counts.values()]).toEqual([100, 100, 100]);
  });
});

describe('least-requests', () => {
  it.each<readonly [loads: number[], chosen: number[]]>([
    [[3, 1, 2], [1]],
    [
      [0, 5, 0],
      [0, 2],
    ],
    [[7], [0]],
  ])('of the loads %j chooses among %j only', (loads, chosen) => {
    const result = shares('least-requests', loads, 300);
    for (const [index, share] of result.entries()) expect(share > 0).toBe(chosen.includes(index));
  });
});

describe('p2c', () => {
  it('never chooses the busiest of three, and now and then the second', () => {
    const [idle, middle, busy] = shares('p2c', [0, 5, 9], 6_000);
    expect(busy).toBe(0);
    expect(idle).toBeCloseTo(2 / 3, 1);
    expect(middle).toBeCloseTo(1 / 3, 1);
  });
});
