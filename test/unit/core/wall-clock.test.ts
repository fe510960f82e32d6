/** Times that no timer of Node keeps: they run late, and not at once. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { wallClock } from '../../../src/core/clock.js';

const LONGEST_MS = 2 ** 31 - 1;

// They run a timer that is too long after 1 ms, as Node does.
beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

it.each([
  ['a little too long', LONGEST_MS + 1],
  ['a hundred million years', 1e21],
  ['without an end', Number.POSITIVE_INFINITY],
])('a time that is %s is as long as a timer keeps', (_name, ms) => {
  const run = vi.fn();
  const timers = [wallClock.after(ms, run), wallClock.every(ms, run)];
  vi.advanceTimersByTime(LONGEST_MS - 1);
  expect(run).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(run).toHaveBeenCalledTimes(2);
  for (const timer of timers) timer.cancel();
});
