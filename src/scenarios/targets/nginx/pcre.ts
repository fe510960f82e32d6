/**
 * Regular expressions of JavaScript as nginx's PCRE takes them. What may mean something else there, or be refused, is not
 * translated.
 */

/** Letters that mean the same in both behind a backslash. */
const SAME = new Set([...'dDwWsSbBtnrf']);

/** The longest repetition: nested ones multiply, and PCRE refuses what gets too large. */
const MAX_REPEAT = 255;

/** Code units that a text of a request can hold as they are. */
const isPlain = (code: number): boolean => code >= 0x20 && code < 0x7f;

const hex = (code: number): string | null =>
  code < 0x80 ? `\\x${code.toString(16).padStart(2, '0')}` : null;

/** One escape at the head of a text. @returns its length and what it becomes; `null`: it has no equal. */
const translateEscape = (text: string): readonly [length: number, pcre: string] | null => {
  const [, unit] = /^\\x([0-9a-fA-F]{2})/.exec(text) ?? /^\\u([0-9a-fA-F]{4})/.exec(text) ?? [];
  if (unit !== undefined) {
    const code = hex(Number.parseInt(unit, 16));
    return code === null ? null : [unit.length + 2, code];
  }
  const letter = text[1];
  if (letter === undefined || /[1-9ckpPux]/.test(letter)) return null;
  if (letter === 'v') return [2, '\\x0b'];
  if (letter === '0') return /^\\0[0-9]/.test(text) ? null : [2, '\\x00'];
  if (SAME.has(letter)) return [2, `\\${letter}`];
  return [2, /[A-Za-z]/.test(letter) ? letter : `\\${letter}`];
};

/** @returns `null` where there is no saying that it means the same. */
export const toPcre = (pattern: string): string | null => {
  try {
    new RegExp(pattern);
  } catch {
    return null;
  }
  let inClass = false;
  let pcre = '';
  for (let at = 0; at < pattern.length; ) {
    const rest = pattern.slice(at);
    const next = rest[0]!;
    if (!isPlain(next.charCodeAt(0))) return null;
    if (next === '\\') {
      const escaped = translateEscape(rest);
      if (escaped === null) return null;
      at += escaped[0];
      pcre += escaped[1];
      continue;
    }
    if (inClass) {
      // Classes in a class, by name.
      if (/^\[[:.=]/.test(rest)) return null;
      if (next === ']') inClass = false;
    } else if (next === '[') {
      // Empty classes: PCRE takes the bracket for a member.
      if (/^\[\^?\]/.test(rest)) return null;
      inClass = true;
    } else if (/^\((?:\?[^:=!]|\*)/.test(rest)) return null;
    else if (/^\{\s*,/.test(rest)) return null;
    else if (next === '{') {
      const counts = [...(/^\{(\d+),?(\d*)\}/.exec(rest) ?? [])].slice(1).map(Number);
      if (counts.some((count) => count > MAX_REPEAT)) return null;
    }
    pcre += next;
    at++;
  }
  return pcre;
};
