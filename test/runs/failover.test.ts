/** Two clusters of workers behind one gateway: the second stands in for the first, as far as it can carry the load. */
import { describe, expect, it } from 'vitest';
import type { VariantResult } from '../../src/scenarios/result.js';
import { runReally } from '../support/real-run.js';

/** Each cluster can do 160 a second; what is offered is below that, or above it. */
const scenario = (rate: string, gateway: string): string => `
version: 1
name: two-clusters
title: One cluster stands in for the other
fleet:
  workers: 4
  slots: 4
  serviceTime: { distribution: constant, mean: 50ms }
  clusters: { a: [worker-1, worker-2], b: [worker-3, worker-4] }
gateway:
  balancer: least-requests
  timeouts: { attempt: 500ms, request: 2s }
  healthCheck: { interval: 150ms, timeout: 100ms, rise: 1, fall: 1 }
  upstreams: { worker-3: { priority: 1 }, worker-4: { priority: 1 } }
${gateway}
clients: { patience: 1s }
load: { arrivals: constant, stages: [{ rate: ${rate}, for: 6s }] }
windows: { baseline: 0s..1s, outage: 2s..4s, after: 5s..6s }
timeline: [{ at: 1s, inject: stop, on: a, for: 3s }]
`;

const run = (rate: string, gateway = ''): Promise<VariantResult> => runReally(scenario(rate, gateway));

/** Most that the workers of the second cluster had to do at once, in a span of the run. */
const busyInSecond = ({ series }: VariantResult, fromS: number, toS: number): number =>
  Math.max(
    ...series
      .filter(({ t }) => t >= fromS && t < toS)
      .flatMap(({ workers }) => workers.slice(2).map(({ busy, queued }) => busy + queued)),
  );

describe('a cluster that stands still', () => {
  it('is stood in for by the other, which has nothing to do before and after', async () => {
    const result = await run('80/s');
    expect(result.windows.outage!.availability).toBe(1);
    expect(result.windows.after!.availability).toBe(1);
    expect(busyInSecond(result, 0, 1)).toBe(0);
    expect(busyInSecond(result, 2, 4)).toBeGreaterThan(0);
    expect(busyInSecond(result, 5, 6)).toBe(0);
  });

  it('drowns the other where both are needed, unless that takes no more than it can do', async () => {
    const drowned = await run('240/s');
    const capped = await run('240/s', '  concurrency: { limit: 5 }');
    // More than it can do in the time that clients wait is work for nobody.
    expect(capped.windows.outage!.availability!).toBeGreaterThan(drowned.windows.outage!.availability! + 0.1);
    expect(capped.windows.outage!.availability!).toBeGreaterThan(0.5);
    expect(busyInSecond(drowned, 2, 4)).toBeGreaterThan(3 * busyInSecond(capped, 2, 4));
  });
});
