/** Text for a terminal of a given width: tables and paragraphs. */

type Rows = readonly (readonly string[])[];

const GAP = '  ';

/** Columns beside each other: the first to the left, the others to the right. Every row has as many cells. */
export const textTable = (rows: Rows): string[] => {
  const widths = widthsOf(rows);
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join(GAP)
      .trimEnd(),
  );
};

const widthsOf = (rows: Rows): number[] =>
  (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));

/**
 * A table in as many pieces as the width asks for, each with the first column: what would be broken in the middle of a line
 * cannot be read. A piece has at least one column beside the first, however narrow the terminal.
 */
export const foldTable = (rows: Rows, columns: number): string[][] => {
  const [firstWidth = 0, ...widths] = widthsOf(rows);
  const pieces: number[][] = [];
  let free = 0;
  for (const [index, width] of widths.entries()) {
    const needed = width + GAP.length;
    if (pieces.length === 0 || needed > free) {
      pieces.push([]);
      free = columns - firstWidth;
    }
    pieces.at(-1)!.push(index + 1);
    free -= needed;
  }
  return pieces.map((piece) => textTable(rows.map((row) => [row[0]!, ...piece.map((index) => row[index]!)])));
};

/**
 * A paragraph in lines of at most so many columns, broken at spaces; a word that is longer stands alone.
 * @param indent of every line but the first.
 */
export const wrapText = (text: string, columns: number, indent = 0): string[] => {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line.trim() !== '' && line.length + 1 + word.length > columns) {
      // Where it was broken at a gap of several spaces, one of them is left.
      lines.push(line.trimEnd());
      line = `${' '.repeat(indent)}${word}`;
    } else line = line === '' && lines.length === 0 ? word : `${line} ${word}`;
  }
  return [...lines, line];
};

/** `a, b and c`; of nothing, an empty text. */
export const listed = (items: readonly string[]): string =>
  items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
