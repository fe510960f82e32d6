/** Which paths a location takes, as a route says it. */
import type { LineFate } from '../../imported.js';

export interface LocationPath {
  readonly path: string;
  readonly fate: LineFate;
  readonly note: string;
}

/** The text that an expression stands for when it stands for one only. */
const plainText = (pattern: string): string | null => {
  if (/^(?:[^\\^$.|?*+()[\]{}]|\\[^A-Za-z0-9])*$/.test(pattern)) return pattern.replace(/\\(.)/g, '$1');
  return null;
};

/** @param ends how an expression goes on that takes whole segments. @returns `null`: it is no such expression. */
export const pathOfPattern = (pattern: string, ends: string): string | null => {
  if (!pattern.startsWith('^/')) return null;
  if (pattern.endsWith(ends)) return plainText(pattern.slice(1, -ends.length));
  const text = plainText(pattern.slice(1));
  return text?.endsWith('/') ? text : null;
};

const prefix = (path: string): LocationPath => {
  if (path.endsWith('/')) return { path, fate: 'understood', note: `a route: ${path}` };
  return { path, fate: 'nearly', note: `a route: ${path}, by whole segments; nginx takes ${path}x too` };
};

const expression = (pattern: string, ignoresCase: boolean): LocationPath | null => {
  const path = pathOfPattern(pattern, '(/|$)');
  const found = path ?? (pattern.startsWith('^/') ? plainText(pattern.slice(1)) : null);
  if (found === null) return null;
  const plain =
    path === null ? prefix(found) : { path, fate: 'understood' as const, note: `a route: ${path}` };
  return ignoresCase
    ? { ...plain, fate: 'nearly', note: `${plain.note}, in small letters and capitals as written` }
    : plain;
};

/** @param args of `location`. @returns `null`: no route can say it. */
export const locationPath = (args: readonly string[]): LocationPath | null => {
  const [first = '', second = ''] = args;
  if (args.length === 1) return first.startsWith('/') ? prefix(first) : null;
  if (!second.startsWith('/') && !second.startsWith('^/')) return null;
  switch (first) {
    case '^~':
      return prefix(second);
    case '~':
    case '~*':
      return expression(second, first === '~*');
    case '=':
      if (second === '/') return null;
      return { path: second, fate: 'nearly', note: `a route: ${second}, and what is below it` };
    default:
      return null;
  }
};
