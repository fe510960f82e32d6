/** Alerts of whole runs in virtual time: silent where nothing is wrong, early where something will be. */
import { describe, expect, it } from 'vitest';
import { metricValue } from '../../src/scenarios/metrics/metrics.js';
import { runHere } from '../support/virtual-run.js';

const scenario = (keys: { rate: string; retry?: string; timeline?: string }): string => `
version: 1
name: watched
title: A watched run
fleet:
  workers: 4
  slots: 8
  serviceTime: { distribution: exponential, mean: 100ms }
  memory: { heapLimit: 64MiB }
  restart: { delay: 1s }
gateway: { balancer: round-robin, timeouts: { attempt: 1s } }
clients: { patience: 2s, retry: ${keys.retry ?? '{ attempts: 3, backoff: none }'} }
load: { arrivals: poisson, stages: [${keys.rate}] }
timeline: [${keys.timeline ?? ''}]
`;

describe('a run in which nothing is wrong', () => {
  it.each([
    ['little load', '{ rate: 20/s, for: 20s }', 1],
    ['60 % of what workers can do', '{ rate: 192/s, for: 20s }', 2],
    ['70 %, and another seed', '{ rate: 224/s, for: 20s }', 3],
    ['a ramp that is planned', '{ rate: 100/s, to: 224/s, for: 20s }', 4],
  ])('has no alert: %s', async (_what, rate, seed) => {
    const { result } = await runHere(scenario({ rate }), seed);
    expect(result.windows['(run)']!.availability).toBeGreaterThanOrEqual(0.999);
    expect(result.alerts).toEqual([]);
    expect(metricValue(result, 'lead', '')).toBeNaN();
  });
});

describe('a run in which something will be wrong', () => {
  it('has an alert of the heap seconds before the first error', async () => {
    const leak = `{ at: 3s, inject: leak, on: worker-1, perRequest: 200KiB }`;
    const { result } = await runHere(scenario({ rate: '{ rate: 192/s, for: 12s }', timeline: leak }), 5);
    expect(result.crashes).toBeGreaterThan(0);
    expect(metricValue(result, 'lead.heap-slope', '')).toBeGreaterThan(2_000);
    expect(result.alerts[0]!.rule).toBe('heap-slope');
  });

  it('has alerts of queues and of retries before service is down, where there is too much load', async () => {
    const rate = '{ rate: 224/s, for: 6s }, { rate: 480/s, for: 8s }';
    const { result } = await runHere(scenario({ rate }), 6);
    const alertedMs = (rule: string): number => metricValue(result, `alerted.${rule}`, '');
    expect(alertedMs('queue-growth')).toBeGreaterThan(6_000);
    expect(alertedMs('queue-growth')).toBeLessThan(alertedMs('fast-burn'));
    expect(alertedMs('latency-growth')).toBeLessThan(alertedMs('fast-burn'));
    expect(alertedMs('amplification')).toBeLessThan(Infinity);
    expect(metricValue(result, 'lead', '')).toBeGreaterThan(0);
  });

  it('has an alert of the traffic that stays away, when nobody can be asked any more', async () => {
    const kill = [1, 2, 3, 4].map((n) => `{ at: 6s, inject: hang, on: worker-${n} }`).join(', ');
    const { result } = await runHere(scenario({ rate: '{ rate: 192/s, for: 12s }', timeline: kill }), 7);
    expect(metricValue(result, 'alerted.traffic-drop', '')).toBeLessThan(8_000);
    expect(metricValue(result, 'alerted.fast-burn', '')).toBeLessThan(9_000);
  });
});
