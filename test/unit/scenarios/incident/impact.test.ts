/** When users were hurt, from counts by tick. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findImpacts } from '../../../../src/scenarios/incident/impact.js';
import { TICK_MS } from '../../../../src/scenarios/monitoring/ticks.js';

interface Span {
  readonly fromS: number;
  readonly toS: number;
  readonly failed: number;
  readonly ended?: number;
}

/** Twenty seconds of 20 requests a tick. */
const ticksOf = (...spans: readonly Span[]) =>
  Array.from({ length: 20_000 / TICK_MS }, (_, index) => {
    const span = spans.find(
      ({ fromS, toS }) => index * TICK_MS >= fromS * 1_000 && index * TICK_MS < toS * 1_000,
    );
    return { ended: span?.ended ?? 20, failed: span?.failed ?? 0 };
  });

describe('the time in which users were hurt', () => {
  it('is none where nothing fails, and where next to nothing does', () => {
    expect(findImpacts(ticksOf())).toEqual([]);
    expect(findImpacts(ticksOf({ fromS: 5, toS: 5.4, failed: 1 }))).toEqual([]);
    // 1 % of each second.
    expect(findImpacts(ticksOf({ fromS: 5, toS: 15, ended: 500, failed: 5 }))).toEqual([]);
  });

  it('begins when the first failure can be seen, and ends where a good span begins', () => {
    expect(findImpacts(ticksOf({ fromS: 5, toS: 8, failed: 20 }))).toEqual([
      // The two seconds that are good for most may have a twentieth of failures, the three that are good, a hundredth.
      { onsetMs: 5_100, mitigatedMs: 7_900, recoveredMs: 8_000 },
    ]);
  });

  it('begins with the failures of the second in which they become too many', () => {
    const slowly = ticksOf({ fromS: 5, toS: 7, failed: 1 }, { fromS: 7, toS: 8, failed: 20 });
    expect(findImpacts(slowly)[0]!.onsetMs).toBe(5_100);
  });

  it('is mitigated for most before it is over for all', () => {
    const tail = ticksOf({ fromS: 5, toS: 8, failed: 20 }, { fromS: 8, toS: 12, failed: 1, ended: 25 });
    // Its last 0.6 s have 6 failures, which are 0.95 % of three seconds.
    expect(findImpacts(tail)).toEqual([{ onsetMs: 5_100, mitigatedMs: 8_000, recoveredMs: 11_400 }]);
  });

  it('is not over while nobody is answered', () => {
    const silent = ticksOf({ fromS: 5, toS: 6, failed: 20 }, { fromS: 6, toS: 20, failed: 0, ended: 0 });
    expect(findImpacts(silent)).toEqual([{ onsetMs: 5_100, mitigatedMs: null, recoveredMs: null }]);
  });

  it('is two where it comes again', () => {
    const twice = ticksOf({ fromS: 4, toS: 5, failed: 20 }, { fromS: 12, toS: 13, failed: 20 });
    expect(findImpacts(twice).map(({ onsetMs }) => onsetMs)).toEqual([4_100, 12_100]);
  });

  it('is in order: onset, mitigated, recovered, and the next onset', () => {
    const tick = fc.record({
      ended: fc.integer({ min: 0, max: 30 }),
      failed: fc.constantFrom(0, 0, 0, 1, 15, 30),
    });
    fc.assert(
      fc.property(fc.array(tick, { maxLength: 300 }), (all) => {
        const impacts = findImpacts(
          all.map(({ ended, failed }) => ({ ended, failed: Math.min(ended, failed) })),
        );
        const times = impacts.flatMap(({ onsetMs, mitigatedMs, recoveredMs }) => [
          onsetMs,
          mitigatedMs,
          recoveredMs,
        ]);
        const known = times.filter((ms) => ms !== null);
        expect(known).toEqual(known.toSorted((a, b) => a - b));
        expect(impacts.slice(0, -1).every(({ recoveredMs }) => recoveredMs !== null)).toBe(true);
      }),
    );
  });
});
