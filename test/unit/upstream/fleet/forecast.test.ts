/** Forecasts of a load: what each follows exactly, what it comes to rest at, and that none is below nothing. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Forecast, HoltForecast, HoltWintersForecast } from '../../../../src/upstream/fleet/forecast.js';

const seeing = (forecast: Forecast, values: readonly number[]): Forecast => {
  for (const value of values) forecast.observe(value);
  return forecast;
};

/** So many values of a function of their place. */
const row = <Value>(count: number, value: (index: number) => Value): Value[] =>
  Array.from({ length: count }, (_, index) => value(index));

const FORECASTS: [string, () => Forecast][] = [
  ['trend', () => new HoltForecast()],
  ['season', () => new HoltWintersForecast(4)],
];

const ahead = fc.integer({ min: 1, max: 30 });

describe.each(FORECASTS)('a forecast by the %s', (_name, make) => {
  it('knows nothing before the first value', () => {
    expect([make().at(1), make().mostWithin(3)]).toEqual([null, null]);
  });

  it('stays at what does not change', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 10_000 }),
        fc.integer({ min: 1, max: 60 }),
        ahead,
        (value, count, intervals) => {
          const forecast = seeing(
            make(),
            row(count, () => value),
          );
          expect(forecast.at(intervals)).toBeCloseTo(value, 6);
          expect(forecast.mostWithin(intervals)).toBeCloseTo(value, 6);
        },
      ),
    );
  });

  it('comes to rest after a ramp has ended', () => {
    const forecast = seeing(
      make(),
      row(80, (index) => Math.min(100, 10 * index)),
    );
    expect(forecast.at(4)).toBeCloseTo(100, 0);
  });

  it('is never below nothing, and its most is the most of all that it says', () => {
    const values = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(values, ahead, (seen, intervals) => {
        const forecast = seeing(make(), seen);
        const all = row(intervals, (index) => forecast.at(index + 1)!);
        expect(Math.min(...all)).toBeGreaterThanOrEqual(0);
        expect(forecast.mostWithin(intervals)).toBe(Math.max(...all));
      }),
    );
  });
});

describe("Holt's forecast", () => {
  it('comes to follow a ramp exactly', () => {
    const line = fc.record({ start: fc.nat({ max: 1_000 }), slope: fc.nat({ max: 100 }) });
    fc.assert(
      fc.property(line, fc.integer({ min: 100, max: 150 }), ahead, ({ start, slope }, count, intervals) => {
        const forecast = seeing(
          new HoltForecast(),
          row(count, (index) => start + slope * index),
        );
        expect(forecast.at(intervals)).toBeCloseTo(start + slope * (count - 1 + intervals), 6);
      }),
    );
  });

  it('takes no two values for a trend', () => {
    expect(seeing(new HoltForecast(), [60, 80]).at(4)).toBeLessThan(85);
  });

  it('is nothing where the trend leads below it', () => {
    expect(seeing(new HoltForecast(), [100, 50, 0]).at(10)).toBe(0);
  });
});

describe("Holt and Winters' forecast", () => {
  const PEAK = [80, 80, 200, 200, 80] as const;
  const days = (count: number): number[] => row(count * PEAK.length, (index) => PEAK[index % PEAK.length]!);

  it('knows the trend alone until it has seen two periods', () => {
    const seen = days(2).slice(0, -1);
    const [trend, season] = [new HoltForecast(), new HoltWintersForecast(PEAK.length)].map((one) =>
      seeing(one, seen),
    );
    expect(row(6, (index) => season!.at(index + 1))).toEqual(row(6, (index) => trend!.at(index + 1)));
    expect(season!.mostWithin(6)).toBe(trend!.mostWithin(6));
  });

  it.each<[string, number[], number[]]>([
    ['after two periods it knows the third', days(2), [80, 80, 200, 200, 80]],
    ['in the middle of one it knows the rest', [...days(2), 80, 80], [200, 200, 80, 80, 80]],
    ['and so on', [...days(9), 80, 80, 200], [200, 80, 80, 80, 200]],
  ])('%s', (_name, seen, expected) => {
    const forecast = seeing(new HoltWintersForecast(PEAK.length), seen);
    const said = row(expected.length, (index) => Math.round(forecast.at(index + 1)! * 1e6) / 1e6);
    expect(said).toEqual(expected);
  });

  it('knows any season on any ramp exactly, from the end of the second period on', () => {
    const season = fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 2, maxLength: 12 });
    const slopes = fc.integer({ min: 0, max: 50 });
    fc.assert(
      fc.property(season, slopes, fc.nat({ max: 60 }), ahead, (one, slope, more, intervals) => {
        const value = (index: number): number => one[index % one.length]! + slope * index;
        const count = 2 * one.length + more;
        const forecast = seeing(new HoltWintersForecast(one.length), row(count, value));
        expect(forecast.at(intervals)).toBeCloseTo(value(count - 1 + intervals), 4);
      }),
    );
  });

  it('forgets a season that does not come any more', () => {
    const forecast = seeing(new HoltWintersForecast(PEAK.length), [...days(4), ...row(100, () => 80)]);
    expect(forecast.mostWithin(PEAK.length)).toBeCloseTo(80, 0);
  });

  it('follows a day that is busier than the others as a whole', () => {
    const busier = [...days(2), ...days(1).map((value) => value + 100)];
    const forecast = seeing(new HoltWintersForecast(PEAK.length), busier.slice(0, -2));
    expect(forecast.at(1)).toBeGreaterThan(280);
  });
});
