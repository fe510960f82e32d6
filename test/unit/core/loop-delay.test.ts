/** The watch over the event loop, on a clock that fires as late as a test wants. */
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/core/clock.js';
import { LoopWatch } from '../../../src/core/loop-watch.js';

const INTERVAL_MS = 20;

/** Fires its one repeating timer when told to, and re-arms it from then on, as Node does. */
class LateClock implements Clock {
  #nowMs = 1_000;
  #run: (() => void) | null = null;

  nowMs(): number {
    return this.#nowMs;
  }

  after(): never {
    throw new Error('the watch needs no single timers');
  }

  every(intervalMs: number, run: () => void): { cancel(): void } {
    expect(intervalMs).toBe(INTERVAL_MS);
    this.#run = run;
    return {
      cancel: () => {
        this.#run = null;
      },
    };
  }

  fire(lateMs: number): void {
    this.#nowMs += INTERVAL_MS + lateMs;
    this.#run?.();
  }
}

const watched = (): { clock: LateClock; watch: LoopWatch } => {
  const clock = new LateClock();
  return { clock, watch: new LoopWatch(clock, INTERVAL_MS) };
};

describe('the watch over the event loop', () => {
  it.each<[string, number[], number]>([
    ['nothing before its first timer', [], 0],
    ['nothing of timers on time', [0, 0, 0], 0],
    ['nothing of timers a little early', [-1, -0.5], 0],
    ['a delay as it was, unrounded', [10.5], 10.5],
    ['the one stall among many', [1, 2, 3_000, 1, 0], 3_000],
    ['the longest of stalls one after another, and not their sum', [40, 50, 30], 50],
    ['a stall after an early timer as long as it was', [-5, 12], 12],
  ])('reads %s', (_name, lates, expected) => {
    const { clock, watch } = watched();
    for (const lateMs of lates) clock.fire(lateMs);
    expect(watch.read()).toBe(expected);
  });

  it('starts over with every reading', () => {
    const { clock, watch } = watched();
    clock.fire(500);
    expect(watch.read()).toBe(500);
    expect(watch.read()).toBe(0);
    clock.fire(3);
    expect(watch.read()).toBe(3);
  });

  it('sees nothing more once stopped', () => {
    const { clock, watch } = watched();
    clock.fire(2);
    watch.stop();
    clock.fire(500);
    expect(watch.read()).toBe(2);
  });
});
