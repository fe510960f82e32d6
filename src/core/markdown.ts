/** Markdown as GitHub reads it, for pull requests and summaries of jobs. */

/** In a cell, a bar would end it and a line end the table. */
const escapeCell = (text: string): string => text.replaceAll('|', '\\|').replace(/\r?\n/g, ' ');

/** A table; the first row is its head, the first column is on the left, and the others on the right. */
export const markdownTable = (rows: readonly (readonly string[])[]): string[] => {
  const line = (row: readonly string[]): string => `| ${row.map(escapeCell).join(' | ')} |`;
  const [head, ...rest] = rows;
  return [
    line(head!),
    `|${head!.map((_, column) => (column === 0 ? '---' : '---:')).join('|')}|`,
    ...rest.map(line),
  ];
};
