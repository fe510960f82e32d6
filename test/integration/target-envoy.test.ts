/** Envoy for real, where there is one: what is translated is taken, does what the section says, and is followed. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { GatewaySection } from '../../src/gateway/config.js';
import { envoy } from '../../src/scenarios/targets/envoy/envoy.js';
import {
  checkConfig,
  eventually,
  freePort,
  programOf,
  randomSections,
  startProxy,
  stateOf,
} from '../support/targets.js';

const isHere = programOf(envoy) !== null;

/** An upstream of the test's own. @returns its port. */
const serve = async (answer: RequestListener): Promise<number> => {
  const server = createServer(answer);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};

const named = (name: string): Promise<number> => serve((_request, response) => response.end(name));

const UNCHECKED: GatewaySection = { healthCheck: 'off' };

describe.skipIf(!isHere)('Envoy (skipped where it is not installed: no package of Debian has it)', () => {
  it('takes what is translated, whatever the section says', async () => {
    const withoutFiles = randomSections.map(({ upstreamTls: _files, ...section }): GatewaySection => {
      const { tls: _tls, http2: _http2, ...listener } = section.listener ?? {};
      return { ...section, listener };
    });
    await fc.assert(
      fc.asyncProperty(withoutFiles, fc.constantFrom('run', 'export'), async (section, purpose) => {
        expect(await checkConfig(envoy, stateOf(section), { purpose })).toBe('');
      }),
      { numRuns: 20, endOnFailure: true },
    );
  });

  it('gives each answer a Ray ID, and says how a request failed', async () => {
    const hanging = await serve(() => {});
    const section: GatewaySection = {
      ...UNCHECKED,
      timeouts: { attempt: '200ms' },
      pools: {
        hanging: { upstreams: ['worker-1'] },
        refusing: { upstreams: ['worker-2'] },
        nobody: { upstreams: [] },
      },
      routes: ['hanging', 'refusing', 'nobody'].map((pool) => ({ path: `/${pool}`, pool })),
    };
    const proxy = await startProxy(envoy, stateOf(section, [hanging, await freePort()]));
    const expected: readonly (readonly [path: string, status: number, text: RegExp])[] = [
      ['/hanging', 504, /\(UT\)/],
      ['/refusing', 503, /\(UF\)/],
      ['/nobody', 503, /\(UH\)/],
      ['/elsewhere', 404, /\(NR\)/],
    ];
    for (const [path, status, text] of expected) {
      const answer = await proxy.ask(path);
      const rayId = String(answer.headers['x-ray-id']);
      expect([path, answer.status]).toEqual([path, status]);
      expect(rayId).toMatch(/^[0-9a-f]{16}$/);
      await eventually(() => proxy.evidence(rayId) !== undefined, `a line about ${path}`);
      expect(proxy.evidence(rayId)?.text).toMatch(text);
    }
  });

  it('follows: a drain, other routes, and not a config that it refuses', async () => {
    const state = stateOf(UNCHECKED, [await named('1'), await named('2')]);
    const ports = state.upstreams.map(({ port }) => port);
    const proxy = await startProxy(envoy, state);
    const bodies = async (): Promise<string[]> => {
      const answers = [
        await proxy.ask('/'),
        await proxy.ask('/'),
        await proxy.ask('/'),
        await proxy.ask('/'),
      ];
      return [...new Set(answers.map(({ body }) => body))].sort();
    };
    expect(await bodies()).toEqual(['1', '2']);
    const [first, ...others] = state.upstreams;
    await proxy.follow({ ...state, upstreams: [{ ...first!, drained: true }, ...others] });
    expect(await bodies()).toEqual(['2']);
    await proxy.follow(stateOf({ ...UNCHECKED, routes: [{ path: '/x' }] }, ports));
    expect((await proxy.ask('/')).status).toBe(404);
    const upstreamTls = { ca: '/nowhere/ca.pem' };
    await expect(proxy.follow(stateOf({ ...UNCHECKED, upstreamTls }, ports))).rejects.toThrow(
      /Envoy does not take/,
    );
    expect((await proxy.ask('/x')).status).toBe(200);
  });
});
