/** The regular expression has to backtrack on whatever V8 runs this: else nothing would be blocked. */
import { expect, it } from 'vitest';
import { spacedLine, trim } from '../../../../src/upstream/trim.js';

/** Of processor time, so that nobody else on the machine counts; the least of several, so that a collection does not. */
const leastMicros = (spaces: number): number => {
  const line = spacedLine(spaces);
  const times = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage();
    trim(line);
    return process.cpuUsage(before).user;
  });
  return Math.min(...times);
};

it('takes a time that grows with the square of the spaces: 64 times as long for 8 times as many', () => {
  leastMicros(2_000);
  // Eight times as long, were it linear.
  expect(leastMicros(16_000) / leastMicros(2_000)).toBeGreaterThan(24);
});

it('trims a line all the same', () => {
  expect(trim('  a b \u200c')).toBe('a b');
  expect(trim(spacedLine(3))).toBe('-   x');
});
