/**
 * The virtual clock: timers run in the order of their times and, at the same time, of their setting, whatever sets or
 * cancels them; and time is never rounded.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sleep, type Timer } from '../../../src/core/clock.js';
import { VirtualClock } from '../../../src/core/virtual-clock.js';

/** Of a random timer: more than twice what the clock's queue keeps in slots. */
const LONGEST_MS = 3_000;

/** Too long for the clock, though finite. */
const NEVER_MS = 1e17;

/** A timer of a random schedule, which does more when it fires. */
interface Plan {
  readonly delayMs: number;
  readonly sets: readonly Plan[];
  /** The timer, by order of setting, that it cancels. */
  readonly cancels: number | null;
}

/** Few different delays, so that many timers fall due together; and some of seconds, and one of for ever. */
const delayMs = fc.oneof(
  fc.integer({ min: -1, max: 6 }),
  fc.double({ min: 0, max: 6, noNaN: true }),
  fc.double({ min: 0, max: LONGEST_MS, noNaN: true }),
  fc.constantFrom(LONGEST_MS, NEVER_MS, Number.POSITIVE_INFINITY),
);
const cancels = fc.option(fc.nat({ max: 40 }));
const leaf: fc.Arbitrary<Plan> = fc.record({ delayMs, sets: fc.constant([]), cancels });
const branch: fc.Arbitrary<Plan> = fc.record({ delayMs, sets: fc.array(leaf, { maxLength: 4 }), cancels });
const plans = fc.array(branch, { maxLength: 25 });
const advances = fc.array(
  fc.oneof(fc.double({ min: 0, max: 5, noNaN: true }), fc.double({ min: 0, max: LONGEST_MS, noNaN: true })),
  { maxLength: 10 },
);

interface Firing {
  readonly order: number;
  readonly atMs: number;
}

/** More than the longest delay of a timer and the longest of the timers it sets. */
const PAST_EVERYTHING_MS = 2 * LONGEST_MS + 1;

const runOnClock = (schedule: readonly Plan[], steps: readonly number[]): Firing[] => {
  const clock = new VirtualClock();
  const timers: Timer[] = [];
  const fired: Firing[] = [];
  const set = (plan: Plan): void => {
    const order = timers.length;
    timers.push(
      clock.after(plan.delayMs, () => {
        fired.push({ order, atMs: clock.nowMs() });
        plan.sets.forEach(set);
        if (plan.cancels !== null) timers[plan.cancels]?.cancel();
      }),
    );
  };
  schedule.forEach(set);
  for (const step of steps) clock.advance(step);
  clock.advance(PAST_EVERYTHING_MS);
  return fired;
};

/** The same by looking through all timers each time. */
const runNaively = (schedule: readonly Plan[]): Firing[] => {
  const timers: { plan: Plan; order: number; atMs: number; open: boolean }[] = [];
  const fired: Firing[] = [];
  const set = (plan: Plan, nowMs: number): void => {
    timers.push({ plan, order: timers.length, atMs: nowMs + Math.max(0, plan.delayMs), open: true });
  };
  for (const plan of schedule) set(plan, 0);
  for (;;) {
    const [next] = timers
      .filter(({ open, atMs }) => open && atMs < NEVER_MS)
      .sort((a, b) => a.atMs - b.atMs || a.order - b.order);
    if (next === undefined) return fired;
    next.open = false;
    fired.push({ order: next.order, atMs: next.atMs });
    for (const plan of next.plan.sets) set(plan, next.atMs);
    const cancelled = next.plan.cancels === null ? undefined : timers[next.plan.cancels];
    if (cancelled !== undefined) cancelled.open = false;
  }
};

describe('timers on a virtual clock', () => {
  it('run in the order of time and setting, however they are set, cancelled and waited for', () => {
    fc.assert(
      fc.property(plans, advances, (schedule, steps) => {
        expect(runOnClock(schedule, steps)).toEqual(runNaively(schedule));
      }),
      { numRuns: 500 },
    );
  });

  it('run in the order they were set when they are due together', () => {
    const clock = new VirtualClock();
    const ran: number[] = [];
    for (let index = 0; index < 100; index++) clock.after(5, () => ran.push(index));
    clock.advance(5);
    expect(ran).toEqual(Array.from({ length: 100 }, (_, index) => index));
  });

  it('see the time they were due at, unrounded', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        (startMs, afterMs) => {
          const clock = new VirtualClock(startMs);
          let seenMs = Number.NaN;
          clock.after(afterMs, () => {
            seenMs = clock.nowMs();
          });
          clock.advance(2e6);
          expect(seenMs).toBe(startMs + afterMs);
          expect(clock.nowMs()).toBe(startMs + 2e6);
        },
      ),
    );
  });

  it('never run at once, not even without a delay', () => {
    const clock = new VirtualClock();
    let ran = 0;
    clock.after(0, () => ran++);
    clock.after(-5, () => ran++);
    expect(ran).toBe(0);
    clock.advance(0);
    expect(ran).toBe(2);
  });

  it('run when they are due exactly where the clock stops, and not a moment later', () => {
    const clock = new VirtualClock();
    const ran: string[] = [];
    clock.after(10, () => ran.push('at 10'));
    clock.after(10.000001, () => ran.push('just after'));
    clock.advance(10);
    expect(ran).toEqual(['at 10']);
  });

  it('run once', () => {
    const clock = new VirtualClock();
    let ran = 0;
    clock.after(1, () => ran++);
    clock.advance(50);
    clock.advance(50);
    expect(ran).toBe(1);
  });

  it('do not run when cancelled, and may be cancelled again after that and after running', () => {
    const clock = new VirtualClock();
    const ran: string[] = [];
    const cancelled = clock.after(1, () => ran.push('cancelled'));
    const kept = clock.after(1, () => ran.push('kept'));
    cancelled.cancel();
    cancelled.cancel();
    clock.advance(1);
    kept.cancel();
    clock.advance(1);
    expect(ran).toEqual(['kept']);
  });

  it('wake what sleeps on the clock', async () => {
    const clock = new VirtualClock();
    let awake = false;
    const sleeping = sleep(clock, 30).then(() => {
      awake = true;
    });
    clock.advance(29);
    await Promise.resolve();
    expect(awake).toBe(false);
    clock.advance(1);
    await sleeping;
    expect(awake).toBe(true);
  });
});

describe('a repeating timer', () => {
  /** Eighths of a millisecond, whose multiples are exact. */
  const eighths = fc.integer({ min: 1, max: 400 }).map((count) => count / 8);

  it('fires at the exact multiples of its interval, whatever the steps of time', () => {
    fc.assert(
      fc.property(eighths, fc.array(eighths, { maxLength: 20 }), (intervalMs, steps) => {
        const clock = new VirtualClock();
        const firedMs: number[] = [];
        clock.every(intervalMs, () => firedMs.push(clock.nowMs()));
        for (const step of steps) clock.advance(step);
        const expected = Math.floor(clock.nowMs() / intervalMs);
        expect(firedMs).toEqual(Array.from({ length: expected }, (_, index) => (index + 1) * intervalMs));
      }),
    );
  });

  it('stops when cancelled from outside', () => {
    const clock = new VirtualClock();
    let fired = 0;
    const timer = clock.every(10, () => fired++);
    clock.advance(35);
    timer.cancel();
    clock.advance(1_000);
    expect(fired).toBe(3);
  });

  it('stops when it cancels itself', () => {
    const clock = new VirtualClock();
    let fired = 0;
    const timer = clock.every(10, () => {
      if (++fired === 2) timer.cancel();
    });
    clock.advance(1_000);
    expect(fired).toBe(2);
  });

  it.each([0, -1, Number.NaN])('is refused with an interval of %d ms', (intervalMs) => {
    expect(() => new VirtualClock().every(intervalMs, () => {})).toThrow(RangeError);
  });
});
