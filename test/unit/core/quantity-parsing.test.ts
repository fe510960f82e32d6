/**
 * Quantities as people write them: what each text comes to, which texts are refused, and what the refusal says to
 * somebody who left the unit out.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  explainUnit,
  PATTERNS,
  parseDurationMs,
  parseDurationMsOr,
  parseRateRps,
  parseRatio,
  parseSizeBytes,
  type Unit,
  UnitError,
} from '../../../src/core/units.js';

const PARSERS: Readonly<Record<Unit, (text: string) => number>> = {
  duration: parseDurationMs,
  size: parseSizeBytes,
  rate: parseRateRps,
  percent: parseRatio,
};

describe('a quantity with its unit', () => {
  it.each<[Unit, string, number]>([
    ['duration', '0s', 0],
    ['duration', '250us', 0.25],
    ['duration', '300ms', 300],
    ['duration', '1.5s', 1_500],
    ['duration', '2m', 120_000],
    ['duration', '1h', 3_600_000],
    ['duration', '1m30s', 90_000],
    ['duration', '1h2m3s4ms', 3_723_004],
    ['duration', '1m500ms', 60_500],
    ['size', '1B', 1],
    ['size', '2KB', 2_000],
    ['size', '2KiB', 2_048],
    ['size', '1MB', 1_000_000],
    ['size', '64MiB', 67_108_864],
    ['size', '1.5GiB', 1_610_612_736],
    ['size', '1GB', 1_000_000_000],
    ['size', '0.3KiB', 307],
    ['rate', '200/s', 200],
    ['rate', '0.5/s', 0.5],
    ['rate', '90/m', 1.5],
    ['rate', '7200/h', 2],
    ['percent', '0%', 0],
    ['percent', '95%', 0.95],
    ['percent', '99.5%', 0.995],
    ['percent', '200%', 2],
  ])('of the kind %s: %s is %d', (unit, text, expected) => {
    expect(PARSERS[unit](text)).toBeCloseTo(expected, 12);
  });

  it.each<[Unit, string]>([
    ['duration', ''],
    ['duration', '300'],
    ['duration', '-1s'],
    ['duration', '1 s'],
    ['duration', ' 1s'],
    ['duration', '1s\n'],
    ['duration', '1S'],
    ['duration', '.5s'],
    ['duration', '1.s'],
    ['duration', '1m30'],
    ['duration', '1e3ms'],
    ['duration', '2d'],
    ['size', '64'],
    ['size', '64M'],
    ['size', '64mib'],
    ['size', '1MiB512KiB'],
    ['rate', '200'],
    ['rate', '200rps'],
    ['rate', '200/ms'],
    ['percent', '0.95'],
    ['percent', '%'],
    ['percent', '-5%'],
  ])('of the kind %s is not %j', (unit, text) => {
    expect(() => PARSERS[unit](text)).toThrow(UnitError);
    expect(new RegExp(PATTERNS[unit]).test(text)).toBe(false);
  });

  it('keeps whole milliseconds exact', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000_000 }), (ms) => {
        expect(parseDurationMs(`${ms}ms`)).toBe(ms);
      }),
    );
  });

  it('adds up whatever it is made of', () => {
    const part = fc.integer({ min: 0, max: 5_000 });
    fc.assert(
      fc.property(part, part, part, part, (hours, minutes, seconds, ms) => {
        const total = hours * 3_600_000 + minutes * 60_000 + seconds * 1_000 + ms;
        expect(parseDurationMs(`${hours}h${minutes}m${seconds}s${ms}ms`)).toBe(total);
      }),
    );
  });
});

describe('a duration that may be left out', () => {
  it('is the default when it is, and is read when it is not', () => {
    expect(parseDurationMsOr(undefined, 250)).toBe(250);
    expect(parseDurationMsOr('2s', 250)).toBe(2_000);
    expect(parseDurationMsOr('0s', 250)).toBe(0);
    expect(() => parseDurationMsOr('', 250)).toThrow(UnitError);
  });
});

describe('the explanation of a text that is no quantity', () => {
  it.each<[Unit, unknown, string]>([
    [
      'duration',
      300,
      'expected a duration such as 300ms, 2s or 1m30s, got 300; ' +
        'a number alone has no unit: write 300ms or 300s',
    ],
    [
      'duration',
      '1.5',
      'expected a duration such as 300ms, 2s or 1m30s, got "1.5"; ' +
        'a number alone has no unit: write 1.5ms or 1.5s',
    ],
    [
      'size',
      64,
      'expected a size such as 512KiB or 64MiB, got 64; a number alone has no unit: write 64MiB or 64KiB',
    ],
    ['rate', 200, 'expected a rate such as 200/s, got 200; a number alone has no unit: write 200/s'],
    ['percent', 95, 'expected a share such as 95%, got 95; a number alone has no unit: write 95%'],
  ])('says for a %s given as %j which unit to write', (unit, value, expected) => {
    expect(explainUnit(unit, value)).toBe(expected);
  });

  it.each<[Unit, unknown, string]>([
    ['duration', 'soon', 'expected a duration such as 300ms, 2s or 1m30s, got "soon"'],
    ['duration', -5, 'expected a duration such as 300ms, 2s or 1m30s, got -5'],
    ['size', '64M', 'expected a size such as 512KiB or 64MiB, got "64M"'],
    ['rate', null, 'expected a rate such as 200/s, got null'],
    ['percent', true, 'expected a share such as 95%, got true'],
  ])('guesses no unit for a %s given as %j', (unit, value, expected) => {
    expect(explainUnit(unit, value)).toBe(expected);
  });

  it.each(Object.keys(PARSERS) as Unit[])('is what the parser of a %s throws', (unit) => {
    expect(() => PARSERS[unit]('300')).toThrow(new UnitError(explainUnit(unit, '300')));
  });
});
