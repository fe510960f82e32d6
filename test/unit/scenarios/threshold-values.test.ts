/** Values as thresholds print them, by what they count. */
import { describe, expect, it } from 'vitest';
import type { Kind } from '../../../src/core/thresholds.js';
import { formatValue } from '../../../src/core/thresholds.js';

describe('a value', () => {
  it.each<[Kind, number, string]>([
    ['ratio', 0.5, '50%'],
    ['ratio', 0.9949, '99.49%'],
    ['ratio', 1, '100%'],
    ['ratio', 0.99999, '>99.99%'],
    ['ratio', 0, '0%'],
    ['ratio', 0.00001, '<0.01%'],
    ['ratio', -0.25, '-25%'],
    ['rate', 12.34, '12.3/s'],
    ['rate', 100, '100.0/s'],
    ['duration', 250, '250ms'],
    ['duration', 17_200, '17.2s'],
    ['duration', -5_000, '-5s'],
    ['count', 4, '4'],
    ['scalar', 1.254, '1.25'],
    ['scalar', 2, '2'],
  ])('that is a %s of %d is written %s', (kind, value, text) => {
    expect(formatValue(value, kind)).toBe(text);
  });

  it.each<Kind>(['ratio', 'rate', 'duration', 'count', 'scalar'])(
    'that never came or does not exist is said so, for a %s too',
    (kind) => {
      expect(formatValue(Number.POSITIVE_INFINITY, kind)).toBe('never');
      expect(formatValue(Number.NaN, kind)).toBe('no value');
    },
  );
});
