/** Who is recycled next: the fullest, one at a time, with a pause, and never the last one that serves. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type HeapReading, Recycling } from '../../../../src/upstream/fleet/recycling.js';

const CONFIG = { atRatio: 0.8, drainMs: 1_000, pauseMs: 500 };

const fleet = (...heaps: readonly number[]): HeapReading[] =>
  heaps.map((heapRatio, index) => ({ worker: `worker-${index + 1}`, serving: heapRatio >= 0, heapRatio }));

describe('recycling at 80% of the heap', () => {
  it.each<[string, number[], string | null]>([
    ['takes nobody below it', [0.1, 0.79], null],
    ['takes who is at it', [0.1, 0.8], 'worker-2'],
    ['takes the fullest of several', [0.85, 0.95, 0.9], 'worker-2'],
    ['does not take one that does not serve', [-1, 0.5, 0.9], 'worker-3'],
    ['leaves the last one that serves', [-1, 0.9], null],
    ['takes the only one there is', [0.9], 'worker-1'],
  ])('%s', (_name, heaps, expected) => {
    expect(new Recycling(CONFIG).next(fleet(...heaps), 0)).toBe(expected);
  });

  it('waits until one is back, and then for the pause', () => {
    const recycling = new Recycling(CONFIG);
    const full = fleet(0.9, 0.9, 0.9);
    expect(recycling.next(full, 0)).toBe('worker-1');
    expect(recycling.next(full, 9_000)).toBeNull();
    recycling.finished(10_000);
    expect(recycling.next(full, 10_499)).toBeNull();
    expect(recycling.next(full, 10_500)).toBe('worker-1');
  });

  it('never has two under way, nor two within the pause, whatever the heaps are', () => {
    const step = fc.record({
      heaps: fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 1, maxLength: 6 }),
      laterMs: fc.integer({ min: 0, max: 400 }),
      back: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const recycling = new Recycling(CONFIG);
        let nowMs = 0;
        let underWay = false;
        let backMs = Number.NEGATIVE_INFINITY;
        for (const { heaps, laterMs, back } of steps) {
          nowMs += laterMs;
          if (underWay && back) {
            recycling.finished(nowMs);
            underWay = false;
            backMs = nowMs;
          }
          const chosen = recycling.next(fleet(...heaps), nowMs);
          if (chosen === null) continue;
          expect(underWay).toBe(false);
          expect(nowMs - backMs).toBeGreaterThanOrEqual(CONFIG.pauseMs);
          expect(heaps[Number(chosen.slice('worker-'.length)) - 1]).toBeGreaterThanOrEqual(CONFIG.atRatio);
          underWay = true;
        }
      }),
    );
  });
});
