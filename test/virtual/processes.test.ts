/**
 * A gateway of several processes in virtual time: what docs/architecture.md says that they share and what each decides
 * alone, as it is with real ones (`test/integration/gateway-processes.test.ts`).
 */
import { describe, expect, it } from 'vitest';
import type { VariantResult } from '../../src/scenarios/result.js';
import { ofType } from '../../src/scenarios/result-events.js';
import { VIRTUAL_COSTS } from '../../src/scenarios/virtual/virtual-world.js';
import { runHere, runInThread } from '../support/virtual-run.js';

interface Changes {
  readonly gateway?: string;
  readonly more?: string;
  readonly rate?: string;
}

/** Each request on a connection of its own, so that the processes get them in turn. */
const scenarioOf = ({ gateway = 'processes: 2', more = '', rate = '100/s' }: Changes): string => `
version: 1
name: processes
title: one gateway of several processes
fleet: { workers: 2, slots: 50, serviceTime: { distribution: constant, mean: 20ms } }
gateway: { ${gateway} }
clients: { patience: 5s, keepAlive: off }
load: { arrivals: constant, stages: [{ rate: ${rate}, for: 6s }] }
windows: { first: 0s..1900ms, second: 2500ms..3900ms, last: 5s..6s }
${more}
`;

const run = async (changes: Changes, costs = VIRTUAL_COSTS): Promise<VariantResult> =>
  (await runHere(scenarioOf(changes), 42, costs)).result;

const windowOf = ({ windows }: VariantResult, name: string) => windows[name]!;

/** Which of the processes told an event of that type. */
const tellersOf = ({ events }: VariantResult, type: string): unknown[] =>
  [
    ...new Set(
      events.flatMap((event) => (event.type === type ? [(event as { process?: number }).process] : [])),
    ),
  ].sort();

describe('in virtual time', () => {
  it('several processes start, serve and check upstreams once for all', async () => {
    const checks = 'healthCheck: { interval: 500ms, timeout: 400ms, rise: 1, fall: 2 }';
    const crash = 'timeline: [{ at: 2s, inject: stop, on: worker-1, for: 2s }]';
    const result = await run({
      gateway: `processes: 3, ${checks}, timeouts: { attempt: 300ms }`,
      more: crash,
    });
    expect(ofType(result, 'gateway.process-started').map(({ fields }) => fields.process)).toEqual([1, 2, 3]);
    expect(windowOf(result, 'first').availability).toBe(1);
    const turned = ofType(result, 'upstream.turned-unhealthy');
    expect(turned.map(({ fields }) => fields.upstream)).toEqual(['worker-1']);
    expect(windowOf(result, 'last').availability).toBe(1);
  });

  it.each([1, 2, 3])(
    'totals are divided among %d, and let through in sum what the config says',
    async (processes) => {
      // Nobody is answered within the window, so what is let in is what there is room for: 6 at each of two workers.
      const gateway = `processes: ${processes}, healthCheck: off, concurrency: { limit: 6, queue: 0 }`;
      const text = scenarioOf({ gateway }).replace('mean: 20ms', 'mean: 3s');
      const { result } = await runHere(text, 42, VIRTUAL_COSTS);
      const { status, requests } = windowOf(result, 'first');
      expect(status).toEqual({ 200: 12, 503: requests - 12 });
    },
  );

  it('a client with one connection meets one process’s share of the rate limit, and the next one’s after a refusal', async () => {
    const limited = 'healthCheck: off, rateLimit: { rate: 1/s, burst: 20 }';
    const text = scenarioOf({ gateway: `processes: 4, ${limited}`, rate: '10/s' }).replace(
      ', keepAlive: off',
      '',
    );
    const { records } = await runHere(text, 42, VIRTUAL_COSTS);
    const row = records.map(({ attempts }) => (attempts.at(-1)!.status === 200 ? '.' : 'x')).join('');
    expect(row.slice(0, 24)).toBe('.....x.....x.....x.....x');
    expect(row.slice(24, 30)).toBe('xxxxxx');
  });

  it('circuits open one by one, each when its own process has seen enough', async () => {
    const text = scenarioOf({
      gateway: 'processes: 2, healthCheck: off, breaker: { window: 1s, openFor: 500ms, minRequests: 10 }',
      more: 'timeline: [{ at: 2s, inject: errors, on: all, for: 2s }]',
    });
    const result = await runInThread(text, 42);
    expect(tellersOf(result, 'circuit.opened')).toEqual([1, 2]);
    const opened = result.events.filter(({ type }) => type === 'circuit.opened').map(({ t }) => t);
    expect(new Set(opened).size).toBeGreaterThan(1);
    expect(windowOf(result, 'last').availability).toBe(1);
  }, 120_000);

  it('two processes serve twice what one can', async () => {
    const costs = { ...VIRTUAL_COSTS, gatewayMs: 8 };
    const one = await run({ gateway: 'healthCheck: off', rate: '200/s' }, costs);
    const two = await run({ gateway: 'processes: 2, healthCheck: off', rate: '200/s' }, costs);
    expect(windowOf(one, 'last').latencyMs.p50).toBeGreaterThan(1_000);
    expect(windowOf(two, 'last').latencyMs.p50).toBeLessThan(50);
  });

  it('a config that is pushed reaches every process', async () => {
    const config = 'rateLimit: { rate: 20/s, burst: 2 }';
    const result = await run({
      gateway: 'processes: 2, healthCheck: off',
      more: `timeline: [{ at: 2s, push-config: { ${config} }, to: gateway }]`,
    });
    expect(windowOf(result, 'first').availability).toBe(1);
    expect(windowOf(result, 'second').availability).toBeCloseTo(0.2, 1);
  });

  it('all of them are gone with a gateway that is killed, and come back with it', async () => {
    const result = await run({
      gateway: 'processes: 2, healthCheck: off',
      more: 'timeline: [{ at: 2s, disrupt: kill, on: gateway-1, for: 2s }]',
    });
    const { cause, requests } = windowOf(result, 'second');
    expect(cause).toEqual({ gateway_unreachable: requests });
    expect(windowOf(result, 'last').availability).toBe(1);
    expect(ofType(result, 'gateway.process-started')).toHaveLength(4);
  });
});
