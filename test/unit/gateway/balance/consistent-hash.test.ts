/** Consistent hashing: which keys move, which do not, and what a bound on the load does. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConsistentHash, type Member } from '../../../../src/gateway/balance/consistent-hash.js';
import type { Selector } from '../../../../src/gateway/balance/selector.js';
import type { Upstream } from '../../../../src/gateway/upstream-pool.js';
import { alike, choice, countChoices, make, weighing } from '../../../support/balancing.js';

const KEYS = Array.from({ length: 4_000 }, (_, index) => `user-${index}`);

const ownersOf = (selector: Selector, available: readonly Upstream[]): string[] =>
  KEYS.map((key) => selector.select(available, choice(key)).id);

const movedPart = (before: readonly string[], after: readonly string[]): number =>
  before.filter((id, index) => id !== after[index]).length / before.length;

const partOf = (ids: readonly string[], id: string): number =>
  ids.filter((other) => other === id).length / ids.length;

describe.each(['ring-hash', 'maglev'] as const)('%s', (name) => {
  it('keeps a key on one upstream, whatever the gateway and the order of the upstreams', () => {
    const available = alike(6);
    const owners = ownersOf(make(name), available);
    expect(ownersOf(make(name, {}, 2), [...available].reverse())).toEqual(owners);
  });

  it('moves the keys of one that goes away, no others, and to all of the rest; and back', () => {
    const available = alike(5);
    const selector = make(name);
    const before = ownersOf(selector, available);
    const during = ownersOf(selector, available.slice(0, 4));
    for (const [index, id] of before.entries()) if (id !== 'u4') expect(during[index]).toBe(id);
    const heirs = during.filter((_, index) => before[index] === 'u4');
    for (const id of ['u0', 'u1', 'u2', 'u3']) expect(Math.abs(partOf(heirs, id) - 0.25)).toBeLessThan(0.1);
    expect(ownersOf(selector, available)).toEqual(before);
  });

  it('keeps its keys for an upstream that a new config made anew', () => {
    const selector = make(name);
    const before = ownersOf(selector, alike(4));
    expect(ownersOf(selector, alike(4))).toEqual(before);
  });

  it('follows a weight that changes', () => {
    const available = weighing(1, 1);
    const selector = make(name);
    countChoices(selector, available, 10);
    available[0]!.weight = 4;
    expect(countChoices(selector, available, 4_000)[0]! / 4_000).toBeCloseTo(0.8, 1);
  });

  it('refuses a bound below a fair share, for which there is no room', () => {
    expect(() => make(name, { balanceFactor: 0.99 })).toThrow(RangeError);
    expect(() => make(name, { balanceFactor: 1 })).not.toThrow();
  });
});

describe('an upstream that joins', () => {
  it.each([
    [2, 3],
    [5, 6],
    [8, 9],
  ])('takes keys for itself from a ring, and moves no others: from %i to %i', (few, more) => {
    const before = ownersOf(make('ring-hash'), alike(few));
    const after = ownersOf(make('ring-hash'), alike(more));
    for (const [index, id] of after.entries()) if (id !== `u${few}`) expect(before[index]).toBe(id);
    expect(movedPart(before, after)).toBeCloseTo(1 / more, 1);
  });

  it('takes keys for itself from maglev, which moves a few others', () => {
    const before = ownersOf(make('maglev'), alike(5));
    const after = ownersOf(make('maglev'), alike(6));
    const others = before.filter((id, index) => id !== after[index] && after[index] !== 'u5');
    expect(partOf(after, 'u5')).toBeCloseTo(1 / 6, 1);
    expect(others.length / KEYS.length).toBeLessThan(0.15);
    expect(others.length, 'or this is not how maglev works').toBeGreaterThan(0);
  });

  it('moves most keys where keys are dealt out by number: what all this is for', () => {
    const byNumber = (count: number) => KEYS.map((_, index) => `u${index % count}`);
    expect(movedPart(byNumber(5), byNumber(6))).toBeGreaterThan(0.8);
  });
});

describe('a ring', () => {
  it.each([
    ['very small', 1 / 1_024],
    ['very large', 4_096],
  ])('shares by weight where weights are %s', (_what, unit) => {
    const [light, heavy] = countChoices(make('ring-hash'), weighing(unit, 3 * unit), 4_000);
    expect(light! / (light! + heavy!)).toBeCloseTo(0.25, 1);
  });

  it('has a place even for an upstream that is too light for one', () => {
    const selector = make('ring-hash', { minRingSize: 16, maxRingSize: 16 });
    const counts = countChoices(selector, weighing(1, 10_000), 20_000);
    expect(counts[0]).toBeGreaterThan(0);
  });
});

describe('maglev', () => {
  it.each([0, 1, 10, 65_536, 655_379])('refuses a table of %i entries', (tableSize) => {
    expect(() => make('maglev', { tableSize })).toThrow(RangeError);
  });

  it('shares more evenly than a ring', () => {
    const spread = (name: 'maglev' | 'ring-hash') => {
      const counts = countChoices(make(name), alike(10), 40_000);
      return Math.max(...counts) / Math.min(...counts);
    };
    expect(spread('maglev')).toBeLessThan(1.15);
    expect(spread('ring-hash')).toBeLessThan(1.8);
  });
});

describe('a table', () => {
  const counting = () => {
    const built: string[][] = [];
    const first = (members: readonly Member[]) => ({
      ownerOf: () => members.find(({ upstream }) => upstream !== null) ?? null,
    });
    const selector = new ConsistentHash(
      (members) => {
        built.push(members.map(({ id }) => id));
        return first(members);
      },
      { balanceFactor: null },
    );
    // The empty one that it begins with.
    built.length = 0;
    return { selector, built };
  };

  it('is made for a new upstream and a new weight, not for one that goes and comes', () => {
    const { selector, built } = counting();
    const available = alike(3);
    for (let request = 0; request < 10; request++) {
      selector.select(available, choice());
      selector.select(available.slice(request % 3), choice());
    }
    expect(built).toEqual([['u0', 'u1', 'u2']]);
    available[1]!.weight = 2;
    selector.select(available, choice());
    selector.select(available, choice());
    expect(built).toHaveLength(2);
    selector.select(alike(4), choice());
    expect(built[2]).toEqual(['u0', 'u1', 'u2', 'u3']);
  });

  it('leaves out a weight of 0, and who has been away for more than ten minutes', () => {
    const { selector, built } = counting();
    const [a, b, c] = weighing(1, 0, 1);
    selector.select([a!, b!, c!], choice('', 0));
    expect(built.at(-1)).toEqual(['u0', 'u2']);
    selector.select([a!], choice('', 1_000));
    a!.weight = 2;
    selector.select([a!], choice('', 601_000));
    expect(built.at(-1)).toEqual(['u0', 'u2']);
    a!.weight = 3;
    selector.select([a!], choice('', 601_001));
    expect(built.at(-1)).toEqual(['u0']);
  });
});

describe.each(['ring-hash', 'maglev'] as const)('%s with bounded loads', (name) => {
  // One key in two is the hot one.
  const hotTraffic = (selector: Selector, available: readonly Upstream[], requests: number): void => {
    for (let request = 0; request < requests; request++) {
      const key = request % 2 === 0 ? 'hot' : `key-${request}`;
      selector.select(available, choice(key)).inFlight++;
    }
  };

  it('spares the upstream of a hot key, which without a bound gets it all', () => {
    const unbounded = alike(5);
    hotTraffic(make(name), unbounded, 500);
    expect(Math.max(...unbounded.map(({ load }) => load))).toBeGreaterThan(250);

    const bounded = alike(5);
    hotTraffic(make(name, { balanceFactor: 1.25 }), bounded, 500);
    expect(Math.max(...bounded.map(({ load }) => load)), '1.25 · 500 / 5').toBe(125);
  });

  it('keeps a key together while there is room', () => {
    // Twice the fair share of one of two is everything.
    const available = alike(2);
    const selector = make(name, { balanceFactor: 2 });
    for (let request = 0; request < 20; request++) selector.select(available, choice('hot')).inFlight++;
    expect(Math.max(...available.map(({ load }) => load))).toBe(20);
  });

  it('never gives an upstream more than its bound, whatever comes and ends', () => {
    const scenario = fc.record({
      weights: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }),
      balanceFactor: fc.double({ min: 1, max: 3, noNaN: true }),
      // A key to place among some of them, or the end of one of the requests under way.
      events: fc.array(fc.oneof(fc.tuple(fc.nat(5), fc.nat(63)), fc.nat(100)), {
        maxLength: 150,
        size: 'max',
      }),
    });
    fc.assert(
      fc.property(scenario, ({ weights, balanceFactor, events }) => {
        const all = weighing(...weights);
        const selector = make(name, { balanceFactor, tableSize: 251, maxRingSize: 512 });
        const underWay: Upstream[] = [];
        for (const event of events) {
          if (typeof event === 'number') {
            const [ended] = underWay.splice(event % (underWay.length || 1), 1);
            if (ended !== undefined) ended.inFlight--;
            continue;
          }
          const [key, mask] = event;
          const some = all.filter((_, index) => mask & (1 << index));
          const available = some.length === 0 ? all : some;
          const upstream = selector.select(available, choice(`${key}`));
          upstream.inFlight++;
          underWay.push(upstream);
          const total = available.reduce((sum, { weight }) => sum + weight, 0);
          const requests = available.reduce((sum, { load }) => sum + load, 0);
          const bound = Math.ceil((balanceFactor * requests * upstream.weight) / total);
          expect(upstream.load).toBeLessThanOrEqual(bound);
        }
      }),
    );
  });

  it('sends what is over to a place of its own for each key, not all to one neighbour', () => {
    const available = alike(5);
    const selector = make(name, { balanceFactor: 1.25 });
    const full = available[0]!;
    const before = ownersOf(selector, available);
    full.inFlight = 1;
    const after = ownersOf(selector, available);
    expect(ownersOf(selector, available), 'and always the same').toEqual(after);
    for (const [index, id] of before.entries()) if (id !== full.id) expect(after[index]).toBe(id);
    const heirs = after.filter((_, index) => before[index] === full.id);
    for (const { id } of available.slice(1)) expect(Math.abs(partOf(heirs, id) - 0.25)).toBeLessThan(0.1);
  });
});
