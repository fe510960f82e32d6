/** Markdown as lines for a terminal: paragraphs and lists wrapped, tables aligned, marks of emphasis and links left out. */
import { textTable, wrapText } from './text-table.js';

/** Without bold, code marks and the addresses of links. */
export const plainInline = (text: string): string =>
  text
    .replace(/\[([^\]]+)\]\([^)]+\)/g, '$1')
    .replace(/\*\*([^*]+)\*\*/g, '$1')
    .replace(/(^|[\s(])\*([^*\s][^*]*)\*/g, '$1$2')
    .replaceAll('`', '');

const MARGIN = '  ';

const cellsOf = (row: string): string[] =>
  row
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => plainInline(cell.trim()));

/** A table of two columns: a list of terms. Wider ones stay tables. */
const tableLines = (rows: readonly string[], columns: number): string[] => {
  const [head, , ...body] = rows;
  const cells = [head!, ...body].map(cellsOf);
  if (cells[0]!.length !== 2) return textTable(cells).map((line) => `${MARGIN}${line}`);
  const width = Math.max(...cells.map(([first]) => first!.length)) + 2;
  return cells.slice(1).flatMap(([first = '', second = '']) => {
    const [line = '', ...more] = wrapText(second, columns - width - MARGIN.length);
    return [
      `${MARGIN}${first.padEnd(width)}${line}`,
      ...more.map((one) => `${MARGIN}${' '.repeat(width)}${one}`),
    ];
  });
};

const blockLines = (block: string, columns: number): string[] => {
  const rows = block.split('\n');
  if (rows[0]!.startsWith('|')) return tableLines(rows, columns);
  if (rows[0]!.startsWith('- ')) {
    return block.split(/\n(?=- )/).flatMap((item) => {
      const text = plainInline(item.replace(/\s*\n\s*/g, ' '));
      return wrapText(text, columns - MARGIN.length, 2).map((line) => `${MARGIN}${line}`);
    });
  }
  return wrapText(plainInline(block.replace(/\n/g, ' ')), columns);
};

/** @param columns of the terminal. @returns lines, with an empty one between two blocks. */
export const plainMarkdown = (markdown: string, columns: number): string[] =>
  markdown
    .trim()
    .split(/\n\n+/)
    .flatMap((block, index) => [...(index === 0 ? [] : ['']), ...blockLines(block, columns)]);
