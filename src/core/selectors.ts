/**
 * Selectors: which of the things that were counted a metric is about, such as `{class=web}` or
 * `{tier=premium, route=/api}`. Several keys narrow each other down.
 */
import { thereAre } from './nearest.js';

/** Values by key; empty: everything. */
export type Selector = Readonly<Record<string, string>>;

/** What selectors may say. */
export interface SelectorScope {
  /** Values by key. */
  readonly known: Readonly<Record<string, readonly string[]>>;
  /** Whether anything fits: keys that are each right may exclude each other. */
  fits(selector: Selector): boolean;
  /** Why there is nothing to select from, and how to mend it; said where no key has a value. */
  readonly nothing: string;
}

/** What is wrong with a selector; `column` counts from 1 within its text. */
export class SelectorError extends Error {
  override readonly name = 'SelectorError';
  readonly column: number;

  constructor(message: string, column: number) {
    super(message);
    this.column = column;
  }
}

export const isEmpty = (selector: Selector): boolean => Object.keys(selector).length === 0;

/** One text for all ways to write the same: keys in the order of the alphabet. */
export const selectorText = (selector: Selector): string =>
  Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(',');

const EXAMPLE = 'a selector such as {class=web}';

/** A piece of the text without the spaces around it. */
interface Piece {
  readonly text: string;
  /** Of its first character, or of its end when it is empty. */
  readonly column: number;
}

const pieceOf = (text: string, column: number): Piece => ({
  text: text.trim(),
  column: column + text.length - text.trimStart().length,
});

/** `key=value`; without `=` there is no value. */
const splitPair = (text: string, column: number): { key: Piece; value: Piece | null } => {
  const equals = text.indexOf('=');
  if (equals === -1) return { key: pieceOf(text, column), value: null };
  return {
    key: pieceOf(text.slice(0, equals), column),
    value: pieceOf(text.slice(equals + 1), column + equals + 1),
  };
};

/**
 * @param text from `{` to `}`.
 * @throws SelectorError
 */
export const parseSelector = (text: string, { known, fits, nothing }: SelectorScope): Selector => {
  if (!text.endsWith('}')) throw new SelectorError(`expected } at the end of ${EXAMPLE}`, text.length + 1);
  if (Object.values(known).every((values) => values.length === 0)) throw new SelectorError(nothing, 1);
  const selector: Record<string, string> = {};
  let column = 2;
  for (const pair of text.slice(1, -1).split(',')) {
    const { key, value } = splitPair(pair, column);
    column += pair.length + 1;
    if (!Object.hasOwn(known, key.text)) {
      const what = key.text === '' ? `expected ${EXAMPLE}` : `there is no selector "${key.text}"`;
      throw new SelectorError(`${what}${thereAre(key.text, Object.keys(known))}`, key.column);
    }
    if (Object.hasOwn(selector, key.text)) throw new SelectorError(`${key.text} is said twice`, key.column);
    if (value === null) throw new SelectorError(`expected = and a value after ${key.text}`, key.column);
    const values = known[key.text]!;
    if (!values.includes(value.text)) {
      const others = thereAre(value.text, values);
      throw new SelectorError(`there is no ${key.text} "${value.text}"${others}`, value.column);
    }
    selector[key.text] = value.text;
  }
  if (!fits(selector)) throw new SelectorError('no client is all of that at once', 1);
  return selector;
};
