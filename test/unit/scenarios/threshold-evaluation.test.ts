/**
 * Thresholds that can be read: what they come to for given values, across variants, in sums and in products.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkThreshold, type MetricRef, variantsOf } from '../../../src/core/thresholds.js';
import { parseThreshold, type ScenarioScope } from '../../../src/scenarios/metrics/thresholds.js';

const SCOPE: ScenarioScope = {
  variants: ['as-it-happened', 'canary', 'canary-fast'],
  windows: ['baseline', 'outage', 'after-all'],
};

/** Values by the text that names them: `variant.metric[window]`. */
type Values = Readonly<Record<string, number>>;

const keyOf = ({ variant, metric, window }: MetricRef): string =>
  `${variant === '' ? '' : `${variant}.`}${metric}${window === '' ? '' : `[${window}]`}`;

const check = (text: string, values: Values) =>
  checkThreshold(parseThreshold(text, SCOPE), (ref) => {
    const value = values[keyOf(ref)];
    if (value === undefined) throw new Error(`nobody gave a value for ${keyOf(ref)}`);
    return value;
  });

describe('a threshold', () => {
  it.each<[string, Values, boolean, string, string]>([
    ['availability > 99%', { availability: 0.995 }, true, '99.50%', '99%'],
    ['availability > 99%', { availability: 0.99 }, false, '99%', '99%'],
    ['availability > 99%', { availability: 0.989_51 }, false, '98.951%', '99%'],
    ['availability>=99%', { availability: 0.99 }, true, '99%', '99%'],
    ['availability[outage] < 50%', { 'availability[outage]': 0.5 }, false, '50%', '50%'],
    ['availability[after-all] <= 50%', { 'availability[after-all]': 0.5 }, true, '50%', '50%'],
    ['  crashes   ==   0  ', { crashes: 0 }, true, '0', '0'],
    ['crashes != 0', { crashes: 0 }, false, '0', '0'],
    ['99% < availability', { availability: 0.995 }, true, '99%', '99.50%'],
    ['goodput > 100/s', { goodput: 101 }, true, '101.0/s', '100.0/s'],
    ['goodput > 120/m', { goodput: 1.9 }, false, '1.9/s', '2.0/s'],
    ['latency.p99[baseline] < 1.5s', { 'latency.p99[baseline]': 1_499 }, true, '1.5s', '1.5s'],
    ['recovery < 1m30s', { recovery: 89_000 }, true, '1m29s', '1m30s'],
    ['recovery <= 500ms', { recovery: 501 }, false, '501ms', '500ms'],
    [
      'status.503[outage] > status.502[outage]',
      { 'status.503[outage]': 0.3, 'status.502[outage]': 0.2 },
      true,
      '30%',
      '20%',
    ],
    ['status.none < 1%', { 'status.none': 0.2 }, false, '20%', '1%'],
    [
      'cause.connection_refused[outage] > 10%',
      { 'cause.connection_refused[outage]': 0.4 },
      true,
      '40%',
      '10%',
    ],
    ['amplification < 1.5', { amplification: 1.25 }, true, '1.25', '1.5'],
    ['workers-lost == 4', { 'workers-lost': 4 }, true, '4', '4'],
    ['first.502 < first.503', { 'first.502': 900, 'first.503': 1_400 }, true, '900ms', '1.4s'],
    [
      'recovered > first.config.rolled-back',
      { recovered: 20_000, 'first.config.rolled-back': 17_200 },
      true,
      '20s',
      '17.2s',
    ],
  ])('such as %j given %j is %j: observed %s, expected %s', (text, values, pass, observed, expected) => {
    expect(check(text, values)).toMatchObject({
      expression: text,
      pass,
      observedText: observed,
      expectedText: expected,
    });
  });

  it.each<[string, Values, boolean, number]>([
    [
      'availability[outage] > as-it-happened.availability[outage] + 20%',
      { 'availability[outage]': 0.75, 'as-it-happened.availability[outage]': 0.5 },
      true,
      0.7,
    ],
    ['goodput > 2 * as-it-happened.goodput', { goodput: 50, 'as-it-happened.goodput': 30 }, false, 60],
    ['goodput > as-it-happened.goodput * 2', { goodput: 50, 'as-it-happened.goodput': 20 }, true, 40],
    [
      'availability > 50% + 0.5 * canary.availability',
      { availability: 0.8, 'canary.availability': 0.5 },
      true,
      0.75,
    ],
    ['crashes < canary-fast.crashes - 1 - 1', { crashes: 3, 'canary-fast.crashes': 5 }, false, 3],
    ['crashes < canary.crashes - 1', { crashes: 3, 'canary.crashes': 5 }, true, 4],
    ['crashes == 1 + 2 * 3', { crashes: 7 }, true, 7],
    ['crashes == 2 * 3 + 1', { crashes: 7 }, true, 7],
    ['crashes == 2 * 3 * 4', { crashes: 24 }, true, 24],
    ['recovery < 2 * 1.5s - 500ms', { recovery: 2_400 }, true, 2_500],
    ['amplification < 2 * canary.amplification', { amplification: 2, 'canary.amplification': 1 }, false, 2],
  ])('such as %j given %j is %j, against %d', (text, values, pass, expected) => {
    const checked = check(text, values);
    expect(checked.pass).toBe(pass);
    expect(checked.expected).toBeCloseTo(expected, 9);
  });

  it('reckons and compares as arithmetic does', () => {
    const small = fc.integer({ min: 0, max: 50 });
    fc.assert(
      fc.property(
        fc.constantFrom('<', '<=', '>', '>=', '==', '!='),
        small,
        small,
        small,
        small,
        (comparison, crashes, a, b, c) => {
          const right = a + b * crashes - c;
          const expected = {
            '<': crashes < right,
            '<=': crashes <= right,
            '>': crashes > right,
            '>=': crashes >= right,
            '==': crashes === right,
            '!=': crashes !== right,
          }[comparison];
          expect(check(`crashes ${comparison} ${a} + ${b} * crashes - ${c}`, { crashes }).pass).toBe(
            expected,
          );
        },
      ),
    );
  });
});

describe('names in a threshold', () => {
  it('tell a variant from another whose name begins the same', () => {
    const values = { 'canary.crashes': 1, 'canary-fast.crashes': 2 };
    expect(check('canary.crashes < canary-fast.crashes', values).pass).toBe(true);
  });

  it('say which variants it takes values from', () => {
    const text = 'crashes < canary.crashes + 2 * as-it-happened.crashes';
    expect(variantsOf(parseThreshold(text, SCOPE))).toEqual(['canary', 'as-it-happened']);
    expect(variantsOf(parseThreshold('crashes == 0', SCOPE))).toEqual([]);
  });

  it.each([
    ['a variant whose name begins with a digit', 'crashes < 3-tries.crashes', ['3-tries']],
    ['a variant named like the first part of a metric', 'status.502 < 5%', []],
  ])('may be %s', (_name, text, expected) => {
    const scope: ScenarioScope = { variants: ['3-tries', 'status'], windows: [] };
    expect(variantsOf(parseThreshold(text, scope))).toEqual(expected);
  });

  it('may be a window whose name begins with a digit', () => {
    const scope: ScenarioScope = { variants: [], windows: ['1st-minute'] };
    expect(() => parseThreshold('availability[1st-minute] > 99%', scope)).not.toThrow();
  });
});

describe('a value that does not exist', () => {
  it.each(['<', '<=', '>', '>=', '==', '!='])('passes no comparison: %s', (comparison) => {
    const left = check(`availability ${comparison} 99%`, { availability: Number.NaN });
    expect(left).toMatchObject({ pass: false, observed: null, observedText: 'no value' });
    const right = check(`99% ${comparison} availability`, { availability: Number.NaN });
    expect(right).toMatchObject({ pass: false, expected: null, expectedText: 'no value' });
  });

  it('passes nothing either when something is added to it', () => {
    const values = { availability: 0.99, 'canary.availability': Number.NaN };
    expect(check('availability > 0.5 * canary.availability - 9%', values).pass).toBe(false);
  });
});

describe('what never happened', () => {
  const NEVER = Number.POSITIVE_INFINITY;

  it('is later than everything that did', () => {
    expect(check('first.503 > 10s', { 'first.503': NEVER })).toMatchObject({
      pass: true,
      observed: null,
      observedText: 'never',
    });
    expect(check('recovery < 10s', { recovery: NEVER })).toMatchObject({
      pass: false,
      observedText: 'never',
    });
  });
});
