/**
 * What a queue discipline does under overload, in front of a worker with 8 slots of 50 ms: clients ask for half as much
 * again as it can do, and take an answer for worth something for 500 ms. Capacity is 160 good answers a second.
 */
import { describe, expect, it } from 'vitest';
import type { Line, Waiting } from '../../../../src/policies/lines/line.js';
import {
  LINE_DEFAULTS,
  LINES,
  type LineName,
  type LineOptions,
} from '../../../../src/policies/lines/lines.js';
import { CAPACITY_RPS, goodputRps, type Load, underLine } from '../../../support/simulated-worker.js';

const OVERLOAD: Load = { rateRps: 1.5 * CAPACITY_RPS, durationMs: 30_000, patienceMs: 500 };
/** The line is full by then. */
const SETTLED_MS = 15_000;
/** The last requests need not be answered when the run ends. */
const END_MS = 29_000;

const make = (name: LineName, options: Partial<LineOptions> = {}): Line<Waiting> =>
  LINES[name]({ ...LINE_DEFAULTS, ...options });

const goodputOf = (name: LineName, options: Partial<LineOptions> = {}): number =>
  goodputRps(underLine(make(name, options), OVERLOAD), OVERLOAD, SETTLED_MS, END_MS);

describe('under an overload that lasts', () => {
  it('first come, first served answers only requests that nobody waits for any more', () => {
    const run = underLine(make('fifo'), OVERLOAD);
    const answered = run.sent.filter(({ answeredMs }) => (answeredMs ?? 0) >= SETTLED_MS);
    expect(answered.length, 'the worker is busy all the time').toBeGreaterThan(0.95 * CAPACITY_RPS * 14);
    expect(goodputRps(run, OVERLOAD, SETTLED_MS, END_MS)).toBe(0);
  });

  it.each<[name: LineName, options: Partial<LineOptions>]>([
    ['lifo', {}],
    ['adaptive-lifo', {}],
    // A slot is free every 6 ms, so some find nobody who has waited for less than 5 ms.
    ['codel', {}],
    ['deadline', { marginMs: 60 }],
  ])('%s keeps nine tenths of the goodput', (name, options) => {
    expect(goodputOf(name, options)).toBeGreaterThan(0.9 * CAPACITY_RPS);
  });

  it('deadline without a margin serves those who are about to give up, and all of them do', () => {
    expect(goodputOf('deadline', { marginMs: 0 })).toBeLessThan(0.1 * CAPACITY_RPS);
  });

  it('codel keeps the line short: nobody whom it serves has waited for long', () => {
    const run = underLine(make('codel'), OVERLOAD);
    const waits = run.sent
      .filter(({ atMs, answeredMs }) => atMs > SETTLED_MS && answeredMs !== null)
      .map(({ atMs, answeredMs }) => answeredMs! - atMs);
    expect(Math.max(...waits)).toBeLessThan(200);
    expect(run.drops['waited-too-long']).toBeGreaterThan(1_000);
  });
});

describe('without overload', () => {
  it.each(Object.keys(LINES) as LineName[])('%s answers everybody in time', (name) => {
    const load: Load = { rateRps: 0.7 * CAPACITY_RPS, durationMs: 20_000, patienceMs: 500 };
    const run = underLine(make(name), load);
    const inTime = run.sent.filter(
      ({ atMs, answeredMs }) => (answeredMs ?? Infinity) - atMs <= load.patienceMs,
    );
    const due = run.sent.filter(({ atMs }) => atMs < load.durationMs - load.patienceMs);
    expect(inTime.length / due.length).toBeGreaterThan(0.995);
  });
});
