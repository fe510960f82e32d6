/** Garbage, and much that lives beside it: every collection has to copy or mark what lives. */
import type { Clock } from '../core/clock.js';

/** It is made piece by piece: between two of them the event loop has a turn. */
export const GARBAGE_TICK_MS = 10;
const BYTES_PER_OBJECT = 64;

interface Item {
  value: number;
  text: string;
  next: Item | null;
}

/** @returns ends it. */
export const makeGarbage = (liveBytes: number, bytesPerSecond: number, clock: Clock): (() => void) => {
  const kept: (Item | null)[] = new Array(Math.ceil(liveBytes / BYTES_PER_OBJECT)).fill(null);
  let next = 0;
  const perTick = Math.ceil((bytesPerSecond * GARBAGE_TICK_MS) / 1000 / BYTES_PER_OBJECT);
  const timer = clock.every(GARBAGE_TICK_MS, () => {
    for (let made = 0; made < perTick; made++) {
      // Each takes the place of an old one and points at another: the young generation cannot be looked at alone.
      const other = kept[(next * 7919) % kept.length] ?? null;
      if (other !== null) other.next = null;
      kept[next] = { value: made + 0.5, text: 'x', next: other };
      next = (next + 1) % kept.length;
    }
  });
  return () => {
    timer.cancel();
    kept.length = 0;
  };
};
