/** How many workers: the formula and the windows of the Kubernetes HPA, and what an autoscaler makes of it and of a forecast. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AutoscaleConfig, Autoscaler } from '../../../../src/upstream/fleet/autoscaler.js';
import { desiredWorkers, type FleetUse, Stabilisation } from '../../../../src/upstream/fleet/hpa.js';

const use = (ready: readonly number[], booting = 0, missing = 0): FleetUse => ({ ready, booting, missing });

describe('the formula of the HPA', () => {
  it.each<[string, FleetUse, number, number]>([
    ['twice the use wants twice as many', use([2, 2]), 1, 4],
    ['half the use wants half as many', use([0.5, 0.5]), 1, 1],
    ['a tenth more is not worth it', use([1.1, 1.1, 1.1]), 1, 3],
    ['a tenth less is not worth it', use([0.9, 0.9, 0.9]), 1, 3],
    ['a little more than that is', use([1.2, 1.2, 1.2]), 1, 4],
    // As in replica_calculator_test.go.
    ['scale up', use([0.3, 0.5, 0.7]), 0.3, 5],
    ['scale up, one not ready: less', use([0.5, 0.7], 1), 0.3, 4],
    ['scale up, two not ready: not at all', use([0.4], 2), 0.3, 3],
    ['scale down', use([0.1, 0.3, 0.5, 0.25, 0.25]), 0.5, 3],
    ['scale down, two without metrics: less', use([0.4, 0.095], 0, 2), 1, 3],
    ['as it is, one without metrics', use([1], 0, 1), 1, 2],
    ['nothing known: as it is', use([], 1, 2), 1, 3],
  ])('%s', (_name, reading, target, expected) => {
    expect(desiredWorkers(reading, target)).toBe(expected);
  });

  const reading = fc.record({
    ready: fc.array(fc.double({ min: 0, max: 5, noNaN: true }), { maxLength: 10 }),
    booting: fc.nat({ max: 5 }),
    missing: fc.nat({ max: 5 }),
  });
  const target = fc.double({ min: 0.05, max: 1, noNaN: true });

  it('never grows a fleet that is used less than wanted, nor shrinks one that is used more', () => {
    fc.assert(
      fc.property(reading, target, (found, wanted) => {
        const current = found.ready.length + found.booting + found.missing;
        const mean = found.ready.reduce((sum, ratio) => sum + ratio, 0) / found.ready.length;
        const desired = desiredWorkers(found, wanted);
        if (mean < wanted) expect(desired).toBeLessThanOrEqual(current);
        if (mean > wanted) expect(desired).toBeGreaterThanOrEqual(current);
      }),
    );
  });
});

describe('stabilisation', () => {
  const decideAll = (
    options: { upMs: number; downMs: number },
    wishes: readonly (readonly [atMs: number, workers: number])[],
  ): number[] => {
    let current = 4;
    const stabilisation = new Stabilisation(options, current, 0);
    return wishes.map(([atMs, workers]) => {
      current = stabilisation.decide(workers, current, atMs);
      return current;
    });
  };

  it.each<[string, { upMs: number; downMs: number }, [number, number][], number[]]>([
    ['grows at once without a window', { upMs: 0, downMs: 5_000 }, [[1_000, 6]], [6]],
    [
      'shrinks to the highest wish of the window',
      { upMs: 0, downMs: 5_000 },
      [
        [1_000, 6],
        [3_000, 2],
        [5_000, 3],
        [6_500, 2],
        [10_500, 2],
      ],
      [6, 6, 6, 3, 2],
    ],
    [
      'grows to the lowest wish of the window',
      { upMs: 3_000, downMs: 0 },
      [
        [1_000, 8],
        [2_000, 6],
        [3_500, 9],
        [4_500, 9],
        [5_500, 9],
        [7_000, 9],
      ],
      [4, 4, 6, 6, 9, 9],
    ],
  ])('%s', (_name, options, wishes, expected) => {
    expect(decideAll(options, wishes)).toEqual(expected);
  });

  it('leaves the number where both windows disagree about it', () => {
    // Up: at least 3 was wished all the time; down: no more than 6.
    expect(
      decideAll({ upMs: 10_000, downMs: 10_000 }, [
        [1_000, 3],
        [2_000, 6],
      ]),
    ).toEqual([4, 4]);
  });
});

describe('an autoscaler', () => {
  const config: AutoscaleConfig = {
    min: 2,
    max: 8,
    strategy: 'reactive',
    seasonMs: null,
    targetRatio: 0.7,
    intervalMs: 1_000,
    step: null,
    upMs: 0,
    downMs: 5_000,
    drainMs: 1_000,
  };
  const capacity = { workerRps: 40, bootMs: 3_000 };
  const make = (fields: Partial<AutoscaleConfig> = {}, current = 4) =>
    new Autoscaler({ ...config, ...fields }, capacity, current, 0);

  it.each<[string, Partial<AutoscaleConfig>, number[], number]>([
    ['asks for what the formula says', {}, [1.05, 1.05, 1.05, 1.05], 6],
    ['asks for no more than the most', {}, [3, 3, 3, 3], 8],
    ['asks for no more than a step', { step: 1 }, [3, 3, 3, 3], 5],
    ['keeps what it has within the window', {}, [0.1, 0.1, 0.1, 0.1], 4],
    ['asks for no fewer than the least', { downMs: 0 }, [0, 0, 0, 0], 2],
  ])('that reacts %s', (_name, fields, ready, expected) => {
    expect(make(fields).decide({ use: use(ready), offeredRps: 0 }, 1_000)).toBe(expected);
  });

  it('that foresees has the workers up before the ramp needs them', () => {
    const autoscaler = make({ strategy: 'predictive' });
    let running = 4;
    const booting: number[] = [];
    for (let second = 0; second <= 30; second++) {
      const offeredRps = 80 + 10 * Math.max(0, Math.min(12, second - 8));
      while (booting.length > 0 && booting[0]! <= second) {
        booting.shift();
        running++;
      }
      expect(offeredRps).toBeLessThanOrEqual(running * capacity.workerRps);
      const reading = use(new Array<number>(running).fill(0.5), booting.length);
      const desired = autoscaler.decide({ use: reading, offeredRps }, second * 1_000);
      for (let count = running + booting.length; count < desired; count++) booting.push(second + 3);
    }
    expect(running).toBe(8);
  });

  it('that foresees less keeps what is needed until then', () => {
    const autoscaler = make({ strategy: 'predictive', downMs: 0 }, 8);
    const told = Array.from({ length: 21 }, (_, index) => {
      const offeredRps = 540 - 20 * index;
      return autoscaler.decide({ use: use(new Array<number>(8).fill(0.5)), offeredRps }, index * 1_000);
    });
    // At the end it is 140/s. In four intervals it will be 60/s, for which 3 would do; in the next it is 120/s.
    expect(told.at(-1)).toBe(Math.ceil(120 / (40 * 0.7)));
  });

  it('stays within its bounds and its step, whatever it is told', () => {
    const told = fc.record({
      ready: fc.array(fc.double({ min: 0, max: 10, noNaN: true }), { minLength: 1, maxLength: 8 }),
      offeredRps: fc.double({ min: 0, max: 1e6, noNaN: true }),
    });
    const strategy = fc.constantFrom('reactive' as const, 'predictive' as const);
    const season = fc.constantFrom(null, 2_000, 7_000);
    fc.assert(
      fc.property(fc.array(told, { maxLength: 20 }), strategy, season, (readings, chosen, seasonMs) => {
        const autoscaler = make({ strategy: chosen, seasonMs, step: 2 });
        readings.forEach(({ ready, offeredRps }, index) => {
          const desired = autoscaler.decide({ use: use(ready), offeredRps }, index * 1_000);
          expect(desired).toBeLessThanOrEqual(Math.max(ready.length, Math.min(config.max, ready.length + 2)));
          expect(desired).toBeGreaterThanOrEqual(Math.min(config.min, ready.length));
        });
      }),
    );
  });
});
