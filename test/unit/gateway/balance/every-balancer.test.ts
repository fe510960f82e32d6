/** What holds for every balancer: it chooses among the available, shares fairly, and does the same again. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/core/random.js';
import { BALANCERS, type BalancerName } from '../../../../src/gateway/balance/balancers.js';
import type { Upstream } from '../../../../src/gateway/upstream-pool.js';
import { choice, countChoices, loaded, make, upstreamsOf, weighing } from '../../../support/balancing.js';

const NAMES = Object.keys(BALANCERS) as BalancerName[];

/** Those for which weights count. */
const WEIGHTED: readonly BalancerName[] = [
  'random',
  'weighted-round-robin',
  'least-requests',
  'ring-hash',
  'maglev',
];

const spec = fc.record({ load: fc.nat(50), weight: fc.nat(5) });

describe.each(NAMES)('%s', (name) => {
  // Small tables: what is tested here does not depend on their size.
  const options = { tableSize: 251 };

  it('chooses one of the available, whatever their number, load and weight, as they come and go', () => {
    fc.assert(
      fc.property(
        fc.array(spec, { minLength: 1, maxLength: 8 }),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 255 }), fc.string()), { maxLength: 20, size: 'max' }),
        fc.integer(),
        (specs, requests, seed) => {
          const all = upstreamsOf(...specs);
          const selector = make(name, { ...options, balanceFactor: 1.25 }, seed);
          for (const [request, [mask, key]] of requests.entries()) {
            const some = all.filter((_, index) => mask & (1 << index));
            const available = some.length === 0 ? all : some;
            expect(available).toContain(selector.select(available, choice(key, request * 100)));
          }
        },
      ),
    );
  });

  it('shares evenly among equals', () => {
    const counts = countChoices(make(name), loaded(2, 2, 2, 2), 8_000);
    for (const count of counts) expect(count / 8_000).toBeCloseTo(0.25, 1);
  });

  it('chooses the same again with the same seed', () => {
    const again = () => {
      const selector = make(name, options, 7);
      const available = upstreamsOf({ weight: 3, load: 1 }, { load: 2 }, { load: 1 });
      return Array.from({ length: 50 }, (_, draw) => selector.select(available, choice(`${draw}`, draw)).id);
    };
    expect(again()).toEqual(again());
  });
});

describe.each(WEIGHTED)('%s', (name) => {
  it('gives nothing to a weight of 0, however little load it has', () => {
    const available = upstreamsOf({ weight: 1, load: 9 }, { weight: 0 }, { weight: 2, load: 9 });
    const [one, none, two] = countChoices(make(name, { tableSize: 251 }), available, 1_000);
    expect(none).toBe(0);
    expect(one! + two!).toBe(1_000);
  });

  it('takes all for equals where every weight is 0', () => {
    const counts = countChoices(make(name, { tableSize: 251 }), weighing(0, 0, 0), 6_000);
    for (const count of counts) expect(count / 6_000).toBeCloseTo(1 / 3, 1);
  });
});

describe.each(['random', 'weighted-round-robin', 'least-requests'] as const)('%s', (name) => {
  it('asks for the weights that hold at the moment of the choice, so that slow start can be applied', () => {
    const available = weighing(1, 1);
    // The second comes up at 10 s.
    const weightOf = (upstream: Upstream, nowMs: number) => (upstream.id === 'u1' && nowMs < 10_000 ? 0 : 1);
    const selector = BALANCERS[name]({ random: new Random(1), weightOf });
    expect(countChoices(selector, available, 100)[1]).toBe(0);
    expect(countChoices(selector, available, 100, 10_000)[1]).toBeGreaterThan(30);
  });
});
