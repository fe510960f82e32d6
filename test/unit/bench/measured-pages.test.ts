/** What the measuring commands share: counts on their command lines, and the parts of pages that they write. */
import { describe, expect, it } from 'vitest';
import { readCount } from '../../../bench/count.js';
import { replacePart } from '../../../bench/page.js';

describe('a count on a command line', () => {
  it.each([
    ['1', 1],
    ['20', 20],
  ])('%s is %i', (text, count) => {
    expect(readCount('runs', text, 20)).toBe(count);
  });

  it.each(['0', '21', '-1', '1.5', 'three', ''])('%j is refused by its flag and range', (text) => {
    expect(() => readCount('runs', text, 20)).toThrow(
      `--runs ${text}: a whole number from 1 to 20 is wanted`,
    );
  });
});

describe('the measured part of a page', () => {
  const page = (part: string): string =>
    `# Title\n\n<!-- runs: begin -->${part}<!-- runs: end -->\n\nMore.\n`;

  it('is replaced, and nothing else', () => {
    expect(replacePart(page('\n\nold\n\n'), 'runs', 'new\n')).toBe(page('\n\nnew\n\n'));
  });

  it('is the same after it was written twice', () => {
    const once = replacePart(page(''), 'runs', '\n| a |\n');
    expect(replacePart(once, 'runs', '| a |')).toBe(once);
  });

  it('holds whatever a replacement pattern would mean', () => {
    expect(replacePart(page(''), 'runs', '$& $1 $$')).toContain('\n\n$& $1 $$\n\n');
  });

  it.each([
    ['of another name', page('').replaceAll('runs', 'others')],
    ['without an end', page('').replace('<!-- runs: end -->', '')],
    ['without a beginning', page('').replace('<!-- runs: begin -->', '')],
    ['the wrong way round', '<!-- runs: end --> <!-- runs: begin -->'],
    ['twice', page('') + page('')],
  ])('%s is refused', (_how, text) => {
    expect(() => replacePart(text, 'runs', 'new')).toThrow(
      'one <!-- runs: begin --> and one <!-- runs: end -->',
    );
  });
});
