/** The durations in a document, found by its schema, and the longest that a timer keeps. */
import { type Schema, UNIT_KEYWORD } from '../schema.js';
import { parseDurationMs } from '../units.js';
import type { Path } from './positions.js';
import type { Finding } from './schema-problems.js';

/**
 * Node runs a timer of more than 2^31 - 1 ms, which is 24 days and 20 hours, after 1 ms. Somewhat less, with room for
 * jitter.
 */
const LONGEST = '576h';

type Json = Record<string, unknown>;

/** Calls back for every duration of a value that is right by its schema. */
export const visitDurations = (
  schema: Schema,
  value: unknown,
  visit: (path: Path, text: string) => void,
  path: Path = [],
): void => {
  const { anyOf, items, properties, patternProperties, ...own } = schema as unknown as {
    readonly anyOf?: readonly Schema[];
    readonly items?: Schema;
    readonly properties?: Readonly<Record<string, Schema>>;
    readonly patternProperties?: Readonly<Record<string, Schema>>;
    readonly [keyword: string]: unknown;
  };
  for (const branch of anyOf ?? []) visitDurations(branch, value, visit, path);
  if (typeof value === 'string') {
    if (own[UNIT_KEYWORD] === 'duration') visit(path, value);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    if (items === undefined) return;
    for (const [index, item] of value.entries()) visitDurations(items, item, visit, [...path, index]);
    return;
  }
  const [ofEvery] = Object.values(patternProperties ?? {});
  for (const [key, inner] of Object.entries(value as Json)) {
    const below = properties?.[key] ?? ofEvery;
    if (below !== undefined) visitDurations(below, inner, visit, [...path, key]);
  }
};

/** What is wrong with a duration that no timer keeps; `null`: nothing. */
export const explainTooLong = (text: string): string | null =>
  parseDurationMs(text) > parseDurationMs(LONGEST)
    ? `is ${text}; the longest time that can be kept is ${LONGEST}, which is 24 days`
    : null;

/** Every duration of a document that no timer keeps. */
export const findTooLong = (schema: Schema, value: unknown): Finding[] => {
  const findings: Finding[] = [];
  visitDurations(schema, value, (path, text) => {
    const message = explainTooLong(text);
    if (message !== null) findings.push({ path, message });
  });
  return findings;
};
