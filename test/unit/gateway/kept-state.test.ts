/** What outlives a change of the config, and what does not. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { KeptState } from '../../../src/gateway/kept-state.js';

const counting = () => {
  const made: string[] = [];
  const closed: string[] = [];
  const hold = (kept: KeptState, name: string, options: unknown) =>
    kept.hold(name, options, () => {
      const part = `${name} ${made.length}`;
      made.push(part);
      return { part, close: () => closed.push(part) };
    });
  return { made, closed, hold };
};

it('is kept while somebody holds it with the same options, and closed when nobody does', () => {
  const kept = new KeptState();
  const { made, closed, hold } = counting();
  const first = hold(kept, 'breaker', { openMs: 5 });
  const second = hold(kept, 'breaker', { openMs: 5 });
  expect(second.part).toBe(first.part);
  first.release();
  expect(closed).toEqual([]);
  second.release();
  expect(closed).toEqual(['breaker 0']);
  expect(hold(kept, 'breaker', { openMs: 5 }).part).toBe('breaker 1');
  expect(made).toHaveLength(2);
});

it('stands beside one with other options, and beside one of another name', () => {
  const kept = new KeptState();
  const { hold } = counting();
  const parts = [hold(kept, 'a', 1), hold(kept, 'a', 2), hold(kept, 'b', 1)].map(({ part }) => part);
  expect(new Set(parts).size).toBe(3);
});

it('is made once and closed once, whoever holds what in whatever order', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(2), fc.nat(2)), { maxLength: 60 }), (steps) => {
      const kept = new KeptState();
      const { made, closed, hold } = counting();
      const held: { part: string; release: () => void }[] = [];
      for (const [take, name, options] of steps) {
        if (take || held.length === 0) held.push(hold(kept, String(name), options));
        else held.splice((name * 3 + options) % held.length, 1)[0]!.release();
        const living = new Set(held.map(({ part }) => part));
        expect(made.filter((part) => !closed.includes(part)).sort()).toEqual([...living].sort());
      }
      expect(new Set(closed).size).toBe(closed.length);
    }),
  );
});
