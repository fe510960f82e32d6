/** Caddy for real: what is translated is taken, does what the section says, is followed, and leaves evidence. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { GatewaySection } from '../../src/gateway/config.js';
import { caddy } from '../../src/scenarios/targets/caddy/caddy.js';
import {
  checkConfig,
  eventually,
  freePort,
  programOf,
  randomSections,
  startProxy,
  stateOf,
} from '../support/targets.js';

const isHere = programOf(caddy) !== null;

const SECTIONS: Readonly<Record<string, GatewaySection>> = {
  'nothing at all': {},
  'plain reverse_proxy': { profile: 'naive' },
  'times and checks': {
    timeouts: { connect: '50ms', attempt: '1.5s', request: '3s', body: '2s' },
    healthCheck: { type: 'deep', interval: '500ms', timeout: '100ms' },
    deadlineHeader: 'off',
  },
  'ejection and a limit': { outlierEjection: {}, concurrency: { limit: 8, queue: 4 } },
  retries: { retry: { attempts: 3, backoff: { base: '0s' } } },
  'retries of what was never sent': { retry: { on: ['connect-failure'] } },
  'weights and priorities': {
    balancer: 'weighted-round-robin',
    upstreams: { 'worker-1': { weight: 3 }, 'worker-2': { weight: 0 }, 'worker-3': { priority: 2 } },
  },
  'hashing by a cookie': { balancer: { name: 'maglev', boundedLoad: '150%' }, hashOn: 'cookie:user' },
  'hashing by a field': { balancer: 'ring-hash', hashOn: 'header:x-user' },
  'routes and pools': {
    pools: { api: { upstreams: ['worker-1', 'ghost'] }, empty: { upstreams: [] } },
    routes: [
      { path: '/api', pool: 'api', timeout: '1s', retry: 'off' },
      { path: '/a {$HOME} `"\\.b', methods: ['GET', 'POST'], pool: 'empty' },
      { path: '/nobody/', pool: 'unknown' },
    ],
  },
  rules: {
    rules: [
      { name: 'ours', clients: ['10.0.0.0/8', '::1'], action: 'allow' },
      { pattern: '(?<word>`{x}|[[\\]`{}]{2,3}|\\u00e9\\/)', ignoreCase: 'on', action: 'block' },
      { headers: { 'user-agent': '^bot', "x-'`": 'y$' }, methods: ['GET'], path: '/a', action: 'block' },
      { path: '/login', action: 'rate-limit', rateLimit: { rate: '5/s' } },
      { pattern: 'a(?=b)', action: 'block' },
      { action: 'block' },
    ],
  },
  'a listener': { listener: { maxHeaders: '8KiB', maxUrl: '1KiB', maxBody: '1MiB', headerTimeout: '2s' } },
  'names and TLS': { names: { resolver: '::1' }, upstreamTls: { name: 'api.internal' }, keepAlive: 'off' },
  'TLS to clients': {
    listener: {
      tls: {
        certificate: new URL('../fixtures/first.cert.pem', import.meta.url).pathname,
        key: new URL('../fixtures/first.key.pem', import.meta.url).pathname,
      },
    },
  },
};

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

const RAY_ID = /^[0-9a-f]{16}$/;

/** Without checks, which would take upstreams out while nobody looks. */
const UNCHECKED: GatewaySection = { healthCheck: 'off' };

describe.skipIf(!isHere)('a Caddyfile of ours (skipped where Caddy is not installed)', () => {
  it.each(Object.entries(SECTIONS))('is taken by Caddy: %s', async (_name, section) => {
    for (const purpose of ['run', 'export'] as const) {
      expect(await checkConfig(caddy, stateOf(section), { purpose })).toBe('');
    }
  });

  it('is taken by Caddy, whatever the section says', async () => {
    const withoutFiles = randomSections.map(({ upstreamTls: _files, ...section }): GatewaySection => {
      const { tls: _tls, http2: _http2, ...listener } = section.listener ?? {};
      return { ...section, listener };
    });
    await fc.assert(
      fc.asyncProperty(withoutFiles, fc.constantFrom('run', 'export'), async (section, purpose) => {
        expect(await checkConfig(caddy, stateOf(section), { purpose })).toBe('');
      }),
      { numRuns: 20, endOnFailure: true },
    );
  });
});

describe.skipIf(!isHere)('Caddy (skipped where it is not installed)', () => {
  it('gives each answer a Ray ID, passes on what upstreams say, and tells them the time they have', async () => {
    const port = await serve(({ headers }, response) => {
      response.writeHead(503, { 'x-ray-id': 'of the upstream' }).end(headers['x-request-timeout-ms']);
    });
    const proxy = await startProxy(caddy, stateOf(UNCHECKED, [port]));
    const answers = [await proxy.ask('/a'), await proxy.ask('/b')];
    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [503, '10000'],
      [503, '10000'],
    ]);
    const rayIds = answers.map(({ headers }) => String(headers['x-ray-id']));
    expect(new Set(rayIds).size).toBe(2);
    for (const rayId of rayIds) expect(rayId).toMatch(RAY_ID);
    await eventually(() => proxy.evidence(rayIds[0]!) !== undefined, 'a line of the access log');
    expect(proxy.evidence(rayIds[0]!)?.text).toBe('503: the upstream’s own answer, passed on');
  });

  it('says how a request failed', async () => {
    const hanging = await serve(() => {});
    const closing = await serve(({ socket }) => socket.destroy());
    const refusing = await freePort();
    const pools = { hanging: 'worker-1', closing: 'worker-2', refusing: 'worker-3' };
    const section: GatewaySection = {
      ...UNCHECKED,
      timeouts: { attempt: '200ms' },
      pools: {
        ...Object.fromEntries(Object.entries(pools).map(([name, id]) => [name, { upstreams: [id] }])),
        nobody: { upstreams: [] },
      },
      routes: [...Object.keys(pools), 'nobody'].map((pool) => ({ path: `/${pool}`, pool })),
    };
    const proxy = await startProxy(caddy, stateOf(section, [hanging, closing, refusing]));
    const expected: readonly (readonly [path: string, status: number, text: RegExp])[] = [
      [
        '/hanging',
        504,
        /^504: no header of an answer in time .*awaiting response headers.*, upstream 127\.0\.0\.1/,
      ],
      ['/closing', 502, /^502: the upstream closed the connection without an answer/],
      ['/refusing/it', 502, /^502: the upstream refused the connection/],
      ['/nobody', 503, /^503: no upstream takes requests/],
      ['/elsewhere', 404, /^404: Caddy/],
    ];
    for (const [path, status, text] of expected) {
      const answer = await proxy.ask(path);
      const rayId = String(answer.headers['x-ray-id']);
      expect([path, answer.status]).toEqual([path, status]);
      expect(rayId).toMatch(RAY_ID);
      await eventually(() => proxy.evidence(rayId) !== undefined, `a line about ${path}`);
      expect(proxy.evidence(rayId)?.text).toMatch(text);
    }
  });

  it('tries another upstream for what was never sent, and for a GET', async () => {
    const good = await named('good');
    const closing = await serve(({ socket }) => socket.destroy());
    const refusing = await freePort();
    for (const bad of [refusing, closing]) {
      const proxy = await startProxy(caddy, stateOf({ ...UNCHECKED, retry: {} }, [bad, good]));
      for (const path of ['/1', '/2', '/3']) expect(await proxy.ask(path)).toMatchObject({ status: 200 });
    }
  });

  it('gives a request with a body no second attempt', async () => {
    const proxy = await startProxy(
      caddy,
      stateOf({ ...UNCHECKED, retry: {} }, [await freePort(), await named('good')]),
    );
    const statuses: number[] = [];
    for (const body of ['1', '2']) statuses.push((await proxy.ask('/', { method: 'PUT', body })).status);
    expect(statuses).toContain(502);
  });

  it('holds weights, and uses the next priority when nobody of the first is there', async () => {
    const ports = [await named('1'), await named('2'), await named('3')];
    const section: GatewaySection = {
      healthCheck: { path: '/', interval: '50ms' },
      balancer: 'weighted-round-robin',
      upstreams: { 'worker-1': { weight: 3 }, 'worker-3': { priority: 1 } },
    };
    const weighted = await startProxy(caddy, stateOf(section, ports));
    let bodies = '';
    for (let index = 0; index < 8; index++) bodies += (await weighted.ask('/')).body;
    expect([...bodies].sort().join('')).toBe('11111122');
    const left = await startProxy(caddy, stateOf(section, [await freePort(), await freePort(), ports[2]!]));
    await eventually(async () => (await left.ask('/')).body === '3', 'the third answers');
  });

  it('limits what one upstream has at once', async () => {
    const held: (() => void)[] = [];
    const port = await serve((_request, response) => held.push(() => response.end()));
    const proxy = await startProxy(caddy, stateOf({ ...UNCHECKED, concurrency: { limit: 1 } }, [port]));
    const first = proxy.ask('/');
    await eventually(() => held.length === 1, 'the upstream has the first');
    expect((await proxy.ask('/')).status).toBe(503);
    held[0]!();
    expect((await first).status).toBe(200);
  });

  it('lets in and keeps out by rules, the first that fits', async () => {
    const section: GatewaySection = {
      ...UNCHECKED,
      rules: [
        { path: '/open', action: 'allow' },
        { pattern: 'evil=[a-z]{2}', ignoreCase: 'on', action: 'block' },
        { headers: { 'x-bot': '^yes' }, action: 'block' },
      ],
    };
    const proxy = await startProxy(caddy, stateOf(section, [await named('in')]));
    const statuses = [
      await proxy.ask('/open?evil=ab'),
      await proxy.ask('/opened?EVIL=ab'),
      await proxy.ask('/', { headers: { 'x-bot': 'yes!' } }),
      await proxy.ask('/', { headers: { 'x-bot': 'no' } }),
    ].map(({ status }) => status);
    expect(statuses).toEqual([200, 403, 403, 200]);
  });

  it('hashes by what it is told', async () => {
    const ports = await Promise.all(['1', '2', '3'].map(named));
    const section: GatewaySection = { ...UNCHECKED, balancer: 'ring-hash', hashOn: 'cookie:user' };
    const proxy = await startProxy(caddy, stateOf(section, ports));
    const bodiesOf = async (user: number): Promise<Set<string>> => {
      const bodies = new Set<string>();
      for (let index = 0; index < 4; index++) {
        bodies.add((await proxy.ask(`/${index}`, { headers: { cookie: `a=${index}; user=${user}` } })).body);
      }
      return bodies;
    };
    const all: Set<string>[] = [];
    for (let user = 0; user < 12; user++) all.push(await bodiesOf(user));
    expect(all.map(({ size }) => size)).toEqual(all.map(() => 1));
    expect(new Set(all.flatMap((bodies) => [...bodies])).size).toBeGreaterThan(1);
  });

  it('follows: a drain, another config, and not one that it refuses', async () => {
    const state = stateOf(UNCHECKED, [await named('1'), await named('2')]);
    const proxy = await startProxy(caddy, state);
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
    const drained = { ...state, upstreams: [{ ...first!, drained: true }, ...others] };
    await proxy.follow(drained);
    expect(await bodies()).toEqual(['2']);
    await proxy.follow(
      stateOf(
        { ...UNCHECKED, routes: [{ path: '/x' }] },
        state.upstreams.map(({ port }) => port),
      ),
    );
    expect((await proxy.ask('/')).status).toBe(404);
    const listener = { tls: { certificate: '/nowhere/cert.pem', key: '/nowhere/key.pem' } };
    await expect(proxy.follow(stateOf({ listener }))).rejects.toThrow(
      /Caddy does not take its config: .*cert\.pem/,
    );
    expect((await proxy.ask('/x')).status).toBe(200);
    await proxy.program.stop(5_000);
    expect(proxy.program.stderr).not.toContain('panic');
  });
});
