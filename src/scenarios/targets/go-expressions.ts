/** JavaScript's regular expressions in the syntax of RE2, which Go's programs and Envoy have. */

/** Of these each repetition is unfolded, so RE2 refuses more. */
const MAX_REPEAT = 1_000;

/** Escapes that mean the same in both. */
const SHARED_ESCAPES = 'dDwWsSnrtfv';

/** What stands behind a backslash, up to where it ends; `null`: RE2 has nothing like it. */
const escapeOf = (rest: string, isInClass: boolean): readonly [text: string, length: number] | null => {
  const [, hex] = /^\\(?:x([0-9a-fA-F]{2}))/.exec(rest) ?? /^\\(?:u([0-9a-fA-F]{4}))/.exec(rest) ?? [];
  if (hex !== undefined) return [`\\x{${hex}}`, rest[1] === 'x' ? 4 : 6];
  const next = rest[1] ?? '';
  if (next !== '' && SHARED_ESCAPES.includes(next)) return [`\\${next}`, 2];
  if ((next === 'b' || next === 'B') && !isInClass) return [`\\${next}`, 2];
  if (next === '`') return ['\\x60', 2];
  return /^[!-/:-@[-_{-~]$/.test(next) ? [`\\${next}`, 2] : null;
};

/** A group that opens; `null`: it looks ahead or behind. */
const groupOf = (rest: string): readonly [text: string, length: number] | null => {
  if (!rest.startsWith('(?')) return ['(', 1];
  if (rest.startsWith('(?:')) return ['(?:', 3];
  const name = /^\(\?<([A-Za-z]\w*)>/.exec(rest);
  return name === null ? null : [`(?P<${name[1]}>`, name[0].length];
};

/** What JavaScript takes as it is, and a Caddyfile or RE2 would not. */
const plainOf = (character: string, isInClass: boolean): string => {
  if (character === '`') return '\\x60';
  if ('{}'.includes(character) || (isInClass && character === '[')) return `\\${character}`;
  return character;
};

/**
 * JavaScript's regular expression in the syntax of RE2.
 * @returns `null` for one that RE2 has no means for: it never looks ahead, behind or back.
 */
export const goExpression = (pattern: string, ignoresCase = false): string | null => {
  let text = '';
  let isInClass = false;
  let repeats = 1;
  for (let at = 0; at < pattern.length; ) {
    const rest = pattern.slice(at);
    const character = String.fromCodePoint(pattern.codePointAt(at) ?? 0);
    if (character < ' ' || /^\p{Surrogate}$/u.test(character)) return null;
    const repeat = isInClass ? null : /^\{(\d+)(?:,(\d*))?\}/.exec(rest);
    let piece: readonly [text: string, length: number] | null = [
      plainOf(character, isInClass),
      character.length,
    ];
    if (character === '\\') piece = escapeOf(rest, isInClass);
    else if (repeat !== null) {
      repeats *= Math.max(1, Number(repeat[2] || repeat[1]));
      piece = repeats > MAX_REPEAT ? null : [repeat[0], repeat[0].length];
    } else if (character === '(' && !isInClass) piece = groupOf(rest);
    else if (character === '[' && !isInClass) {
      if (/^\[\^?\]/.test(rest)) return null;
      isInClass = true;
      piece = rest.startsWith('[^') ? ['[^', 2] : ['[', 1];
    } else if (character === ']') {
      piece = isInClass ? [']', 1] : ['\\]', 1];
      isInClass = false;
    }
    if (piece === null) return null;
    text += piece[0];
    at += piece[1];
  }
  return ignoresCase ? `(?i)${text}` : text;
};
