/** When a worker's event loop counts as dead: beats in time, silence, and a watcher that could not look itself. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Watchdog, watchdogIntervalMs } from '../../../../src/upstream/fleet/watchdog.js';

const TIMEOUT_MS = 1_000;
const EVERY_MS = watchdogIntervalMs(TIMEOUT_MS);

/** Beats at these moments, checks at every interval. @returns when it was found dead first. */
const foundDeadMs = (beatsMs: readonly number[], untilMs: number): number | null => {
  const watchdog = new Watchdog(TIMEOUT_MS, 0);
  const beats = [...beatsMs].sort((a, b) => a - b);
  for (let nowMs = EVERY_MS; nowMs <= untilMs; nowMs += EVERY_MS) {
    while (beats.length > 0 && beats[0]! <= nowMs) watchdog.beat(beats.shift()!);
    if (watchdog.check(nowMs) !== null) return nowMs;
  }
  return null;
};

const every50ms = (untilMs: number): number[] =>
  Array.from({ length: Math.floor(untilMs / 50) }, (_, index) => (index + 1) * 50);

describe('a watchdog of a second', () => {
  it.each<[string, number[], number | null]>([
    ['is quiet while there are beats', every50ms(10_000), null],
    ['finds a worker that never beat', [], 1_200],
    ['finds one that stopped at 3 s', every50ms(3_000), 4_200],
    [
      'lets a pause of just its time pass',
      [...every50ms(3_000), ...every50ms(6_000).map((ms) => ms + 4_000)],
      null,
    ],
  ])('%s', (_name, beatsMs, expected) => {
    expect(foundDeadMs(beatsMs, 10_000)).toBe(expected);
  });

  it('kills nobody for its own pause: the beats of that time are still to be read', () => {
    const watchdog = new Watchdog(TIMEOUT_MS, 0);
    watchdog.beat(150);
    expect(watchdog.check(200)).toBeNull();
    expect(watchdog.check(5_000)).toBeNull();
    expect(watchdog.check(5_200)).toBeNull();
    // And it goes on from there.
    for (const nowMs of [5_400, 5_600, 5_800, 6_000]) expect(watchdog.check(nowMs)).toBeNull();
    expect(watchdog.check(6_200)).toBe(1_200);
  });

  it('finds every silence within its time and two intervals, and no shorter one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 0, max: 3_000 }), (beats, silentMs) => {
        const lastMs = beats * 50;
        const after = every50ms(3_000).map((ms) => lastMs + silentMs + ms);
        const found = foundDeadMs([...every50ms(lastMs), ...after], lastMs + silentMs);
        if (found === null) expect(silentMs).toBeLessThanOrEqual(TIMEOUT_MS + 2 * EVERY_MS);
        else expect(found - lastMs).toBeGreaterThan(TIMEOUT_MS);
      }),
    );
  });
});
