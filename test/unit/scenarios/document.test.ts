/** Texts that a YAML library stumbles over are read or refused in a time that grows with their size. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DocumentError, readDocument } from '../../../src/core/document/document.js';

const read = (text: string): unknown => {
  try {
    return readDocument(text, 'file').value;
  } catch (error) {
    if (error instanceof DocumentError) return error;
    throw error;
  }
};

describe('a text', () => {
  // Each of them kept the library busy for seconds or minutes, or made it throw something else.
  it.each([
    ['keys within keys', '? '.repeat(1_000)],
    [
      'aliases of aliases',
      `a: &a [x]\n${Array.from({ length: 30 }, (_, at) => `b${at}: &b${at} [${`*${at === 0 ? 'a' : `b${at - 1}`}, `.repeat(9)}]`).join('\n')}`,
    ],
    ['an alias of what it stands in', 'a: &a { b: *a }'],
    ['four thousand aliases', `a: &a 1\nb: [${'*a,'.repeat(4_000)}]`],
  ])('of %s is refused, with a place', (_what, text) => {
    const error = read(text);
    expect(error).toBeInstanceOf(DocumentError);
    expect((error as DocumentError).problems[0]).toMatchObject({ line: expect.any(Number) });
  });

  it.each([
    ['a map', 'a: &x { b: 1 }\nc: *x', { b: 1 }],
    ['a list', 'a: &x [1]\nc: *x', [1]],
    ['a text', 'a: &x 1\nc: *x', 1],
  ])('with an alias of %s is read', (_what, text, expected) => {
    expect((read(text) as { c: unknown }).c).toEqual(expected);
  });

  it('with ten thousand keys is read', () => {
    const text = Array.from({ length: 10_000 }, (_, at) => `key${at}: ${at}`).join('\n');
    expect(Object.keys(read(text) as object)).toHaveLength(10_000);
  });

  it('is a value or a DocumentError, whatever it is', () => {
    const piece = fc.constantFrom(
      'a',
      ': ',
      '\n',
      '  ',
      '- ',
      '[',
      ']',
      '{',
      '}',
      '&x ',
      '*x',
      '? ',
      '"',
      "'",
      '#',
      '|\n',
      '!!',
      '%',
      '<<',
      ',',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        read(pieces.join(''));
      }),
      { numRuns: 500 },
    );
  });
});
