/**
 * When requests arrive: in order and within the plan, as many as the rates come to, ramps included, the same
 * for the same seed, and no stage moving the arrivals of the stages before it.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { Arrivals, arrivalTimes } from '../../../src/scenarios/clients/arrivals.js';
import { type LoadPlan, loadDurationMs, type Stage } from '../../../src/scenarios/clients/workload.js';

const arrivalsOf = (plan: LoadPlan, seed = 1): number[] => [...arrivalTimes(plan, new Random(seed))];

/**
 * The integral of the rate over the first `untilMs` of the plan, by trapezoids and independently of the
 * code.
 */
const expectedArrivals = (stages: readonly Stage[], untilMs: number): number => {
  let total = 0;
  let startMs = 0;
  for (const { fromRps, toRps, durationMs } of stages) {
    const elapsedMs = Math.min(Math.max(0, untilMs - startMs), durationMs);
    const rateThere = durationMs === 0 ? fromRps : fromRps + (toRps - fromRps) * (elapsedMs / durationMs);
    total += (((fromRps + rateThere) / 2) * elapsedMs) / 1000;
    startMs += durationMs;
  }
  return total;
};

/** Rates as they occur, with those at which a ramp is hardest: none, and next to none. */
const rate = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(0, 1e-9, 1e-3) },
  { weight: 3, arbitrary: fc.double({ min: 0.01, max: 300, noNaN: true }) },
);
const stage: fc.Arbitrary<Stage> = fc
  .record({ fromRps: rate, toRps: rate, flat: fc.boolean(), durationMs: fc.integer({ min: 1, max: 3_000 }) })
  .map(({ fromRps, toRps, flat, durationMs }) => ({ fromRps, toRps: flat ? fromRps : toRps, durationMs }));
const stages = fc.array(stage, { minLength: 1, maxLength: 5 });
const arrivals = fc.constantFrom('poisson' as const, 'constant' as const);
const seed = fc.integer({ min: 0, max: 2 ** 31 - 1 });

/** Room for the rounding of sums and square roots, far below a microsecond. */
const ROUNDING_MS = 1e-6;

describe('arrival times', () => {
  it('ascend and stay inside the plan, whatever its stages', () => {
    fc.assert(
      fc.property(fc.record({ arrivals, stages }), seed, (plan, chosen) => {
        let before = 0;
        for (const arrivalMs of arrivalsOf(plan, chosen)) {
          expect(arrivalMs).toBeGreaterThanOrEqual(before - ROUNDING_MS);
          before = arrivalMs;
        }
        expect(before).toBeLessThanOrEqual(loadDurationMs(plan) + ROUNDING_MS);
      }),
    );
  });

  it('are numbers when a ramp from zero begins exactly when an arrival is due', () => {
    const plan: LoadPlan = {
      arrivals: 'constant',
      stages: [
        { fromRps: 1, toRps: 1, durationMs: 500 },
        { fromRps: 0, toRps: 10, durationMs: 1_000 },
      ],
    };
    const times = arrivalsOf(plan);
    expect(times[0]).toBe(500);
    expect(times.every(Number.isFinite)).toBe(true);
  });

  it('are none where the rate is zero', () => {
    const silence: Stage = { fromRps: 0, toRps: 0, durationMs: 1_000 };
    expect(arrivalsOf({ arrivals: 'constant', stages: [silence] })).toEqual([]);
    const later = arrivalsOf({
      arrivals: 'poisson',
      stages: [silence, { fromRps: 50, toRps: 50, durationMs: 1_000 }],
    });
    expect(later.length).toBeGreaterThan(0);
    expect(Math.min(...later)).toBeGreaterThanOrEqual(1_000);
  });
});

describe('a constant load', () => {
  it('begins half a step in and keeps its step', () => {
    const plan: LoadPlan = {
      arrivals: 'constant',
      stages: [{ fromRps: 10, toRps: 10, durationMs: 400 }],
    };
    expect(arrivalsOf(plan)).toEqual([50, 150, 250, 350]);
  });

  it('has as many arrivals in every stage as its rates come to, give or take one', () => {
    fc.assert(
      fc.property(stages, (chosen) => {
        const times = arrivalsOf({ arrivals: 'constant', stages: chosen });
        let startMs = 0;
        for (const one of chosen) {
          const endMs = startMs + one.durationMs;
          const from = startMs;
          const count = times.filter((ms) => ms >= from && ms < endMs).length;
          expect(Math.abs(count - Math.round(expectedArrivals([one], one.durationMs)))).toBeLessThanOrEqual(
            1,
          );
          startMs = endMs;
        }
        const whole = expectedArrivals(chosen, startMs);
        expect(Math.abs(times.length - whole)).toBeLessThanOrEqual(0.5 + ROUNDING_MS);
      }),
    );
  });

  it('follows the integral of its rate at every moment', () => {
    fc.assert(
      fc.property(stages, fc.double({ min: 0, max: 1, noNaN: true }), (chosen, part) => {
        const plan: LoadPlan = { arrivals: 'constant', stages: chosen };
        const untilMs = part * loadDurationMs(plan);
        const count = arrivalsOf(plan).filter((ms) => ms < untilMs).length;
        expect(Math.abs(count - expectedArrivals(chosen, untilMs))).toBeLessThanOrEqual(0.5 + 1e-3);
      }),
    );
  });
});

describe('a ramp', () => {
  it.each([
    ['up from nothing', 0, 200, 250],
    ['down to nothing', 200, 0, 750],
    ['up', 50, 150, 375],
    ['down', 150, 50, 625],
    ['so flat that its square root cancels', 100, 100.000001, 500],
  ])('%s has in its first half what its integral says', (_name, fromRps, toRps, expected) => {
    const ramp: Stage = { fromRps, toRps, durationMs: 10_000 };
    const firstHalf = (times: readonly number[]): number => times.filter((ms) => ms < 5_000).length;
    expect(firstHalf(arrivalsOf({ arrivals: 'constant', stages: [ramp] }))).toBeGreaterThanOrEqual(
      expected - 1,
    );
    expect(firstHalf(arrivalsOf({ arrivals: 'constant', stages: [ramp] }))).toBeLessThanOrEqual(expected + 1);
    const poisson = firstHalf(arrivalsOf({ arrivals: 'poisson', stages: [ramp] }, 7));
    expect(Math.abs(poisson - expected)).toBeLessThan(5 * Math.sqrt(expected));
  });
});

describe('a Poisson load', () => {
  const plan: LoadPlan = {
    arrivals: 'poisson',
    stages: [
      { fromRps: 100, toRps: 100, durationMs: 10_000 },
      { fromRps: 100, toRps: 300, durationMs: 5_000 },
    ],
  };
  const SEEDS = Array.from({ length: 20 }, (_, index) => index + 1);

  it.each(SEEDS)('has as many arrivals as its rates come to, within 5 sigma, with seed %i', (chosen) => {
    expect(Math.abs(arrivalsOf(plan, chosen).length - 2_000)).toBeLessThan(5 * Math.sqrt(2_000));
  });

  it('varies as much as a Poisson process does: the gaps deviate by as much as their mean', () => {
    const times = arrivalsOf({ arrivals: 'poisson', stages: [plan.stages[0]!] }, 3);
    const gaps = times.slice(1).map((ms, index) => ms - times[index]!);
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
    expect(Math.sqrt(variance) / mean).toBeGreaterThan(0.8);
    expect(Math.sqrt(variance) / mean).toBeLessThan(1.2);
  });
});

describe('arrivals and chance', () => {
  it('are the same for the same seed', () => {
    fc.assert(
      fc.property(fc.record({ arrivals, stages }), seed, (plan, chosen) => {
        expect(arrivalsOf(plan, chosen)).toEqual(arrivalsOf(plan, chosen));
      }),
    );
  });

  it('differ for another seed', () => {
    const plan: LoadPlan = {
      arrivals: 'poisson',
      stages: [{ fromRps: 50, toRps: 50, durationMs: 2_000 }],
    };
    expect(arrivalsOf(plan, 1)).not.toEqual(arrivalsOf(plan, 2));
  });

  it('do not move when a later stage changes', () => {
    fc.assert(
      fc.property(arrivals, stages, stage, stage, seed, (kind, first, one, other, chosen) => {
        const endMs = loadDurationMs({ arrivals: kind, stages: first });
        const early = (last: Stage): number[] =>
          arrivalsOf({ arrivals: kind, stages: [...first, last] }, chosen).filter((ms) => ms < endMs);
        expect(early(one)).toEqual(early(other));
      }),
    );
  });
});

describe('a load that is changed by hand', () => {
  const plan: LoadPlan = {
    arrivals: 'constant',
    stages: [{ fromRps: 100, toRps: 100, durationMs: 10_000 }],
  };
  /** Takes all that come before a moment. */
  const takeUntil = (arrivals: Arrivals, endMs: number): number[] => {
    const taken: number[] = [];
    for (let atMs = arrivals.nextMs; atMs !== null && atMs < endMs; atMs = arrivals.nextMs) {
      taken.push(atMs);
      arrivals.take();
    }
    return taken;
  };

  it('has as many arrivals as the rates come to, whatever is changed and when', () => {
    const changes = fc.array(
      fc.record({
        afterMs: fc.integer({ min: 1, max: 3_000 }),
        scale: fc.constantFrom(0, 0.5, 1, 3),
        rateRps: fc.constantFrom(null, 0, 40, 250),
      }),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(changes, fc.boolean(), (steps, endless) => {
        const load: LoadPlan = endless ? { ...plan, endless: true } : plan;
        const arrivals = new Arrivals(load, new Random(1));
        const endMs = endless ? 20_000 : 10_000;
        let [nowMs, rate, expected, taken] = [0, 100, 0, 0];
        for (const { afterMs, scale, rateRps } of steps) {
          const atMs = Math.min(endMs, nowMs + afterMs);
          expected += (rate * (atMs - nowMs)) / 1000;
          taken += takeUntil(arrivals, atMs).length;
          arrivals.change({ scale, rateRps }, atMs);
          rate = (rateRps ?? 100) * scale;
          nowMs = atMs;
        }
        expected += (rate * (endMs - nowMs)) / 1000;
        const rest = takeUntil(arrivals, endMs);
        expect(rest.every((atMs) => atMs >= nowMs)).toBe(true);
        expect(Math.abs(taken + rest.length - expected)).toBeLessThanOrEqual(1);
      }),
      {
        examples: [
          [
            [
              { afterMs: 36, scale: 3, rateRps: null },
              { afterMs: 2_053, scale: 1, rateRps: null },
            ],
            false,
          ],
          // And here nothing more is asked for.
          [
            [
              { afterMs: 1_461, scale: 3, rateRps: null },
              { afterMs: 38, scale: 3, rateRps: 0 },
            ],
            false,
          ],
        ],
      },
    );
  });

  it('comes to the same as a plan that says so from the start', () => {
    const random = () => new Random(7);
    const doubled: LoadPlan = {
      arrivals: 'poisson',
      stages: [
        { fromRps: 100, toRps: 100, durationMs: 4_000 },
        { fromRps: 200, toRps: 200, durationMs: 6_000 },
      ],
    };
    const arrivals = new Arrivals({ ...plan, arrivals: 'poisson' }, random());
    const taken = takeUntil(arrivals, 4_000);
    arrivals.change({ scale: 2, rateRps: null }, 4_000);
    const all = [...taken, ...takeUntil(arrivals, 10_000)];
    const planned = [...arrivalTimes(doubled, random())];
    expect(all).toHaveLength(planned.length);
    for (const [index, atMs] of all.entries()) expect(atMs).toBeCloseTo(planned[index]!, 6);
  });

  it('goes on at the last rate where it is endless', () => {
    const arrivals = new Arrivals({ ...plan, endless: true }, new Random(1));
    expect(takeUntil(arrivals, 60_000)).toHaveLength(6_000);
  });
});
