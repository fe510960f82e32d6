/** Where a threshold is written: at its own line, in the base or in a variant's overlay. */
import { describe, expect, it } from 'vitest';
import { findThresholdPlaces } from '../../../src/scenarios/metrics/threshold-places.js';
import { type ParseOptions, parseOverride, parseScenario } from '../../../src/scenarios/parse.js';
import { MINIMAL } from '../../support/scenario-text.js';

const TEXT = `${MINIMAL}variants:
  one: {}
  two:
    thresholds:
      two:
        - crashes == 0
thresholds:
  one:
    - availability > 99%
    - "latency.p99 < 1s"
  two:
    - availability > 50%
`;

const placesIn = (options: ParseOptions = {}) =>
  findThresholdPlaces({ text: TEXT, file: 'a.yaml', options }, parseScenario(TEXT, 'a.yaml', options));

const at = (text: string): { line: number; column: number } => {
  const before = TEXT.slice(0, TEXT.indexOf(text)).split('\n');
  return { line: before.length, column: before.at(-1)!.length + 1 };
};

describe('the place of a threshold', () => {
  const placeOf = placesIn();

  it('is its line in the file', () => {
    expect(placeOf('one', 'availability > 99%')).toEqual({ file: 'a.yaml', ...at('availability > 99%') });
    expect(placeOf('one', 'latency.p99 < 1s')).toEqual({ file: 'a.yaml', ...at('"latency.p99 < 1s"') });
  });

  it('is in the overlay, where that is what counts', () => {
    expect(placeOf('two', 'crashes == 0')).toEqual({ file: 'a.yaml', ...at('crashes == 0') });
    expect(placeOf('two', 'availability > 50%')).toBeNull();
  });

  it('is nowhere for one that was set from outside', () => {
    const fromOutside = placesIn({ overrides: [parseOverride('thresholds.one=["crashes == 0"]')] });
    expect(fromOutside('one', 'crashes == 0')).toBeNull();
    expect(fromOutside('two', 'crashes == 0')).not.toBeNull();
  });
});
