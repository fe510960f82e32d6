/** How a Caddyfile writes things: quoted words, durations, and expressions in the syntax of Go. */

/** Go's, with the largest unit that leaves a whole number. */
export const goDuration = (ms: number): string => {
  if (ms >= 1_000 && ms % 1_000 === 0) return `${ms / 1_000}s`;
  return `${Number(ms.toFixed(3)) || 0.001}ms`;
};

/**
 * One word, whatever is in it. Between backticks nothing has a meaning; between double quotes the double quote has, and
 * so has a backslash before it.
 */
export const quoted = (text: string): string => {
  if (/^[\w./:@+-]+$/.test(text)) return text;
  return text.includes('`') ? `"${text.replaceAll('"', '\\"').replace(/\\$/, '')}"` : `\`${text}\``;
};

/** For a comment: on one line, and nothing that the Caddyfile would fill in. */
export const commentText = (text: string): string =>
  text
    .replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, ' ')
    .replaceAll('{', '(')
    .replaceAll('}', ')');

/** A path that is asked for: what is not allowed in one is percent-encoded, and nothing is filled in. */
export const requestPath = (path: string): string =>
  path.replace(/[^\x21-\x7e]|[`{}"\\]|%(?![0-9a-fA-F]{2})/gu, (character) =>
    [...new TextEncoder().encode(character)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  );

const literal = (text: string): string =>
  text.replace(/[^\w/-]/gu, (character) => {
    if (character === '.') return '\\.';
    return `\\x{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });

const decoded = (path: string): string => {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
};

/** An expression for paths that begin with this one, by whole segments; Caddy's own `path` takes no notice of capitals. */
export const pathExpression = (path: string): string => {
  const text = literal(decoded(path));
  return text.endsWith('/') ? `^${text}` : `^${text}(/|$)`;
};
