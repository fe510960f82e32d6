/** HAProxy's words: how a text, a time and a name are written so that they mean what they are meant to. */
import type { Loss } from '../target.js';

/** Some lines of a config, and what could not be said in them. */
export interface Part {
  readonly lines: readonly string[];
  readonly losses: readonly Loss[];
}

export const NOTHING: Part = { lines: [], losses: [] };

export const joined = (...parts: readonly Part[]): Part => ({
  lines: parts.flatMap(({ lines }) => lines),
  losses: parts.flatMap(({ losses }) => losses),
});

export const missing = (path: readonly string[], text: string): Loss => ({ path, text, degree: 'missing' });

export const otherwise = (path: readonly string[], text: string): Loss => ({
  path,
  text,
  degree: 'otherwise',
});

/**
 * Of what the section has by default: it counts as done otherwise, for nobody need have asked for it, and only what was
 * asked for and is missing keeps a scenario from running.
 */
export const unasked = (isDefault: boolean): typeof missing => (isDefault ? otherwise : missing);

/** Losses that are there only if something holds. */
export const lost = (...entries: readonly (Loss | false)[]): Loss[] =>
  entries.filter((entry) => entry !== false);

/** Strong quotes: nothing in them means anything, but for the quote itself. */
export const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** Whether a text can stand in a config at all: it is read line by line, and no address or field holds such signs. */
export const isPrintable = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

/** Whether a name can stand between the brackets of a sample, such as `req.fhdr(NAME)`. */
export const isFieldName = (name: string): boolean => /^[A-Za-z0-9_.-]+$/.test(name);

const LONGEST_MS = 2 ** 31 - 1;

/** HAProxy's timers count whole milliseconds, and one of 0 never ends. */
export const wholeMs = (durationMs: number): number =>
  Math.min(LONGEST_MS, Math.max(1, Math.round(durationMs)));

export const time = (durationMs: number): string => `${wholeMs(durationMs)}ms`;

/** More than there will ever be; HAProxy’s own numbers are not all as long as ours. */
const MOST = 1_000_000;

export const count = (amount: number): number => Math.min(MOST, amount);

/** A name for a section or an ACL, as near to the wanted one as its letters allow, and not one of those taken. */
export const nameFor = (wanted: string, taken: ReadonlySet<string>): string => {
  const base = wanted.replace(/[^A-Za-z0-9_.-]+/g, '-').replace(/^[-.]+|[-.]+$/g, '') || 'other';
  for (let count = 1; ; count++) {
    const name = count === 1 ? base : `${base}-${count}`;
    if (!taken.has(name)) return name;
  }
};
