/** When service was good again after it had failed, and how long after the outage that was. */
import { describe, expect, it } from 'vitest';
import type { RequestRecord } from '../../../src/scenarios/clients/clients.js';
import type { Window } from '../../../src/scenarios/scenario.js';
import { recorded } from '../../support/recording.js';
import { failedRequest, goodRequest } from '../../support/records.js';

/** Failures among the 100 requests of a second; `null`: no requests at all. */
const SECONDS: Readonly<Record<string, number | null>> = { g: 0, l: 1, x: 2, b: 100, '.': null };

/**
 * A letter a second: g good, l just good enough (99 %), x just not (98 %), b all failed, a dot for no
 * requests.
 */
const requestsOf = (pattern: string): RequestRecord[] =>
  [...pattern].flatMap((letter, second) => {
    const failures = SECONDS[letter];
    if (failures === undefined || failures === null) return [];
    return Array.from({ length: 100 }, (_, index) => {
      const arrivalMs = second * 1_000 + index * 10;
      return index < failures ? failedRequest(arrivalMs) : goodRequest(arrivalMs);
    });
  });

const outage = (fromMs: number, toMs: number): Window => ({ name: 'outage', fromMs, toMs });
const recoveryOf = (pattern: string, window?: Window) => {
  const windows = window === undefined ? [] : [window];
  const plan = { durationMs: pattern.length * 1_000, windows };
  const { recoveredMs, recoveryMs } = recorded({ requests: requestsOf(pattern) }, plan);
  return { recoveredMs, recoveryMs };
};

describe('recovery', () => {
  it.each<[string, string, number, number, number | null, number | null]>([
    ['that was never needed', 'gggggggg', 2_000, 4_000, 0, 0],
    ['at the end of the outage', 'ggbbbggg', 2_000, 5_000, 5_000, 0],
    ['some time after the outage', 'ggbbbbbggg', 2_000, 5_000, 7_000, 2_000],
    ['before the outage was to end', 'ggbgggggg', 2_000, 6_000, 3_000, 0],
    ['in the very second in which the outage was to end', 'ggbbgggg', 2_000, 4_600, 4_000, 0],
    ['that never came', 'ggbbbbbb', 2_000, 4_000, null, null],
    ['that lasted too little when the run ended', 'ggbbbbgg', 2_000, 4_000, null, null],
    ['that only lasts after some flapping', 'gbggbggbggg', 1_000, 2_000, 8_000, 6_000],
    ['that lasts long enough before it fails again', 'gbgggbbb', 1_000, 2_000, 2_000, 0],
    ['counts from the end of the outage even within a second', 'ggbbbggg', 2_000, 4_600, 5_000, 400],
    ['counts a second of 99 % as good', 'gbblllbb', 1_000, 3_000, 3_000, 0],
    ['counts a second of 98 % as bad', 'gbxxxggg', 1_000, 2_000, 5_000, 3_000],
    ['takes nothing from seconds without requests', 'gbb...g', 1_000, 3_000, 3_000, 0],
  ])('%s: %s with an outage from %d to %d ms', (_name, pattern, fromMs, toMs, recoveredMs, recoveryMs) => {
    expect(recoveryOf(pattern, outage(fromMs, toMs))).toEqual({ recoveredMs, recoveryMs });
  });

  it('has no length where there is no window called outage, but still a time', () => {
    expect(recoveryOf('ggbbggg')).toEqual({ recoveredMs: 4_000, recoveryMs: null });
  });

  it('is counted by when requests were meant to be sent, not by when they ended', () => {
    const requests = requestsOf('gbggg').map((one) => ({ ...one, endMs: one.arrivalMs + 2_500 }));
    expect(recorded({ requests }, { durationMs: 5_000 }).recoveredMs).toBe(2_000);
  });
});
