/** How far the machine kept up: late sends and starved probes, by the window in which it was worst. */
import { describe, expect, it } from 'vitest';
import type { RequestRecord } from '../../../src/scenarios/clients/clients.js';
import { LateSends, type ProbeReport, StarvedProbes } from '../../../src/scenarios/measure/machine.js';
import type { Window } from '../../../src/scenarios/scenario.js';
import { goodRequest } from '../../support/records.js';

const FIRST: Window = { name: 'first', fromMs: 0, toMs: 1_000 };
const SECOND: Window = { name: 'second', fromMs: 1_000, toMs: 2_000 };
const LIMIT_MS = 20;

const lateSendShare = (windows: readonly Window[], requests: readonly RequestRecord[]): number | null => {
  const late = new LateSends(windows, LIMIT_MS);
  for (const one of requests) late.record(one);
  return late.worstShare();
};

const starvedShare = (windows: readonly Window[], reports: readonly ProbeReport[]): number | null => {
  const starved = new StarvedProbes(windows, 2);
  for (const { atMs, waitsMs } of reports) starved.report(waitsMs, atMs);
  return starved.worstShare();
};

describe('the share of late sends', () => {
  const sends = (arrivalMs: number, ...latesMs: number[]) =>
    latesMs.map((lateMs) => goodRequest(arrivalMs, { lateMs }));

  it('is that of the worst window', () => {
    const requests = [...sends(500, 0, 0, 0, 30), ...sends(1_500, 0, 30)];
    expect(lateSendShare([FIRST], requests)).toBe(0.25);
    expect(lateSendShare([FIRST, SECOND], requests)).toBe(0.5);
  });

  it('counts what is beyond the limit, not what is at it', () => {
    expect(lateSendShare([FIRST], sends(0, LIMIT_MS, LIMIT_MS + 0.1))).toBe(0.5);
  });

  it('counts a send in the window it was meant for, however late it was', () => {
    expect(lateSendShare([FIRST, SECOND], [...sends(999, 700), ...sends(1_500, 0)])).toBe(1);
    expect(lateSendShare([SECOND], [...sends(999, 700), ...sends(1_500, 0)])).toBe(0);
  });

  it('passes over windows without sends, and is nothing where there were none at all', () => {
    expect(lateSendShare([FIRST, SECOND], sends(500, 30, 0))).toBe(0.5);
    expect(lateSendShare([FIRST, SECOND], [])).toBeNull();
    expect(lateSendShare([], sends(500, 30))).toBeNull();
  });
});

describe('the share of starved probes', () => {
  const report = (runMs: number, ...waitsMs: number[]) => ({ atMs: runMs, waitsMs });

  it('is that of the worst window, over the samples of all its reports together', () => {
    const reports = [report(0, 0, 5), report(999, 0, 0), report(1_000, 9, 9, 0), report(1_999, 0)];
    expect(starvedShare([FIRST], reports)).toBe(0.25);
    expect(starvedShare([FIRST, SECOND], reports)).toBe(0.5);
  });

  it('counts what is beyond the limit, not what is at it', () => {
    expect(starvedShare([FIRST], [report(1, 2, 2.1)])).toBe(0.5);
  });

  it('says nothing of reports before the load or after it', () => {
    expect(starvedShare([FIRST, SECOND], [report(-1, 9), report(2_000, 9)])).toBeNull();
    expect(starvedShare([FIRST], [report(-1, 9), report(5, 0)])).toBe(0);
  });

  it('takes a window in which the probe never ran, though it ran in another, for the worst', () => {
    expect(starvedShare([FIRST, SECOND], [report(5, 0)])).toBe(1);
  });
});
