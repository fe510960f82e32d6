/**
 * The wait before a retry. Exponential, since a failure that outlasts one retry mostly outlasts the next; and drawn at
 * random, since clients that failed together otherwise come back together (Brooker, "Exponential Backoff And Jitter",
 * AWS Architecture Blog, 2015).
 *
 * With n the retry's number from 1, and v = min(maxMs, baseMs · 2^(n−1)):
 *
 * | jitter       | wait                                                                 |
 * |--------------|----------------------------------------------------------------------|
 * | none         | v                                                                    |
 * | full         | uniform in [0, v)                                                    |
 * | equal        | uniform in [v/2, v)                                                  |
 * | decorrelated | min(maxMs, uniform in [baseMs, 3 · the wait before)), the first before: baseMs |
 * | envoy        | uniform in [0, min(maxMs, baseMs · (2^n − 1)))                       |
 */
import type { Random } from '../core/random.js';

export interface BackoffOptions {
  readonly jitter: JitterName;
  /** Of the first retry; with `none` its wait, else the scale of it. 0: no wait at all. */
  readonly baseMs: number;
  /** No wait is longer. */
  readonly maxMs: number;
}

/** One retry's place in the row. */
interface Step {
  readonly baseMs: number;
  readonly maxMs: number;
  /** From 1. */
  readonly retry: number;
  /** The wait before the last retry; `baseMs` before the first. */
  readonly previousMs: number;
}

/** Beyond this many doublings any base is above any bound; it keeps 0 · Infinity out. */
const MAX_DOUBLINGS = 64;

const powerOf2 = (exponent: number): number => 2 ** Math.min(exponent, MAX_DOUBLINGS);

const uniform = (random: Random, fromMs: number, toMs: number): number =>
  fromMs + random.next() * (toMs - fromMs);

/** The longest wait before retry `retry` (1 for the first) by plain doubling. */
export const longestMs = (
  { baseMs, maxMs }: Pick<BackoffOptions, 'baseMs' | 'maxMs'>,
  retry: number,
): number => Math.min(maxMs, baseMs * powerOf2(retry - 1));

export const JITTERS = {
  none: (step: Step) => longestMs(step, step.retry),
  full: (step: Step, random: Random) => uniform(random, 0, longestMs(step, step.retry)),
  equal: (step: Step, random: Random) => {
    const halfMs = longestMs(step, step.retry) / 2;
    return uniform(random, halfMs, 2 * halfMs);
  },
  decorrelated: ({ baseMs, maxMs, previousMs }: Step, random: Random) =>
    Math.min(maxMs, uniform(random, baseMs, Math.max(baseMs, 3 * previousMs))),
  envoy: ({ baseMs, maxMs, retry }: Step, random: Random) =>
    uniform(random, 0, Math.min(maxMs, baseMs * (powerOf2(retry) - 1))),
} as const satisfies Record<string, (step: Step, random: Random) => number>;

export type JitterName = keyof typeof JITTERS;

/** Envoy's times (25 ms, and ten times that at most), with full jitter, which spreads widest for the same mean. */
export const BACKOFF_DEFAULTS: BackoffOptions = { jitter: 'full', baseMs: 25, maxMs: 250 };

/**
 * @param retry the retry's number, 1 for the first.
 * @param previousMs the wait before the retry before; for the first anything, it is not looked at.
 * @returns milliseconds, from 0 to `maxMs`.
 */
export const backoffMs = (
  options: BackoffOptions,
  retry: number,
  previousMs: number,
  random: Random,
): number => {
  const { jitter, baseMs, maxMs } = options;
  const step = { baseMs, maxMs, retry, previousMs: retry === 1 ? baseMs : previousMs };
  return JITTERS[jitter](step, random);
};
