/** Thresholds that cannot be read: what is said about them, and which column of their text it points at. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ThresholdError } from '../../../src/core/thresholds.js';
import { parseThreshold, type ScenarioScope } from '../../../src/scenarios/metrics/thresholds.js';
import { HERE, unmark } from '../../support/scenario-text.js';

const SCOPE: ScenarioScope = { variants: ['as-it-happened', 'canary'], windows: ['baseline', 'outage'] };

const mistakeIn = (text: string): ThresholdError => {
  try {
    parseThreshold(text, SCOPE);
  } catch (error) {
    if (error instanceof ThresholdError) return error;
    throw error;
  }
  throw new Error(`nothing was found wrong with "${text}"`);
};

describe(`a threshold with a mistake, at ${HERE},`, () => {
  it.each([
    ['▸', 'expected a metric or a number, got the end'],
    ['   ▸', 'expected a metric or a number, got the end'],
    ['▸availabilty > 99%', 'there is no metric "availabilty"; there are availability, goodput'],
    ['availability > ▸nosuch.availability', 'there is no variant "nosuch"'],
    ['▸canary.availabilty > 9%', 'there is no metric "availabilty"'],
    ['▸status.700 > 9%', 'there is no metric "status.700"'],
    ['▸first.999 > 9s', 'there is no metric "first.999"'],
    ['▸status.5xx > 9%', 'there is no metric "status.5xx"'],
    ['▸cause.dns_error > 9%', 'cause.response_timeout, '],
    ['▸first.deploy.roled-back < 9s', 'did you mean first.deploy.rolled-back?'],
    ['▸alerts.fastburn == 0', 'did you mean alerts.fast-burn?'],
    ['▸latency.p42 < 1s', 'there is no metric "latency.p42"'],
    ['first.503 > 5s + ▸first.worker.exitted', 'there is no metric "first.worker.exitted"'],
    ['availability[▸afterwards] > 99%', 'there is no window "afterwards"; there are baseline, outage'],
    ['availability[▸] > 99%', 'there is no window "]"'],
    ['availability[▸', 'expected the name of a window, got the end'],
    ['availability[outage ▸> 99%', 'expected ], got ">"'],
    ['availability[outage▸', 'expected ], got the end'],
    ['crashes▸[outage] == 0', 'is measured over the whole run and takes no window'],
    ['first.502▸[outage] < 1s', 'is measured over the whole run and takes no window'],
    ['availability > ▸5s', 'the left side is a share, so the right side must be a share such as 99%'],
    ['availability > ▸99', 'so the right side must be a share such as 99%'],
    ['recovery < ▸5', 'the left side is a duration, so the right side must be a duration such as 500ms'],
    ['goodput > ▸100', 'so the right side must be a rate such as 100/s'],
    ['goodput > ▸as-it-happened.availability', 'so the right side must be a rate such as 100/s'],
    ['crashes > ▸50%', 'so the right side must be a whole number'],
    ['amplification < ▸150%', 'so the right side must be a number'],
    ['availability > ▸2 * 3', 'so the right side must be a share such as 99%'],
    ['availability ▸+ 5s > 99%', 'cannot add what is not a share such as 99%'],
    ['recovery ▸- 5 > 1s', 'cannot add what is not a duration such as 500ms'],
    ['availability ▸* goodput > 99%', 'one side of * must be a plain number'],
    ['crashes ▸* crashes > 4', 'one side of * must be a plain number'],
    ['availability > 99% ▸5', '"5" is too much'],
    ['availability > 99% ▸> 98%', '">" is too much'],
    ['availability > 99%▸] ', '"]" is too much'],
    ['availability > 99% ▸$', '"$" does not belong here'],
    ['▸(availability) > 99%', '"(" does not belong here'],
    ['availability ▸= 99%', '"=" does not belong here'],
    ['availability ▸≥ 99%', '"≥" does not belong here'],
    ['  ▸Availability > 99%', '"A" does not belong here'],
    ['availability▸', 'expected a comparison such as > or <=, got the end'],
    ['availability ▸99%', 'expected a comparison such as > or <=, got "99%"'],
    ['availability >▸', 'expected a metric or a number, got the end'],
    ['▸> 99%', 'expected a metric or a number, got ">"'],
    ['availability > ▸> 99%', 'expected a metric or a number, got ">"'],
    ['availability > ▸-5%', 'expected a metric or a number, got "-"'],
    ['availability > 5% +▸', 'expected a metric or a number, got the end'],
  ])('such as %j is told: %s', (marked, message) => {
    const { text, column } = unmark(marked);
    const mistake = mistakeIn(text);
    expect(mistake.message).toContain(message);
    expect(mistake.column).toBe(column);
  });

  it('says so when there are no windows at all', () => {
    expect(() => parseThreshold('availability[outage] > 9%', { variants: [], windows: [] })).toThrow(
      'there is no window "outage"; there are none',
    );
  });
});

describe('any text', () => {
  const piece = fc.oneof(
    fc.constantFrom('availability', 'crashes', 'canary.', '[outage]', '[', ']', '99%', '5s', '3/s', '7', ' '),
    fc.constantFrom('>', '<=', '==', '=', '+', '-', '*', '.', '\t', '\n'),
    fc.string({ maxLength: 4 }),
  );

  it('either is a threshold or has a mistake at a column within it', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 9 }), (pieces) => {
        const text = pieces.join('');
        try {
          expect(parseThreshold(text, SCOPE).text).toBe(text);
        } catch (error) {
          if (!(error instanceof ThresholdError)) throw error;
          expect(error.column).toBeGreaterThanOrEqual(1);
          expect(error.column).toBeLessThanOrEqual(text.length + 1);
        }
      }),
      { numRuns: 500 },
    );
  });
});
