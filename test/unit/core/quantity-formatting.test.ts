/** Quantities as people read them: rounded, but never to something that says more than is so. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatDuration,
  formatFor,
  formatMebibytes,
  formatRatio,
  formatSize,
  parseDurationMs,
} from '../../../src/core/units.js';

describe('how long something lasts', () => {
  it('is said where it has an end', () => {
    expect([formatFor(1_500), formatFor(0), formatFor(null)]).toEqual([' for 1.5s', ' for 0ms', '']);
  });
});

describe('a duration', () => {
  it.each<[number, string]>([
    [0, '0ms'],
    [0.25, '0.25ms'],
    [1, '1ms'],
    [9.96, '10ms'],
    [2.34, '2.3ms'],
    [300, '300ms'],
    [300.4, '300ms'],
    [1_000, '1s'],
    [1_500, '1.5s'],
    [1_234, '1.23s'],
    [12_340, '12.3s'],
    [60_000, '1m'],
    [90_000, '1m30s'],
    [3_600_000, '1h'],
    [5_400_000, '1h30m'],
    [3_605_000, '1h5s'],
    [-1_500, '-1.5s'],
  ])('of %d ms reads %s', (ms, expected) => {
    expect(formatDuration(ms)).toBe(expected);
  });

  it.each<[number, string]>([
    [999.7, '1s'],
    [59_990, '1m'],
    [119_700, '2m'],
    [179_999, '3m'],
  ])('of %d ms carries into the next unit and reads %s', (ms, expected) => {
    expect(formatDuration(ms)).toBe(expected);
  });

  const nearWholeMinutes = fc
    .tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: -700, max: 700 }))
    .map(([minutes, offsetMs]) => minutes * 60_000 + offsetMs);
  const wholeMs = fc.oneof(fc.integer({ min: 0, max: 20_000_000 }), nearWholeMinutes);

  it('never reads 60 seconds or 1000 milliseconds', () => {
    fc.assert(
      fc.property(wholeMs, (ms) => {
        expect(formatDuration(ms)).not.toMatch(/(^|m)60s$|^1000ms$/);
      }),
    );
  });

  it('reads back as what it was, to the digits shown', () => {
    const halfDigitMs = (ms: number): number => (ms < 1_000 ? 0 : ms < 10_000 ? 5 : ms < 60_000 ? 50 : 500);
    fc.assert(
      fc.property(wholeMs, (ms) => {
        expect(Math.abs(parseDurationMs(formatDuration(ms)) - ms)).toBeLessThanOrEqual(
          halfDigitMs(ms) + 1e-6,
        );
      }),
    );
  });
});

describe('a size in memory', () => {
  it.each<[number, string]>([
    [0, '0MiB'],
    [67_108_864, '64MiB'],
    [1_572_864, '1.5MiB'],
    [1_000_000, '1MiB'],
  ])('of %d bytes reads %s', (bytes, expected) => {
    expect(formatMebibytes(bytes)).toBe(expected);
  });
});

describe('a ratio', () => {
  it.each<[number, string]>([
    [0, '0%'],
    [0.00001, '<0.01%'],
    [0.0012, '0.12%'],
    [0.5, '50%'],
    [0.805, '80.5%'],
    [0.99, '99%'],
    [0.9949, '99.49%'],
    [0.9999, '99.99%'],
    [0.99999, '>99.99%'],
    [1 - Number.EPSILON / 2, '>99.99%'],
    [1, '100%'],
    [1.25, '125%'],
  ])('of %d reads %s', (ratio, expected) => {
    expect(formatRatio(ratio)).toBe(expected);
  });

  const below1 = fc.oneof(
    fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    fc.double({ min: 0.99, max: 1, maxExcluded: true, noNaN: true }),
  );

  it('below 1 never reads 100 %, and above 0 never 0 %', () => {
    fc.assert(
      fc.property(below1, (ratio) => {
        expect(formatRatio(ratio)).not.toBe('100%');
        if (ratio > 0) expect(formatRatio(ratio)).not.toMatch(/^0(\.0+)?%$/);
      }),
    );
  });

  it('reads within half of the last digit it could show', () => {
    fc.assert(
      fc.property(below1, (ratio) => {
        const shown = Number(/[\d.]+/.exec(formatRatio(ratio))![0]);
        expect(Math.abs(shown - ratio * 100)).toBeLessThanOrEqual(0.05 + 1e-9);
      }),
    );
  });
});

describe('a size', () => {
  it.each([
    [1, '1B'],
    [1_023, '1023B'],
    [200 * 1024, '200KiB'],
    [1.5 * 1024 ** 2, '1.5MiB'],
    [3 * 1024 ** 3, '3GiB'],
  ])('of %d bytes reads %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });
});
