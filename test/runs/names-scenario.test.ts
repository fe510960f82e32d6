/** Whole runs: names that do not resolve for a while, and a route table that is wrong for a while. */
import { expect, it } from 'vitest';
import { runConclusively, scenarioFile } from '../support/cli.js';

const OUTAGE = `version: 1
name: names-that-do-not-resolve
title: The resolver says that there are no such names
fleet: { workers: 2, serviceTime: { distribution: constant, mean: 20ms } }
names: { ttl: 1s }
gateway: { keepAlive: off, healthCheck: off }
load: { arrivals: constant, stages: [{ rate: 50/s, for: 9s }] }
timeline:
  - { at: 2s, dns: nxdomain, on: all, for: 4s }
windows: { baseline: 0s..1500ms, outage: 3500ms..5900ms, after: 8s..9s }
variants:
  as-it-happened: {}
  serve-stale: { gateway: { names: { serveStale: on } } }
thresholds:
  as-it-happened: ["availability[outage] < 10%", "status.502[outage] > 90%", "cause.dns[outage] > 90%", "availability[after] > 99%"]
  serve-stale: ["availability > 99.5%"]
`;

it('names that do not resolve are an outage, and none with serveStale', async () => {
  const { code, stdout, stderr } = await runConclusively(['run', scenarioFile(OUTAGE), '--json', '--quiet']);
  expect(code, `${stdout.slice(0, 2_000)}${stderr}`).toBe(0);
  const [plain, stale] = JSON.parse(stdout).variants as {
    events: { type: string; t: number; staleMs?: number }[];
  }[];
  const typesOf = ({ events }: { events: { type: string }[] }): Set<string> =>
    new Set(events.map(({ type }) => type));
  expect(typesOf(plain!)).toContain('fault.healed');
  expect(typesOf(plain!)).toContain('name.lookup-failed');
  expect(typesOf(plain!)).not.toContain('name.served-stale');
  const told = stale!.events.find(({ type }) => type === 'name.served-stale');
  expect(told?.staleMs).toBeGreaterThan(0);
  expect(typesOf(stale!)).toContain('name.recovered');
}, 180_000);

const ROUTES = `version: 1
name: wrong-routes
title: A route table that is wrong in three ways
fleet: { workers: 2, deadPorts: 1, serviceTime: { distribution: constant, mean: 10ms } }
gateway:
  healthCheck: off
  pools: { api: { upstreams: [worker-1, worker-2] } }
  routes: [{ path: /, pool: api }]
load: { arrivals: constant, stages: [{ rate: 50/s, for: 8s }] }
timeline:
  - { at: 1s, push-config: { pools: { api: { upstreams: [dead-1] } } }, to: gateway }
  - { at: 2s, rollback-config: {}, to: gateway }
  - { at: 3s, push-config: { pools: { api: { upstreams: [] } } }, to: gateway }
  - { at: 4s, rollback-config: {}, to: gateway }
  - { at: 5s, push-config: { routes: [{ path: /other, pool: api }] }, to: gateway }
  - { at: 6s, rollback-config: {}, to: gateway }
  - { at: 7s, push-config: { pools: { api: { upstreams: [] } } }, to: gateway, approved: off }
windows:
  { baseline: 0s..800ms, dead: 1300ms..1900ms, empty: 3300ms..3900ms, missing: 5300ms..5900ms, refused: 7s..8s }
thresholds:
  default:
    - status.502[dead] > 99%
    - status.503[empty] > 99%
    - status.404[missing] > 99%
    - availability[refused] > 99%
    - first.config.refused < 8s
`;

it('a dead port is 502, an empty pool 503, a missing route 404; what is not approved is refused', async () => {
  const { code, stdout, stderr } = await runConclusively(['run', scenarioFile(ROUTES), '--json', '--quiet']);
  expect(code, `${stdout.slice(0, 2_000)}${stderr}`).toBe(0);
}, 180_000);
