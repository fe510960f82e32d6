/** A table of texts as HTML: the first row is its head, and the first cell of each row what the row is about. */
import { escapeHtml } from '../core/html.js';

const row = ([title = '', ...cells]: readonly string[]): string =>
  `<tr><th scope="row">${escapeHtml(title)}</th>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`;

export const htmlTable = ([header = [], ...rows]: readonly (readonly string[])[]): string =>
  `<div class="scroll"><table><thead><tr>${header
    .map((cell) => `<th scope="col">${escapeHtml(cell)}</th>`)
    .join('')}</tr></thead><tbody>${rows.map(row).join('')}</tbody></table></div>`;
