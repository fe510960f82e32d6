/** Text made safe for HTML and SVG, attributes included. */

/**
 * Controls, halves of characters, and marks that turn the direction of what follows them: nothing that a reader sees, and a
 * way to mislead him.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Cn}\p{Zl}\p{Zp}]/gu;

/** What somebody unknown wrote, in one line and at most so many characters, fit to be escaped. */
export const plainLine = (text: string, maxChars: number): string =>
  text.slice(0, maxChars).replace(UNSEEN, '\ufffd');

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (char) => ESCAPES[char]!);
