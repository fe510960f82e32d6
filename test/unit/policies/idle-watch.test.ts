/** Bodies that stand still: seen in time, and not blamed for what is not their turn. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/core/clock.js';
import { VirtualClock } from '../../../src/core/virtual-clock.js';
import { IdleWatch, type Moving } from '../../../src/policies/idle-watch.js';

const make = (timeoutMs = 100) => {
  const clock = new VirtualClock();
  const expired: { item: Moving; atMs: number }[] = [];
  const watch = new IdleWatch<Moving>(timeoutMs, clock, (item) =>
    expired.push({ item, atMs: clock.nowMs() }),
  );
  return { clock, expired, watch };
};

describe('what is watched', () => {
  it('is expired once it has stood still for its time, once', () => {
    const { clock, expired, watch } = make();
    const item = { progress: 7 };
    watch.add(item);
    clock.advance(99);
    expect(expired).toEqual([]);
    clock.advance(400);
    expect(expired).toEqual([{ item, atMs: 125 }]);
    expect(watch.size).toBe(0);
  });

  it('is left alone while it moves, and while it is not its turn', () => {
    const { clock, expired, watch } = make();
    const item: { progress: number | null } = { progress: 0 };
    watch.add(item);
    for (let step = 1; step <= 20; step++) {
      clock.advance(60);
      item.progress = step;
    }
    item.progress = null;
    clock.advance(1_000);
    expect(expired).toEqual([]);
    item.progress = 20;
    clock.advance(99);
    expect(expired).toEqual([]);
    clock.advance(100);
    expect(expired).toHaveLength(1);
  });

  it('costs one timer however many come one after another, and none once a look finds nobody', () => {
    const { clock } = make();
    let made = 0;
    let running = 0;
    const counting: Clock = {
      nowMs: () => clock.nowMs(),
      after: (ms, run) => clock.after(ms, run),
      every: (ms, run) => {
        made++;
        running++;
        const timer = clock.every(ms, run);
        return {
          cancel: () => {
            running--;
            timer.cancel();
          },
        };
      },
    };
    const watch = new IdleWatch<Moving>(100, counting, () => {});
    for (let body = 0; body < 20; body++) {
      const item = { progress: 1 };
      const watched = watch.add(item);
      clock.advance(1);
      watched.end();
    }
    expect([made, running, watch.size]).toEqual([1, 1, 0]);
    clock.advance(25);
    expect([made, running]).toEqual([1, 0]);
    watch.add({ progress: 1 });
    expect([made, running]).toEqual([2, 1]);
    watch.stop();
    expect(running).toBe(0);
  });

  it('is expired between its time and a quarter more after it last moved, whatever it did before', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 99 }), { maxLength: 30 }), (pauses) => {
        const { clock, expired, watch } = make();
        const item = { progress: 0 };
        watch.add(item);
        for (const pause of pauses) {
          clock.advance(pause);
          item.progress++;
        }
        const movedMs = clock.nowMs();
        expect(expired).toEqual([]);
        clock.advance(1_000);
        expect(expired[0]!.atMs - movedMs).toBeGreaterThanOrEqual(75);
        expect(expired[0]!.atMs - movedMs).toBeLessThanOrEqual(125);
      }),
    );
  });
});
