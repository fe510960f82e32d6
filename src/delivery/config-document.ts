/**
 * A config as a text: read through whatever parser knows its schema, and printed in one way only.
 *
 * Reading is total. Whatever the text is, there is a config or a list of what is wrong with it, each with path, line and
 * column; a text cannot make the reader throw, and one that is too large is not even looked at. Routers that
 * could not parse one unusual record crashed again and again instead of keeping what they had (Heroku, 7 June 2012).
 */
import type { DocumentProblem } from '../core/document/document.js';
import { isObject } from '../core/json.js';

export type ReadConfig<Config> =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly DocumentProblem[] };

/**
 * Many times what a config needs. It bounds the time: a parser that looks for duplicate keys pair by pair takes the
 * better part of a second for a map that fills 64 KiB with keys, and four times that for twice the size.
 */
export const MAX_DOCUMENT_BYTES = 64 * 1024;

/**
 * How deep brackets may lie in each other, and how many keys a text may mark with `?`; a config needs a handful of the
 * one and none of the other. Such a key may itself be a map with such keys, and the YAML library prints each of them for
 * every one around it: 2 KB of `? ` kept it busy for five minutes.
 */
export const MAX_DEPTH = 32;

/** Aliases (`*name`) in a text; the YAML library looks for the anchor of each from the top: 4,000 took it nine seconds. */
export const MAX_ALIASES = 100;

/** Problems shown at once; of a text that is wrong throughout, the first hundred tell as much as all of them. */
export const MAX_PROBLEMS = 100;

/** Of one problem; a message that quotes what is wrong may quote the whole text. What is longer is cut. */
export const MAX_MESSAGE_LENGTH = 500;

/**
 * Never throws.
 * @param parse throws for a text that is no config; what it throws may carry `problems`.
 * @param maxBytes in UTF-8; default 64 KiB.
 */
export const readConfig = <Config>(
  text: string,
  parse: (text: string) => Config,
  maxBytes = MAX_DOCUMENT_BYTES,
): ReadConfig<Config> => {
  const bytes = Buffer.byteLength(text);
  if (bytes > maxBytes) return failed(`is ${bytes} bytes long, where ${maxBytes} is the limit`);
  const excess = findExcess(text);
  if (excess !== null) return failed(excess);
  try {
    // A byte order mark says nothing about the config; editors write it.
    return { ok: true, config: parse(text.startsWith('\uFEFF') ? text.slice(1) : text) };
  } catch (error) {
    const problems = (error as { readonly problems?: readonly DocumentProblem[] } | undefined)?.problems;
    if (Array.isArray(problems) && problems.length > 0) {
      return { ok: false, problems: problems.slice(0, MAX_PROBLEMS).map(shortened) };
    }
    // The stack is all that limits a parser that follows a text into its depths.
    return failed(error instanceof RangeError ? TOO_DEEP : `cannot be read: ${error}`);
  }
};

const TOO_DEEP = 'is nested too deeply';

/**
 * What there is too much of for a parser. Counts without knowing the grammar, so brackets within a text count too: a
 * text of thirty-three that open and do not close is refused, which nobody will miss.
 */
const findExcess = (text: string): string | null => {
  let open = 0;
  let markedKeys = 0;
  let aliases = 0;
  // Marks stand at the beginning of a line, after its indent and after each other.
  let mayBeMark = true;
  for (let index = 0; index < text.length; index++) {
    const char = text[index]!;
    if (char === '\n') mayBeMark = true;
    else if (char === '[' || char === '{') open++;
    else if ((char === ']' || char === '}') && open > 0) open--;
    else if (char === '?' && mayBeMark) markedKeys++;
    else if (char === '*' && /[\s,[{]/.test(text[index - 1] ?? '\n')) aliases++;
    if (mayBeMark) mayBeMark = /[\s?-]/.test(char);
    if (open > MAX_DEPTH || markedKeys > MAX_DEPTH) return TOO_DEEP;
    if (aliases > MAX_ALIASES) return `has more than ${MAX_ALIASES} aliases`;
  }
  return null;
};

const failed = (message: string): ReadConfig<never> => ({
  ok: false,
  problems: [{ path: '', line: 1, column: 1, message }],
});

const shortened = (problem: DocumentProblem): DocumentProblem =>
  problem.message.length <= MAX_MESSAGE_LENGTH
    ? problem
    : { ...problem, message: `${problem.message.slice(0, MAX_MESSAGE_LENGTH)}…` };

/**
 * Prints a JSON value, and prints equal values alike: keys are sorted. What it prints is YAML too.
 * @throws TypeError for what is no JSON value, such as a circle.
 */
export const printConfig = (value: unknown): string => `${JSON.stringify(value, sortKeys, 2)}\n`;

/** `fromEntries` keeps a key named `__proto__`, where an assignment would set the prototype. */
const sortKeys = (_key: string, value: unknown): unknown =>
  isObject(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value;
