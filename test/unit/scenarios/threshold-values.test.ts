/** Values as thresholds print them, by what they count. */
import { describe, expect, it } from 'vitest';
import { observedText } from '../../../src/core/thresholds.js';
import { formatExactly, formatValue, type Kind } from '../../../src/core/values.js';

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

describe('a value that would read like what it missed', () => {
  it.each<[Kind, number, string]>([
    ['ratio', 0.98951234, '98.951234%'],
    ['rate', 12.3456, '12.3456/s'],
    ['duration', 17_204.5, '17204.5ms'],
    ['size', 1_048_577, '1048577B'],
    ['count', 1.25, '1.25'],
    ['scalar', 1.2549, '1.2549'],
    ['duration', Number.POSITIVE_INFINITY, 'never'],
  ])('has all its digits: a %s of %d is %s', (kind, value, text) => {
    expect(formatExactly(value, kind)).toBe(text);
  });
});

describe('what was observed', () => {
  it('has the comparison of the threshold, and not the sign of a selector', () => {
    const result = { observed: 0.93, expected: 0.99, observedText: '93%', expectedText: '99%', pass: false };
    expect(observedText({ ...result, expression: 'availability{class=checkout}[after] > 99%' })).toBe(
      'observed 93%, expected > 99%',
    );
  });
});
