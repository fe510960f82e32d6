/**
 * The faults of the suite before other proxies: started as a scenario starts them, from the neutral section, they answer
 * what was measured of them. That the built-in gateway answers otherwise is what docs/conformance.md is about.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wallClock } from '../../src/core/clock.js';
import { Reaper } from '../../src/core/reaper.js';
import { resolveGatewayConfig } from '../../src/gateway/config.js';
import type { ProxyProgram } from '../../src/scenarios/targets/choice.js';
import { findProgram, lookForProxy, missingText } from '../../src/scenarios/targets/program.js';
import { PROXIES } from '../../src/scenarios/targets/proxies.js';
import { ProxyGateway } from '../../src/scenarios/targets/proxy-gateway.js';
import { startAll } from './concurrently.js';
import { FAULT_IDS, FAULTS, type FaultId, faultOf } from './faults.js';
import { openUpstream } from './faulty-upstream.js';
import { healthy, type Method, requestOf, timeoutsOf } from './observe.js';
import { cellOf, type MeasuredProxy, PROXY_EXPECTATIONS } from './proxy-expectations.js';
import { type Answer, RawClient } from './raw-client.js';

/** The last case of the suite waits for all before it. */
const WAIT_MS = 240_000;
const GRACE_MS = 1_000;
const METHODS: readonly Method[] = ['GET', 'POST'];

const outcomeOf = ({ status, complete, problems, rest }: Answer): string => {
  if (status !== 0) return complete ? String(status) : `${status} cut`;
  return problems.length > 0 || rest.length > 0 ? 'raw' : 'none';
};

interface Met {
  readonly proxy: MeasuredProxy;
  readonly fault: FaultId;
}

let reaper: Reaper;
const programs = new Map<MeasuredProxy, ProxyProgram>();

/** Both kinds of requests to a proxy whose only upstream has the fault. */
const observeBoth = async ({ proxy, fault }: Met): Promise<Record<string, string>> => {
  const folder = mkdtempSync(join(tmpdir(), 'badgateway-conform-'));
  const bad = await openUpstream(faultOf(fault));
  const gateway = new ProxyGateway({
    argument: {
      config: resolveGatewayConfig({ healthCheck: 'off', timeouts: timeoutsOf(faultOf(fault)) }),
      upstreams: [{ id: 'bad', host: '127.0.0.1', port: bad.port }],
      ...{ host: '127.0.0.1', port: 0, adminPort: 0, seed: 1 },
    },
    ...{ program: programs.get(proxy)!, own: null, folder, clock: wallClock, reaper, onReport: () => {} },
  });
  const seen: Record<string, string> = {};
  try {
    const { port } = await gateway.ready;
    for (const method of METHODS) {
      const client = await RawClient.open(port);
      const { at } = faultOf(fault);
      if (at === 'reuse' || at === 'idle') await client.ask(healthy('w1'));
      await bad.arm();
      if (at === 'idle') await bad.idle();
      seen[method] = outcomeOf(await client.ask(requestOf({ fault, method, shape: 'fresh' }, 'f1')));
      bad.disarm();
      client.close();
    }
    return seen;
  } finally {
    await gateway.stop(GRACE_MS);
    await bad.close();
    rmSync(folder, { recursive: true, force: true });
  }
};

const measuredFaults = FAULT_IDS.filter((fault) => PROXY_EXPECTATIONS[fault] !== undefined);

describe.each<MeasuredProxy>(['nginx', 'haproxy', 'caddy'])('%s before an upstream', (proxy) => {
  const kind = PROXIES[proxy];
  const cases = measuredFaults.map((fault): Met => ({ proxy, fault }));
  let observations: ReadonlyMap<Met, Promise<Record<string, string>>> = new Map();

  if (findProgram(kind) === null) {
    it.skip(missingText(kind), () => {});
    return;
  }

  beforeAll(async () => {
    reaper = new Reaper();
    const found = await lookForProxy(kind, reaper);
    if ('missing' in found) throw new Error(found.missing);
    programs.set(proxy, found);
    observations = startAll(cases, observeBoth);
  });

  afterAll(async () => {
    await Promise.allSettled(observations.values());
    await reaper.stop();
  }, WAIT_MS);

  it.each(cases.map((one) => [one.fault, FAULTS[one.fault].description, one] as const))(
    'with %s (%s) answers as it was measured',
    async (fault, _description, one) => {
      const seen = await observations.get(one)!;
      const expected = Object.fromEntries(
        METHODS.map((method) => {
          const allowed = cellOf(PROXY_EXPECTATIONS[fault]!, proxy, method).split('|');
          return [method, allowed.find((cell) => cell === seen[method]) ?? allowed[0]];
        }),
      );
      expect(seen).toEqual(expected);
    },
    WAIT_MS,
  );
});
