/**
 * Times that no timer can keep: none at all, and longer than a timer counts. Node runs a timer of more than 2^31 - 1 ms
 * after 1 ms, and an interval of 0 as fast as it can.
 */
import { type Schema, UNIT_KEYWORD } from '../../core/schema.js';
import { formatDuration, parseDurationMs, parseRateRps } from '../../core/units.js';
import type { ConfigProblem } from './check.js';

/** Below 2^31 - 1 ms, which is 24 days and 20 hours, with room for jitter. */
export const MAX_DURATION_MS = 24 * 24 * 60 * 60_000;

/** Paths whose time may be 0, because it means something: no wait, no lifetime, nothing added. */
const MAY_BE_ZERO: ReadonlySet<string> = new Set([
  'cache.defaultTtl',
  'cache.lockTimeout',
  'cache.staleIfError',
  'cache.staleWhileRevalidate',
  'concurrency.margin',
  'concurrency.maxWait',
  'globalConcurrency.margin',
  'globalConcurrency.maxWait',
  'hedge.after',
  'outlierEjection.jitter',
  'retry.backoff.base',
  'retry.backoff.max',
  'retry.retryAfter.max',
]);

type Json = Record<string, unknown>;

const problemOf = (path: readonly string[], text: string): string | null => {
  const ms = parseDurationMs(text);
  if (ms === 0 && !MAY_BE_ZERO.has(path.join('.'))) return `is ${text}; it has to be longer than nothing`;
  if (ms > MAX_DURATION_MS) {
    return `is ${text}; the longest time that can be kept is ${formatDuration(MAX_DURATION_MS)}`;
  }
  return null;
};

/** Every duration of a value, found by its schema. */
const walk = (
  schema: Schema,
  value: unknown,
  path: readonly string[],
  visit: (path: readonly string[], text: string) => void,
): void => {
  const { anyOf, items, properties, patternProperties, ...own } = schema as unknown as {
    readonly anyOf?: readonly Schema[];
    readonly items?: Schema;
    readonly properties?: Readonly<Record<string, Schema>>;
    readonly patternProperties?: Readonly<Record<string, Schema>>;
    readonly [keyword: string]: unknown;
  };
  for (const branch of anyOf ?? []) walk(branch, value, path, visit);
  if (typeof value === 'string') {
    if (own[UNIT_KEYWORD] === 'duration') visit(path, value);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    if (items !== undefined) {
      for (const [index, item] of value.entries()) walk(items, item, [...path, String(index)], visit);
    }
    return;
  }
  const [ofEvery] = Object.values(patternProperties ?? {});
  for (const [key, inner] of Object.entries(value as Json)) {
    const below = properties?.[key] ?? ofEvery;
    if (below !== undefined) walk(below, inner, [...path, key], visit);
  }
};

/**
 * @param section as it is written, and right by its schema.
 * @param schema of the gateway section.
 */
export const findUnkeptTimes = (
  section: { readonly rateLimit?: { readonly rate: string } },
  schema: Schema,
): ConfigProblem[] => {
  const problems: ConfigProblem[] = [];
  walk(schema, section, [], (path, text) => {
    const message = problemOf(path, text);
    if (message !== null) problems.push({ path, message });
  });
  const rate = section.rateLimit?.rate;
  if (rate !== undefined && parseRateRps(rate) === 0) {
    const message = `is ${rate}, which lets nobody in again once the burst is used up; give more`;
    problems.push({ path: ['rateLimit', 'rate'], message });
  }
  return problems;
};
