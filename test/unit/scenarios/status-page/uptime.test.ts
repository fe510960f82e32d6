/** The bars of a component: worst of each span, time that nobody watched, and two that become one. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ComponentState } from '../../../../src/scenarios/status-page/states.js';
import { MAX_BARS, UptimeBars } from '../../../../src/scenarios/status-page/uptime.js';

describe('bars', () => {
  it('have the worst of their second, and know for how long', () => {
    const bars = new UptimeBars(1_000);
    bars.add('operational', 1_000, 2_300);
    bars.add('major_outage', 2_300, 2_500);
    bars.add('operational', 2_500, 3_000);
    expect(bars.bars).toEqual([
      { state: 'operational', knownMs: 1_000, outMs: 0 },
      { state: 'major_outage', knownMs: 1_000, outMs: 200 },
    ]);
    expect(bars.upRatio).toBeCloseTo(0.9);
  });

  it('are unknown where nobody watched, and that counts neither way', () => {
    const bars = new UptimeBars(0);
    expect(bars.upRatio).toBeNull();
    bars.add('operational', 0, 1_000);
    bars.add('unknown', 1_000, 2_000);
    bars.add('partial_outage', 3_000, 4_000);
    expect(bars.bars.map(({ state }) => state)).toEqual([
      ...['operational', 'unknown', 'unknown', 'partial_outage'],
    ]);
    expect(bars.upRatio).toBe(0.5);
  });

  it('are never too many, and lose no time', () => {
    const step = fc.record({
      state: fc.constantFrom<ComponentState>(
        'operational',
        'degraded_performance',
        'major_outage',
        'unknown',
      ),
      ms: fc.integer({ min: 0, max: 600_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const bars = new UptimeBars(0);
        let [nowMs, known, out] = [0, 0, 0];
        for (const { state, ms } of steps) {
          bars.add(state, nowMs, nowMs + ms);
          nowMs += ms;
          if (state !== 'unknown') known += ms;
          if (state === 'major_outage') out += ms;
        }
        expect(bars.bars.length).toBeLessThanOrEqual(MAX_BARS);
        expect(bars.bars.reduce((sum, bar) => sum + bar.knownMs, 0)).toBe(known);
        expect(bars.bars.reduce((sum, bar) => sum + bar.outMs, 0)).toBe(out);
        for (const bar of bars.bars) expect(bar.knownMs).toBeLessThanOrEqual(bars.barMs);
      }),
    );
  });
});
