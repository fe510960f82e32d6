/** Tables and paragraphs for a terminal: nothing is lost, and nothing is wider than it may be. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldTable, textTable, wrapText } from '../../../src/core/text-table.js';

const rows = [
  ['', 'first', 'second-one'],
  ['availability', '100%', '9%'],
];

describe('a table', () => {
  it('has its first column to the left, and the others to the right', () => {
    expect(textTable(rows)).toEqual(['              first  second-one', 'availability   100%          9%']);
  });

  it('is one piece where there is room for it', () => {
    expect(foldTable(rows, 31)).toEqual([textTable(rows)]);
  });

  it('is folded where there is not, and each piece has the first column', () => {
    expect(foldTable(rows, 30)).toEqual([
      ['              first', 'availability   100%'],
      ['              second-one', 'availability          9%'],
    ]);
  });

  it('has every cell once, and no line beyond the width unless one column alone is wider', () => {
    const cell = fc.stringMatching(/^[a-z0-9]{1,12}$/);
    const tables = fc
      .integer({ min: 2, max: 8 })
      .chain((length) =>
        fc.array(fc.array(cell, { minLength: length, maxLength: length }), { minLength: 1, maxLength: 4 }),
      );
    fc.assert(
      fc.property(tables, fc.integer({ min: 1, max: 80 }), (table, columns) => {
        const pieces = foldTable(table, columns);
        const cells = table.map((_, row) =>
          pieces.flatMap((piece) => piece[row]!.trim().split(/ +/).slice(1)),
        );
        expect(cells).toEqual(table.map((row) => row.slice(1)));
        for (const piece of pieces) {
          const beside = piece[0]!.trim().split(/ +/).length - 1;
          if (beside > 1) expect(Math.max(...piece.map((line) => line.length))).toBeLessThanOrEqual(columns);
        }
      }),
    );
  });
});

describe('a paragraph', () => {
  it('is broken at spaces, and further lines are indented', () => {
    expect(wrapText('one two three four', 9, 2)).toEqual(['one two', '  three', '  four']);
  });

  it('has nothing at the end of a line that was broken at a gap', () => {
    expect(wrapText('one two  three', 9)).toEqual(['one two', 'three']);
  });

  it('leaves a word alone that is longer than a line', () => {
    expect(wrapText('a incomprehensibilities b', 5)).toEqual(['a', 'incomprehensibilities', 'b']);
  });

  it('has all its words in order, in lines that are not too long', () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,10}$/), { minLength: 1, maxLength: 30 });
    const indents = fc.integer({ min: 0, max: 4 });
    fc.assert(
      fc.property(words, fc.integer({ min: 14, max: 60 }), indents, (parts, columns, indent) => {
        const lines = wrapText(parts.join(' '), columns, indent);
        expect(lines.flatMap((line) => line.trim().split(' '))).toEqual(parts);
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
      }),
    );
  });
});
