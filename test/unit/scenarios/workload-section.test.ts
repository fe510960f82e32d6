/**
 * The `load:` section with its defaults filled in: units, ramps, and the scale that multiplies every rate.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { arrivalTimes } from '../../../src/scenarios/clients/arrivals.js';
import { loadDurationMs, resolveLoad } from '../../../src/scenarios/clients/workload.js';

describe('a load section', () => {
  it('is Poisson and unscaled unless it says otherwise', () => {
    expect(resolveLoad({ stages: [{ rate: '200/s', for: '8s' }] })).toEqual({
      arrivals: 'poisson',
      stages: [{ fromRps: 200, toRps: 200, durationMs: 8_000 }],
    });
  });

  it('reads rates by second, minute and hour, and makes a ramp of `to`', () => {
    const { stages } = resolveLoad({
      arrivals: 'constant',
      stages: [
        { rate: '120/m', to: '7200/h', for: '1m30s' },
        { rate: '0/s', to: '5/s', for: '500ms' },
      ],
    });
    expect(stages).toEqual([
      { fromRps: 2, toRps: 2, durationMs: 90_000 },
      { fromRps: 0, toRps: 5, durationMs: 500 },
    ]);
  });

  it('lasts as long as its stages together', () => {
    const stages = [
      { rate: '1/s', for: '2s' },
      { rate: '1/s', for: '1m' },
    ];
    expect(loadDurationMs(resolveLoad({ stages }))).toBe(62_000);
  });

  it('has every rate multiplied by its scale, both ends of a ramp', () => {
    const stages = [
      { rate: '10/s', to: '40/s', for: '2s' },
      { rate: '40/s', for: '3s' },
    ];
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 100, noNaN: true }), (scale) => {
        expect(resolveLoad({ scale, stages }).stages).toEqual([
          { fromRps: 10 * scale, toRps: 40 * scale, durationMs: 2_000 },
          { fromRps: 40 * scale, toRps: 40 * scale, durationMs: 3_000 },
        ]);
      }),
    );
  });

  it.each([
    [0.5, 40],
    [1, 80],
    [3, 240],
  ])('scaled by %d has that many arrivals as well', (scale, expected) => {
    const plan = resolveLoad({ arrivals: 'constant', scale, stages: [{ rate: '40/s', for: '2s' }] });
    expect([...arrivalTimes(plan, new Random(1))]).toHaveLength(expected);
  });
});
