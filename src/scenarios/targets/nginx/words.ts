/** Texts, times and sizes as nginx writes them. */

/** What needs no quotes wherever it stands. */
const PLAIN = /^[A-Za-z0-9_./:@=-]+$/;

/**
 * A text as one word. nginx takes `\t`, `\r` and `\n` in quotes for what they mean elsewhere, so a backslash that is meant
 * stands twice.
 */
export const quote = (text: string): string =>
  PLAIN.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&').replace(/\0/g, '')}"`;

/** The variable that stands for a dollar sign: in a value nginx has no other way to write one. */
export const DOLLAR = ['$', '{dollar}'].join('');

/** A text where variables are filled in, so that none of it is taken for one. */
export const literal = (text: string): string => quote(text.replace(/\$/g, () => DOLLAR));

/** At least a millisecond: 0 would mean at once, or never. */
export const time = (ms: number): string => {
  const wholeMs = Math.max(1, Math.ceil(ms));
  return wholeMs % 1000 === 0 ? `${wholeMs / 1000}s` : `${wholeMs}ms`;
};

/** For times that nginx counts in whole seconds. */
export const wholeSeconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000));

export const size = (bytes: number): string => {
  if (bytes % 1024 ** 2 === 0) return `${bytes / 1024 ** 2}m`;
  return bytes % 1024 === 0 ? `${bytes / 1024}k` : String(bytes);
};

/** What a zone of shared memory may have: less than its bookkeeping is refused, more is nobody's intention. */
const ZONE_KIB = { min: 64, max: 256 * 1024 };

/** @param each bytes of one entry. */
export const zoneSize = (entries: number, each: number): string =>
  `${Math.min(ZONE_KIB.max, ZONE_KIB.min + Math.ceil((entries * each) / 1024))}k`;

/** A text that a regular expression takes as it is. */
export const escapePattern = (text: string): string => text.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&');

/** A path and what is below it, by whole segments, in the address as the client sent it. */
export const pathPattern = (path: string, ends: string): string =>
  path.endsWith('/') ? `^${escapePattern(path)}` : `^${escapePattern(path)}(${ends}|$)`;
