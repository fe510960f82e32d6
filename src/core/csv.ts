/** Tables for other programs, as RFC 4180 has them. */

const field = (value: unknown): string => {
  const text = value === null || value === undefined ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** One line of a table, with its end; nothing for `null` and `undefined`. */
export const csvLine = (fields: readonly unknown[]): string => `${fields.map(field).join(',')}\r\n`;
