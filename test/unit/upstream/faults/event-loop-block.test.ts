/** The regular expression has to backtrack on whatever V8 runs this: else nothing would be blocked. */
import { expect, it } from 'vitest';
import { spacedLine, trim } from '../../../../src/upstream/trim.js';

/** The least of several: what comes from elsewhere on the machine only adds. */
const leastMs = (spaces: number): number => {
  const line = spacedLine(spaces);
  const times = Array.from({ length: 5 }, () => {
    const startMs = performance.now();
    trim(line);
    return performance.now() - startMs;
  });
  return Math.min(...times);
};

it('takes a time that grows with the square of the spaces: 64 times as long for 8 times as many', () => {
  leastMs(2_000);
  // Eight times as long, were it linear.
  expect(leastMs(16_000) / leastMs(2_000)).toBeGreaterThan(24);
});

it('trims a line all the same', () => {
  expect(trim('  a b \u200c')).toBe('a b');
  expect(trim(spacedLine(3))).toBe('-   x');
});
