/** The clock of an event loop that may stand still: its intervals, and its end. */
import { describe, expect, it } from 'vitest';
import { StallableClock } from '../../../src/core/stallable-clock.js';
import { VirtualClock } from '../../../src/core/virtual-clock.js';

describe('an interval', () => {
  it('runs once for all the turns that it missed', () => {
    const clock = new VirtualClock();
    const loop = new StallableClock(clock);
    const ranMs: number[] = [];
    loop.every(10, () => ranMs.push(clock.nowMs()));
    clock.advance(20);
    loop.stall(45);
    clock.advance(60);
    expect(ranMs).toEqual([10, 20, 65, 70, 80]);
  });

  it('leaves nothing in the clock once its loop has ended', () => {
    const clock = new VirtualClock();
    const loop = new StallableClock(clock);
    let ran = 0;
    loop.every(10, () => ran++);
    clock.advance(25);
    loop.end();
    clock.advance(10);
    expect(ran).toBe(2);
    expect(clock.nextMs).toBe(Number.POSITIVE_INFINITY);
  });
});
