/** Many timeouts of one length on one timer: each expires at its own moment, once, unless it was cancelled before. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/core/virtual-clock.js';
import { TimeoutQueue } from '../../../src/policies/timeout-queue.js';

const DELAY_MS = 100;

const make = () => {
  const clock = new VirtualClock();
  const expired: [item: string, atMs: number][] = [];
  const startMs = clock.nowMs();
  const queue = new TimeoutQueue<string>(DELAY_MS, clock, (item) => {
    expired.push([item, clock.nowMs() - startMs]);
  });
  return { clock, queue, expired };
};

describe('a queue of timeouts', () => {
  it('lets each expire after the delay, in the order in which they were set', () => {
    const { clock, queue, expired } = make();
    queue.add('a');
    clock.advance(30);
    queue.add('b');
    queue.add('c');
    clock.advance(1_000);
    expect(expired).toEqual([
      ['a', 100],
      ['b', 130],
      ['c', 130],
    ]);
  });

  it('lets none expire that was cancelled, wherever it stood', () => {
    const { clock, queue, expired } = make();
    const timers = ['first', 'middle', 'last'].map((item) => queue.add(item));
    queue.add('kept');
    for (const timer of timers) timer.cancel();
    timers[0]!.cancel();
    clock.advance(1_000);
    expect(expired).toEqual([['kept', 100]]);
  });

  it('takes a new one while it expires another', () => {
    const clock = new VirtualClock();
    const expired: string[] = [];
    const queue = new TimeoutQueue<string>(DELAY_MS, clock, (item) => {
      expired.push(item);
      if (item === 'a') queue.add('b');
    });
    queue.add('a');
    clock.advance(DELAY_MS);
    expect(expired).toEqual(['a']);
    clock.advance(DELAY_MS);
    expect(expired).toEqual(['a', 'b']);
  });

  it('holds no timer when nothing waits, so that a process can end', () => {
    const { clock } = make();
    const timers: number[] = [];
    const counting = new TimeoutQueue<string>(
      DELAY_MS,
      {
        nowMs: () => clock.nowMs(),
        every: (intervalMs, run) => clock.every(intervalMs, run),
        after: (delayMs, run) => {
          timers.push(delayMs);
          const timer = clock.after(delayMs, run);
          return {
            cancel: () => {
              timers.pop();
              timer.cancel();
            },
          };
        },
      },
      () => {},
    );
    const [a, b] = [counting.add('a'), counting.add('b')];
    expect(timers).toHaveLength(1);
    a.cancel();
    expect(timers).toHaveLength(1);
    b.cancel();
    expect(timers).toHaveLength(0);
  });

  it('does what one timer for each would do', () => {
    const step = fc.oneof(
      fc.record({ type: fc.constant('add' as const) }),
      fc.record({ type: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 150 }) }),
      fc.record({ type: fc.constant('cancel' as const), index: fc.nat(20) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { clock, queue, expired } = make();
        const expected: [string, number][] = [];
        const startMs = clock.nowMs();
        const timers: { cancel(): void }[] = [];
        for (const one of steps) {
          if (one.type === 'advance') clock.advance(one.ms);
          else if (one.type === 'cancel') timers[one.index]?.cancel();
          else {
            const item = `${timers.length}`;
            const queued = queue.add(item);
            const plain = clock.after(DELAY_MS, () => expected.push([item, clock.nowMs() - startMs]));
            timers.push({
              cancel: () => {
                queued.cancel();
                plain.cancel();
              },
            });
          }
        }
        clock.advance(1_000);
        expect(expired).toEqual(expected);
      }),
    );
  });
});
