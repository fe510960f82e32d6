/** Times that no timer can keep: none at all, which Node runs as fast as it can, and longer than a timer counts. */
import { explainTooLong, visitDurations } from '../../core/document/durations.js';
import type { Path } from '../../core/document/positions.js';
import type { Schema } from '../../core/schema.js';
import { parseDurationMs, parseRateRps } from '../../core/units.js';
import type { ConfigProblem } from './check.js';

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
  'names.recheck',
  'outlierEjection.jitter',
  'retry.backoff.base',
  'retry.backoff.max',
  'retry.retryAfter.max',
]);

const problemOf = (path: Path, text: string): string | null => {
  const ms = parseDurationMs(text);
  if (ms === 0 && !MAY_BE_ZERO.has(path.join('.'))) return `is ${text}; it has to be longer than nothing`;
  return explainTooLong(text);
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
  visitDurations(schema, section, (path, text) => {
    const message = problemOf(path, text);
    if (message !== null) problems.push({ path: path.map(String), message });
  });
  const rate = section.rateLimit?.rate;
  if (rate !== undefined && parseRateRps(rate) === 0) {
    const message = `is ${rate}, which lets nobody in again once the burst is used up; give more`;
    problems.push({ path: ['rateLimit', 'rate'], message });
  }
  return problems;
};
