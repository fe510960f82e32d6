/** Whole runs with classes of clients: whom a gateway favours, and a flood that does not reach them. */
import { describe, expect, it, vi } from 'vitest';
import type { Result } from '../../src/scenarios/result.js';
import { runConclusively, scenarioFile } from '../support/cli.js';

/** A run that the machine spoiled is done again, four times at most. */
vi.setConfig({ testTimeout: 120_000 });

/**
 * Two workers can do 80 a second and are asked for 120; the gateway lets the free ones have half of the slots. Premium
 * clients, 24 a second, need 4.8 of the 8 that are left to them on average.
 */
const TIERS = `
version: 1
name: two-tiers
title: Who pays is served
fleet: { workers: 2, slots: 8, serviceTime: { distribution: constant, mean: 200ms } }
gateway:
  balancer: least-requests
  concurrency: { limit: 8 }
  criticality: {}
clients:
  patience: 5s
  classes:
    web: { share: 80%, tier: free }
    api: { share: 20%, tier: premium, path: /api, retry: { attempts: 3, backoff: constant, delay: 100ms } }
load: { stages: [{ rate: 10/s, for: 2s }, { rate: 120/s, for: 3s }] }
windows: { baseline: 500ms..2s, outage: 2500ms..5s }
thresholds:
  default:
    - 'availability{tier=premium}[outage] > 95%'
    - 'availability{class=web}[outage] < 75%'
    - 'availability{route=/api}[outage] > availability{tier=free}[outage] + 20%'
    - 'blast-radius{class=web} > blast-radius{class=api}'
`;

/** Each attacker asks for 30 a second and may have 10; each client asks for 4. */
const FLOOD = `
version: 1
name: flood
title: Many who ask for too much
fleet: { workers: 2, slots: 8, serviceTime: { distribution: constant, mean: 5ms } }
gateway: { rateLimit: { rate: 10/s, burst: 5 } }
clients: { patience: 5s, identities: 5 }
load:
  arrivals: constant
  stages: [{ rate: 10/s, for: 4s }]
  population: { users: 5, think: { distribution: constant, mean: 500ms }, leavesAfter: { failures: 3 } }
timeline:
  - { at: 1s, flood: { rate: 240/s, identities: 8, path: /expensive, for: 2s } }
windows: { baseline: 0s..1s, outage: 1s..3s, after: 3s..4s }
thresholds:
  default:
    - 'availability[outage] > 99%'
    - 'flood.served < 60%'
    - 'users-lost == 0'
    - 'sessions-failed < 1%'
`;

const run = async (
  text: string,
): Promise<{ code: number | null; variant: Result['variants'][number]; stdout: string }> => {
  const { code, stdout } = await runConclusively(['run', scenarioFile(text), '--json', '--quiet']);
  return { code, stdout, variant: (JSON.parse(stdout) as Result).variants[0]! };
};

describe('classes of clients', () => {
  it('are measured each by itself, and the tier that the gateway favours is served', async () => {
    const { code, variant, stdout } = await run(TIERS);
    expect(variant.thresholds.map(({ expression, pass }) => [expression, pass])).toEqual(
      variant.thresholds.map(({ expression }) => [expression, true]),
    );
    expect(code, stdout.slice(0, 2_000)).toBe(0);
    expect(variant.classes).toEqual({
      web: { share: 0.8, tier: 'free', route: '/' },
      api: { share: 0.2, tier: 'premium', route: '/api' },
    });
    const { classes, groups, requests } = variant.windows.outage!;
    expect(classes!.web!.requests + classes!.api!.requests).toBe(requests);
    expect(groups!['tier=premium']).toEqual(classes!.api);
    expect(classes!.web!.cause).toHaveProperty('concurrency_limit');
  });
});

describe('a flood', () => {
  it('is counted apart from the clients, whom a limit per address keeps out of it', async () => {
    const { code, variant, stdout } = await run(FLOOD);
    expect(code, stdout.slice(0, 2_000)).toBe(0);
    const [flood] = variant.floods!;
    expect(flood!.sent + flood!.skipped).toBeGreaterThan(350);
    expect(flood!.sent + flood!.skipped).toBeLessThanOrEqual(480);
    expect(flood!.status['429']).toBeGreaterThan(flood!.sent * 0.4);
    expect(variant.windows['(run)']!.requests).toBeLessThan(200);
    expect(variant.population).toMatchObject({ '': { users: 5, usersLost: 0 } });
    const types = variant.events.map(({ type }) => type);
    expect(types).toContain('flood.began');
    expect(types).toContain('flood.ended');
  });
});
