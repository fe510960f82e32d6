/** A rolling window: what it remembers, and for how long. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RollingWindow } from '../../../src/core/rolling-window.js';

describe('a rolling window', () => {
  it('forgets a bucket at a time', () => {
    const window = new RollingWindow(1_000, 10);
    window.add(1, 0);
    window.add(2, 99);
    window.add(4, 100);
    expect(window.sumAt(999)).toBe(7);
    expect(window.sumAt(1_000)).toBe(4);
    expect(window.sumAt(1_099)).toBe(4);
    expect(window.sumAt(1_100)).toBe(0);
  });

  it('is empty at first and after a long time, and goes on from there', () => {
    const window = new RollingWindow(1_000, 10);
    expect(window.sumAt(5_000)).toBe(0);
    window.add(3, 5_000);
    expect(window.sumAt(1_000_250)).toBe(0);
    window.add(1, 1_000_251);
    expect(window.sumAt(1_000_251)).toBe(1);
  });

  it('takes what is late by a little for the latest bucket', () => {
    const window = new RollingWindow(1_000, 10);
    window.add(1, 5_000);
    window.add(1, 4_100);
    expect(window.sumAt(5_999)).toBe(2);
    expect(window.sumAt(6_000)).toBe(0);
  });

  it('says what a list of everything would', () => {
    const steps = fc.array(fc.record({ gapMs: fc.nat(400), amount: fc.nat(10) }), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (added) => {
        const window = new RollingWindow(1_000, 10);
        const all: { bucket: number; amount: number }[] = [];
        let nowMs = 0;
        for (const { gapMs, amount } of added) {
          nowMs += gapMs;
          window.add(amount, nowMs);
          const current = Math.floor(nowMs / 100);
          all.push({ bucket: current, amount });
          const expected = all.filter(({ bucket }) => bucket > current - 10);
          expect(window.sumAt(nowMs)).toBe(expected.reduce((sum, one) => sum + one.amount, 0));
        }
      }),
    );
  });
});
