/**
 * Names that do not resolve, in virtual time: what docs/names.md says of each fault, as the real engine shows it
 * (`test/integration/names.test.ts`).
 */
import { describe, expect, it } from 'vitest';
import type { VariantResult } from '../../src/scenarios/result.js';
import { ofType } from '../../src/scenarios/result-events.js';
import { VIRTUAL_COSTS } from '../../src/scenarios/virtual/virtual-world.js';
import { NAME_FAULT_NAMES, type NameFault } from '../../src/upstream/names/name-faults.js';
import { runHere } from '../support/virtual-run.js';

const TTL_MS = 2_000;
const INJECTED_MS = 2_000;
const HEALED_MS = 8_000;

interface Changes {
  readonly fault?: NameFault;
  readonly on?: string;
  readonly gateway?: string;
  readonly ttl?: string;
}

/** Two workers; the fault is on their names from 2 s to 8 s, the TTL is over at some moment of the first two of these. */
const scenarioOf = ({ fault = 'nxdomain', on = 'all', gateway = '', ttl = '2s' }: Changes): string => `
version: 1
name: names
title: names that do not resolve
fleet: { workers: 2, serviceTime: { distribution: constant, mean: 20ms } }
names: { ttl: ${ttl} }
gateway: { healthCheck: off, keepAlive: off${gateway} }
clients: { patience: 5s }
load: { arrivals: constant, stages: [{ rate: 50/s, for: 12s }] }
timeline: [{ at: 2s, dns: ${fault}, on: ${on}, for: 6s }]
windows: { baseline: 0s..1900ms, outage: 4500ms..7900ms, after: 10s..12s }
`;

const run = async (changes: Changes): Promise<VariantResult> =>
  (await runHere(scenarioOf(changes), 42, VIRTUAL_COSTS)).result;

const outageOf = ({ windows }: VariantResult) => windows.outage!;

const firstOf = ({ events }: VariantResult, type: string): number =>
  events.find((one) => one.type === type)?.t ?? -1;

const reasonsOf = (result: VariantResult): Set<unknown> =>
  new Set(ofType(result, 'name.lookup-failed').map(({ fields }) => fields.reason));

/** What a new connection is answered when the TTL is over, by the fault. */
const CAUSES: Readonly<Record<NameFault, string>> = {
  nxdomain: 'dns',
  servfail: 'dns',
  refused: 'dns',
  empty: 'dns',
  timeout: 'dns',
  'stale-address': 'connection_refused',
};

describe('in virtual time', () => {
  it.each(NAME_FAULT_NAMES)('%s shows when the TTL is over, as 502, and heals', async (fault) => {
    const result = await run({ fault });
    expect(result.windows.baseline!.availability).toBe(1);
    const { availability, status, cause, requests } = outageOf(result);
    expect(availability).toBe(0);
    expect(status).toEqual({ 502: requests });
    expect(cause).toEqual({ [CAUSES[fault]]: requests });
    expect(result.windows.after!.availability).toBe(1);
    if (fault === 'stale-address') return;
    expect(reasonsOf(result)).toEqual(new Set([fault]));
    const failedMs = 1_000 * firstOf(result, 'name.lookup-failed');
    expect(failedMs).toBeGreaterThan(INJECTED_MS);
    expect(failedMs).toBeLessThanOrEqual(INJECTED_MS + TTL_MS + 400);
    expect(1_000 * firstOf(result, 'name.recovered')).toBeGreaterThanOrEqual(HEALED_MS);
  });

  it('a silent resolver costs the time of a lookup, and then a second of failures at once', async () => {
    const { latencyMs } = outageOf(await run({ fault: 'timeout' }));
    expect(latencyMs.max).toBeGreaterThanOrEqual(300);
    expect(latencyMs.max).toBeLessThan(302);
    expect(latencyMs.p50).toBeLessThan(2);
  });

  it.each(['nxdomain', 'servfail', 'refused', 'empty', 'timeout'] as const)(
    'serveStale answers every request through %s, and tells of it',
    async (fault) => {
      const result = await run({ fault, gateway: ', names: { serveStale: on, refuseEmpty: on }' });
      expect(outageOf(result).availability).toBe(1);
      expect(firstOf(result, 'name.served-stale')).toBeGreaterThan(2);
      expect(firstOf(result, 'name.recovered')).toBeGreaterThanOrEqual(8);
    },
  );

  it('without refuseEmpty it is believed that there is no address any more', async () => {
    const result = await run({ fault: 'empty', gateway: ', names: { serveStale: on }' });
    expect(outageOf(result).availability).toBe(0);
  });

  it('kept connections need no name', async () => {
    const text = scenarioOf({}).replace(', keepAlive: off', '');
    const { result } = await runHere(text, 42, VIRTUAL_COSTS);
    expect(outageOf(result).availability).toBe(1);
    expect(reasonsOf(result)).toEqual(new Set());
  });

  it('a retry goes to the worker whose name is right', async () => {
    const plain = await run({ fault: 'stale-address', on: 'worker-1' });
    expect(outageOf(plain).status[502]! / outageOf(plain).requests).toBeCloseTo(0.5, 1);
    const retried = await run({
      fault: 'stale-address',
      on: 'worker-1',
      gateway: ', retry: { attempts: 2 }',
    });
    expect(outageOf(retried).availability).toBe(1);
  });

  it('health checks ask for names too: nobody is healthy, and it is 503', async () => {
    const checks = 'healthCheck: { interval: 250ms, timeout: 200ms, fall: 1, rise: 1 }';
    const text = scenarioOf({ ttl: '1s' }).replace('healthCheck: off', checks);
    const { result } = await runHere(text, 42, VIRTUAL_COSTS);
    const turned = result.events.find(({ type }) => type === 'upstream.turned-unhealthy');
    expect(turned).toMatchObject({ reason: 'LOOKUP_FAILED' });
    expect(outageOf(result).status).toEqual({ 503: outageOf(result).requests });
    expect(result.windows.after!.availability).toBe(1);
  });

  it('another DNS server than the scenario’s own is refused, with its line', async () => {
    const text = scenarioOf({ gateway: ', names: { resolver: "127.0.0.1:5353" }' });
    await expect(runHere(text, 1)).rejects.toThrow(
      /test\.yaml:7:\d+: gateway\.names\.resolver: .*--engine real/,
    );
  });
});
