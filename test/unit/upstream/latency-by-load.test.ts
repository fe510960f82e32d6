/** What a worker knows of its latency at a load. */
import { expect, it, onTestFinished, vi } from 'vitest';
import { LatencyByLoad } from '../../../src/upstream/latency-by-load.js';

it('is 0 before the first request', () => {
  expect(new LatencyByLoad().medianNear(3)).toBe(0);
});

it('is the median of the requests that came at about that load', () => {
  const latencies = new LatencyByLoad();
  for (let count = 0; count < 10; count++) {
    latencies.add(1, 10 + count);
    latencies.add(9, 500 + count);
  }
  expect(latencies.medianNear(1)).toBe(15);
  expect(latencies.medianNear(9)).toBe(505);
  expect(latencies.medianNear(2)).toBe(15);
  expect(latencies.medianNear(100)).toBe(505);
});

it('forgets what is long ago', () => {
  const latencies = new LatencyByLoad();
  for (let count = 0; count < 300; count++) latencies.add(1, 10);
  for (let count = 0; count < 300; count++) latencies.add(1, 90);
  expect(latencies.medianNear(1)).toBe(90);
});

it('is looked for once while nothing changes, however many probes ask', () => {
  const latencies = new LatencyByLoad();
  latencies.add(1, 10);
  latencies.add(9, 90);
  const sorts = vi.spyOn(Uint32Array.prototype, 'toSorted');
  onTestFinished(() => sorts.mockRestore());
  for (let probe = 0; probe < 100; probe++) expect(latencies.medianNear(1)).toBe(90);
  expect(sorts).toHaveBeenCalledTimes(1);
  for (let request = 0; request < 8; request++) latencies.add(1, 20);
  expect(latencies.medianNear(1)).toBe(20);
  latencies.medianNear(9);
  expect(sorts).toHaveBeenCalledTimes(3);
});
