/** For failed requests drawn at random, the explanation names what the scenario did. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explain } from '../../src/scenarios/explain/explain.js';
import { readLibrary } from '../../src/scenarios/library.js';
import { parseScenario } from '../../src/scenarios/parse.js';
import type { VariantResult } from '../../src/scenarios/result.js';
import { runVirtually } from '../../src/scenarios/virtual/engine.js';

/** What was done in `as-it-happened` of each, as its file calls it. */
const CAUSES: readonly (readonly [scenario: string, cause: string])[] = [
  ['chatgpt-2024-11-08', 'config version 2'],
  ['overload-flash-crowd', 'load'],
  ['firewall-black-hole', 'black-hole'],
  ['deadlock-hang', 'deadlock'],
  ['unhandled-exception-poison-pill', 'poison'],
  ['third-party-dependency-down', 'hang'],
  ['dns-resolution-failure', 'dns'],
  ['ddos-l7-flood', 'flood'],
  ['failover-cascade', 'stop'],
  ['memory-leak-slow', 'deploy of version 2'],
];

/** Of each; fifty in all. */
const DRAWN = 5;
const WAIT_MS = 60_000;

const runOf = async (name: string, wanted = 'as-it-happened'): Promise<VariantResult> => {
  const file = `${name}.yaml`;
  const text = readLibrary(name);
  const options = { engine: 'virtual' } as const;
  const scenario = parseScenario(text, file, options);
  const variants = scenario.variants.filter((one) => one.name === wanted);
  const { signal } = new AbortController();
  const [result] = await runVirtually(scenario, variants, { text, file, options }, { signal, threads: 1 });
  return result!;
};

describe('an explanation', () => {
  it.each(CAUSES)(
    'of %s names %s',
    async (name, cause) => {
      const variant = await runOf(name);
      expect(variant.requests.length).toBeGreaterThan(DRAWN);
      // fast-check prints the seed of a draw that fails.
      fc.assert(
        fc.property(fc.constantFrom(...variant.requests), (request) => {
          const [explanation] = explain(variant, [request]);
          expect(explanation!.root.name).toBe(cause);
          expect(explanation!.because).not.toBe('');
          const times = explanation!.steps.map(({ atMs }) => atMs);
          expect(times).toEqual(times.toSorted((a, b) => a - b));
          expect(explanation!.steps.some(({ text }) => text.startsWith('a client asks'))).toBe(true);
          // The cause comes before what it did.
          expect(explanation!.root.fromMs).toBeLessThan(request.endMs);
        }),
        { numRuns: DRAWN },
      );
    },
    WAIT_MS,
  );

  it('of an answer that came by an edge names the worker that was at its bottom', async () => {
    const text = `version: 1
name: behind-an-edge
title: A worker dies behind an edge
fleet: { workers: 2, serviceTime: { distribution: constant, mean: 20ms }, restart: { delay: 2s } }
gateway: { healthCheck: off }
edge: { gateway: { healthCheck: off } }
load: { arrivals: constant, stages: [{ rate: 50/s, for: 4s }] }
timeline: [{ at: 1s, inject: crash, on: worker-1, how: kill }]
`;
    const source = { text, file: 'edge.yaml', options: { engine: 'virtual' } } as const;
    const scenario = parseScenario(text, source.file, source.options);
    const { signal } = new AbortController();
    const [result] = await runVirtually(scenario, scenario.variants, source, { signal, threads: 1 });
    const { requests } = result!;
    expect(requests.length).toBeGreaterThan(20);
    for (const { attempts } of requests) {
      // The edge's own attempt had an answer; the Ray ID that it gave is the gateway's too.
      expect(attempts[0]!.upstreams.map(({ upstream }) => upstream)).toEqual(['worker-1']);
    }
    for (const { root } of explain(result!, requests)) expect(root.name).toBe('crash');
  });

  it('says on which numbers a limit decided', async () => {
    const variant = await runOf('overload-flash-crowd', 'concurrency-limit');
    const refused = variant.requests.filter(({ cause }) => cause === 'concurrency_limit');
    expect(refused.length).toBeGreaterThan(0);
    for (const { steps } of explain(variant, refused)) {
      expect(steps.map(({ text }) => text)).toContainEqual(
        'the gateway: 8 in flight and 0 queued is the limit',
      );
    }
  });

  it('says on which numbers a circuit opened, and of those before the request the last alone', async () => {
    const variant = await runOf('overload-flash-crowd', 'breaker');
    const opened =
      /^circuit of (worker-\d) opened for 2s: (\d+ of \d+ requests failed, more than 50%|its trial failed)$/;
    const told = explain(variant, variant.requests).map(({ steps }, index) => {
      const { arrivalMs } = variant.requests[index]!;
      const circuits = steps.filter(({ atMs, text }) => text.startsWith('circuit of') && atMs < arrivalMs);
      const whose = circuits.map(({ text }) => opened.exec(text)?.[1]);
      expect(whose).toEqual([...new Set(whose)]);
      expect(whose).not.toContain(undefined);
      return circuits.length;
    });
    expect(Math.max(...told)).toBeGreaterThan(0);
  });
});
