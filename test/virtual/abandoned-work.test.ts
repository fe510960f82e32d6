/** What a worker does with requests that nobody waits for any more, in virtual time. */
import { describe, expect, it } from 'vitest';
import { VIRTUAL_COSTS } from '../../src/scenarios/virtual/virtual-world.js';
import { runHere } from '../support/virtual-run.js';

/** Both slots of the only worker get a request that takes a minute; the gateway waits for a second. */
const scenarioOf = (abandoned: string): string => `
version: 1
name: abandoned
title: two requests that take a minute
fleet: { workers: 1, slots: 2, serviceTime: { distribution: constant, mean: 20ms }, abandoned: ${abandoned} }
gateway: { timeouts: { attempt: 1s, request: 1s }, healthCheck: off }
clients: { patience: 2s }
load: { stages: [{ rate: 20/s, for: 12s }] }
timeline: [{ at: 2s, inject: slow, on: worker-1, factor: 3000, requests: 2, for: 2s }]
windows: { baseline: 0s..2s, outage: 2s..4s, after: 5s..12s }
`;

const windowsOf = async (abandoned: string) => {
  const { result } = await runHere(scenarioOf(abandoned), 42, VIRTUAL_COSTS);
  return result.windows;
};

describe('slots in which nobody’s work is done', () => {
  it.each(['finish', 'cancel'])('stay in use, with `%s`', async (abandoned) => {
    const { baseline, after } = await windowsOf(abandoned);
    expect(baseline!.availability).toBe(1);
    expect(after!.availability).toBe(0);
  });

  it('are free when the gateway has given up, with `interrupt`', async () => {
    const { after, outage } = await windowsOf('interrupt');
    expect(outage!.availability).toBeLessThan(1);
    expect(after!.availability).toBe(1);
    expect(after!.wasted).toBe(0);
  });
});
