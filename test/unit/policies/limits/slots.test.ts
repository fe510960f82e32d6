/** Slots: as many as the limit says, to each class no more than its share, and none taken away. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Slots } from '../../../../src/policies/limits/slots.js';

describe('the share of a class', () => {
  it.each<[limit: number, share: number, cap: number]>([
    [8, 0.5, 4],
    [5, 0.5, 3],
    [10, 0.01, 1],
    [100, 0.55, 55],
    [30, 0.1, 3],
    [1, 1, 1],
  ])('of %i slots at %d is %i: rounded up, but not for what floating point adds', (limit, share, cap) => {
    const slots = new Slots(limit, [1, share]);
    let taken = 0;
    while (slots.take(1)) taken++;
    expect(taken).toBe(cap);
    expect(slots.capOf(1)).toBe(cap);
  });

  it('leaves the rest free for those who are more critical', () => {
    const slots = new Slots(4, [1, 0.5]);
    while (slots.take(1));
    expect(slots.free).toBe(2);
    expect([slots.take(0), slots.take(0), slots.take(0)]).toEqual([true, true, false]);
  });

  it('follows the limit', () => {
    const slots = new Slots(4, [1, 0.5]);
    while (slots.take(1));
    slots.resize(6);
    expect(slots.admits(1)).toBe(true);
  });
});

describe('slots', () => {
  it('are not told apart without shares, whatever the criticality', () => {
    const slots = new Slots(2, null);
    expect([slots.classOf(0), slots.classOf(3)]).toEqual([0, 0]);
    expect([slots.take(0), slots.take(0), slots.take(0)]).toEqual([true, true, false]);
  });

  it('are never taken beyond limit and share, and never below zero free, whatever happens', () => {
    const step = fc.oneof(
      fc.record({ type: fc.constant('take' as const), kind: fc.nat(2) }),
      fc.record({ type: fc.constant('release' as const), kind: fc.nat(2) }),
      fc.record({ type: fc.constant('resize' as const), limit: fc.integer({ min: 1, max: 12 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const shares = [1, 0.6, 0.2];
        const slots = new Slots(5, shares);
        const taken = [0, 0, 0];
        for (const one of steps) {
          const total = taken[0]! + taken[1]! + taken[2]!;
          if (one.type === 'resize') slots.resize(one.limit);
          else if (one.type === 'release') {
            if (taken[one.kind] === 0) continue;
            taken[one.kind]!--;
            slots.release(one.kind);
          } else {
            const fits =
              total < slots.limit && taken[one.kind]! < Math.ceil(shares[one.kind]! * slots.limit - 1e-9);
            expect(slots.take(one.kind)).toBe(fits);
            if (fits) taken[one.kind]!++;
          }
          const inFlight = taken[0]! + taken[1]! + taken[2]!;
          expect(slots).toMatchObject({ inFlight, free: Math.max(0, slots.limit - inFlight) });
        }
      }),
    );
  });
});
