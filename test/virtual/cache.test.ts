/** The gateway's cache in virtual time: what it holds costs the workers nothing, until it is emptied. */
import { expect, it } from 'vitest';
import { VIRTUAL_COSTS } from '../../src/scenarios/virtual/virtual-world.js';
import { runHere } from '../support/virtual-run.js';

const SCENARIO = `
version: 1
name: cached
title: ten pages, and a cache that is emptied in part
fleet: { workers: 1, slots: 20, serviceTime: { distribution: constant, mean: 100ms } }
gateway: { cache: { defaultTtl: 10m }, healthCheck: off }
clients:
  patience: 3s
  classes:
    pages: { share: 50%, path: /pages, keys: { count: 10, zipf: 0 } }
    images: { share: 50%, path: /images, keys: { count: 10, zipf: 0 } }
load: { stages: [{ rate: 50/s, for: 12s }] }
timeline: [{ at: 6s, purge-cache: { pathPrefix: /pages } }]
windows: { baseline: 4s..6s, outage: 6s..8s, after: 9s..12s }
`;

it('answers from the cache what is in it, and asks again for what a purge took out', async () => {
  const { result } = await runHere(SCENARIO, 42, VIRTUAL_COSTS);
  const slowest = (window: string, name: string): number =>
    result.windows[window]!.classes![name]!.latencyMs.max;
  expect(result.windows['(run)']!.availability).toBe(1);
  expect(slowest('baseline', 'pages')).toBeLessThan(10);
  expect(slowest('outage', 'pages')).toBeGreaterThanOrEqual(100);
  expect(slowest('outage', 'images')).toBeLessThan(10);
  expect(slowest('after', 'pages')).toBeLessThan(10);
});
