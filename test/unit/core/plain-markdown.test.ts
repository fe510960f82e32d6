import { describe, expect, it } from 'vitest';
import { plainInline, plainMarkdown } from '../../../src/core/plain-markdown.js';

describe('a line of Markdown', () => {
  it.each([
    ['a **bold** word', 'a bold word'],
    ['a *slanted* word, and 2 * 3 * 4', 'a slanted word, and 2 * 3 * 4'],
    ['see [there](a.md#b) and `code`', 'see there and code'],
    ['*At* the begin (*in* brackets)', 'At the begin (in brackets)'],
  ])('%s', (markdown, plain) => {
    expect(plainInline(markdown)).toBe(plain);
  });
});

describe('a text of Markdown', () => {
  it('is wrapped, with the lines of a paragraph joined', () => {
    expect(plainMarkdown('one two\nthree\n\nfour', 9)).toEqual(['one two', 'three', '', 'four']);
  });

  it('has lists with a margin, and what is wrapped stands in', () => {
    expect(plainMarkdown('- one two\n  three\n- four', 12)).toEqual(['  - one two', '    three', '  - four']);
  });

  it('has tables of two columns as terms, and leaves their head out', () => {
    expect(plainMarkdown('| a | b |\n|---|---|\n| 502 | **one** two |\n| 1 | x |', 12)).toEqual([
      '  502  one',
      '       two',
      '  1    x',
    ]);
  });

  it('leaves wider tables as they are', () => {
    expect(plainMarkdown('| a | b | c |\n|---|---|---|\n| d | e | f |', 40)).toEqual([
      '  a  b  c',
      '  d  e  f',
    ]);
  });
});
