/** A whole run with dependencies: the timeline disturbs one, clients get degraded answers, and nothing of it remains. */
import { describe, expect, it } from 'vitest';
import { metricValue } from '../../src/scenarios/metrics/metrics.js';
import { descendants } from '../support/processes.js';
import { runReally } from '../support/real-run.js';

const SCENARIO = `version: 1
name: lock-and-fallback
title: A lock, and an answer without the database
fleet:
  workers: 2
  serviceTime: { distribution: constant, mean: 5ms }
  dependencies:
    store:
      kind: database
      queryTime: { mean: 5ms }
      timeout: 100ms
      breaker: { minRequests: 4, openFor: 200ms }
      fallback: reduced
# Long enough for a process to boot on a busy machine.
load: { stages: [{ rate: 20/s, for: 10s }] }
timeline:
  - { at: 1s, disturb: lock, on: store, for: 1s }
  - { at: 2200ms, disturb: down, on: store }
  - { at: 2700ms, recover: all, on: store }
windows: { before: 0s..900ms, locked: 1s..2s, down: 2300ms..2700ms }
`;

describe('a run in which a dependency is disturbed', () => {
  it('tells degraded answers from others, and leaves no process', async () => {
    const before = descendants(process.pid).length;
    const result = await runReally(SCENARIO);
    const told = result.events.filter(({ type }) => type.startsWith('dependency.'));
    expect(told).toContainEqual(
      expect.objectContaining({ type: 'dependency.circuit-changed', state: 'open' }),
    );
    expect(told.filter(({ type }) => type !== 'dependency.circuit-changed')).toMatchObject([
      { type: 'dependency.disturbed', fault: 'lock', dependency: 'store', forMs: 1_000 },
      { type: 'dependency.recovered', fault: 'lock', dependency: 'store', reason: 'time-over' },
      { type: 'dependency.disturbed', fault: 'down', dependency: 'store', forMs: null },
      { type: 'dependency.recovered', fault: 'down', dependency: 'store', reason: 'ordered' },
    ]);
    const degraded = (window: string): number => metricValue(result, 'degraded', window);
    expect(degraded('before')).toBe(0);
    expect(degraded('locked')).toBeGreaterThan(0.5);
    expect(degraded('down')).toBeGreaterThan(0.5);
    // A degraded answer is a good one.
    expect(metricValue(result, 'availability', 'locked')).toBeGreaterThan(0.5);
    expect(descendants(process.pid).length).toBe(before);
  });
});
