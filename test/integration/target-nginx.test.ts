/** The real nginx with what sections were translated to: it takes them, and does what they say. */
import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { wallClock } from '../../src/core/clock.js';
import { Reaper } from '../../src/core/reaper.js';
import type { GatewaySection } from '../../src/gateway/config.js';
import { type CertificateState, Certificates, SERVICE_NAME } from '../../src/scenarios/front/certificates.js';
import { nginx } from '../../src/scenarios/targets/nginx/nginx.js';
import type { ProxyState, ProxyUpstream } from '../../src/scenarios/targets/target.js';
import { resolveStubNames } from '../../src/upstream/names/config.js';
import { StubResolver, spawnResolver } from '../../src/upstream/names/stub-resolver.js';
import { ask, type ClientAnswer } from '../support/gateway.js';
import {
  checkConfig,
  programOf,
  randomSections,
  type StartedProxy,
  startProxy,
  stateOf,
} from '../support/targets.js';
import { freePort, startUpstream } from '../support/upstream.js';

const isHere = programOf(nginx) !== null;
const describeHere = describe.skipIf(!isHere);
if (!isHere) describe.skip('nginx is not installed here', () => it('is not tested', () => {}));

/** With upstreams that are otherwise than the section has them. */
const stateFor = (
  section: GatewaySection,
  ports: readonly number[],
  changes: Readonly<Record<string, Partial<ProxyUpstream>>> = {},
): ProxyState => {
  const { config, upstreams } = stateOf(section, ports);
  return { config, upstreams: upstreams.map((upstream) => ({ ...upstream, ...changes[upstream.id] })) };
};

const FEATURES: Readonly<Record<string, GatewaySection>> = {
  nothing: {},
  processes: { processes: 2, listener: { maxConnections: 50 } },
  routes: {
    routes: [
      { path: '/a b', timeout: '1s' },
      { path: '/x{2}"$y', methods: ['GET'], pool: 'some "pool"' },
      { path: '/x{2}"$y', methods: ['POST'], pool: 'nobody', concurrency: 3 },
      { path: '/c', retry: 'off', cache: 'off' },
    ],
    pools: { 'some "pool"': { upstreams: ['worker-1'] }, nobody: { upstreams: [] } },
    retry: { attempts: 3 },
    cache: {},
  },
  weights: {
    balancer: 'least-requests',
    upstreams: { 'worker-1': { weight: 7 }, 'worker-2': { priority: 1 } },
  },
  random: { balancer: 'random', upstreams: { 'worker-2': { priority: 1 } } },
  p2c: { balancer: 'p2c' },
  maglev: { balancer: 'maglev', hashOn: 'cookie:my-session', upstreams: { 'worker-2': { priority: 1 } } },
  ring: { balancer: { name: 'ring-hash', boundedLoad: '125%' }, hashOn: 'header:x-user' },
  limits: {
    concurrency: { limit: 5 },
    globalConcurrency: { limit: 9 },
    rateLimit: { rate: '1.5/s', burst: 9 },
  },
  fitness: { outlierEjection: { baseEjection: '1500ms' }, breaker: {} },
  cache: { cache: { defaultTtl: '1s', lockTimeout: '0s', staleIfError: '0s', clientNoCache: 'ignore' } },
  forwarded: { listener: { forwarded: 'both', trustForwarded: false }, keepAlive: 'off' },
  rules: {
    rules: [
      {
        name: '"a"',
        pattern: '"\\\\$x;|{',
        headers: { 'x-a': '^$' },
        clients: ['10.0.0.0/8', '::1'],
        action: 'block',
      },
      { methods: ['GET'], path: '/a"b', action: 'rate-limit', rateLimit: { rate: '1/s' } },
    ],
  },
  'too many rules': { rules: [{ action: 'block' }, { action: 'allow' }], ruleTable: { size: 1 } },
  'TLS to upstreams': { upstreamTls: {} },
};

/** Workers that say who they are, and start as they are told. */
const startWorkers = async (...listeners: readonly (RequestListener | null)[]): Promise<number[]> => {
  const ports: number[] = [];
  for (const [index, listener] of listeners.entries()) {
    ports.push(
      listener === null
        ? await freePort()
        : await startUpstream((request, response) => {
            response.setHeader('x-worker', `worker-${index + 1}`);
            listener(request, response);
          }),
    );
  }
  return ports;
};

const fine: RequestListener = (request, response) => {
  request.resume();
  response.end('fine');
};

const portOf = ({ site }: StartedProxy): number => site.port;

const workersOf = async (port: number, requests: number): Promise<string[]> => {
  const seen: string[] = [];
  for (let request = 0; request < requests; request++) {
    seen.push(String((await ask(port)).headers['x-worker']));
  }
  return [...new Set(seen)].sort();
};

/** What nginx says of answers, once it has written it. */
const evidenceOf = async ({ site }: StartedProxy, ...answers: readonly ClientAnswer[]): Promise<string[]> => {
  const rayIds = new Set(answers.map(({ headers }) => String(headers['x-ray-id'])));
  const read = (name: string): string => readFileSync(join(site.folder, name), 'utf8');
  // The access log is written when a request ends, which its client may see first.
  await expect.poll(() => [...rayIds].every((rayId) => read('access.log').includes(rayId))).toBe(true);
  return nginx.readEvidence(read, rayIds).map(({ text }) => text);
};

const quiet: GatewaySection = { healthCheck: 'off' };

describeHere('nginx takes', () => {
  it.each(Object.entries(FEATURES))('a config with %s', async (_name, section) => {
    const state = stateFor(section, [9001, 9002, 9003], { 'worker-3': { drained: true } });
    for (const purpose of ['run', 'export'] as const) {
      expect(await checkConfig(nginx, state, { purpose })).toBe('');
    }
  });

  it('servers with names, of which none has an address yet', async () => {
    const state = stateFor({ balancer: 'ring-hash' }, [9001, 9002], {
      'worker-1': { host: 'one.invalid' },
      'worker-2': { host: 'two.invalid' },
    });
    expect(await checkConfig(nginx, state, { resolver: '127.0.0.1:5353' })).toBe('');
    const drained = state.upstreams.map((upstream) => ({ ...upstream, drained: true }));
    expect(await checkConfig(nginx, { ...state, upstreams: drained }, { resolver: '127.0.0.1:5353' })).toBe(
      '',
    );
  });

  it('whatever a section says', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(randomSections, async (section) => {
        // Files that are not there are refused, rightly.
        const {
          upstreamTls: _tls,
          listener: { tls: _files, http2: _http2, ...listener } = {},
          ...rest
        } = section;
        expect(await checkConfig(nginx, stateOf({ ...rest, listener }))).toBe('');
      }),
      { numRuns: 25 },
    );
  });
});

describeHere('nginx in the gateway’s place', () => {
  it('marks each answer with a Ray ID, its own errors too, and tells it the upstream', async () => {
    const [port = 0] = await startWorkers((request, response) => response.end(request.headers['x-ray-id']));
    const section: GatewaySection = { ...quiet, routes: [{ path: '/api' }] };
    const proxy = await startProxy(nginx, stateFor(section, [port]));
    const good = await ask(portOf(proxy), { path: '/api/x?y' });
    expect(good).toMatchObject({ status: 200, body: good.headers['x-ray-id'] });
    expect(good.body).toMatch(/^[0-9a-f]{16}$/);
    const bad = await ask(portOf(proxy), { path: '/apis' });
    expect(bad.status).toBe(404);
    expect(bad.headers['x-ray-id']).toMatch(/^[0-9a-f]{16}$/);
    expect(await evidenceOf(proxy, bad)).toEqual(['no location takes it (return 404)']);
  });

  it('says why there is no answer: refused, no server left, out of time, cut off', async () => {
    const hang: RequestListener = (request) => {
      request.resume();
    };
    const cut: RequestListener = (_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.destroy());
    };
    const close: RequestListener = (request) => request.socket.destroy();
    const ports = await startWorkers(null, hang, cut, close);
    const pools = { refused: 1, hung: 2, cut: 3, closed: 4 };
    const section: GatewaySection = {
      ...quiet,
      timeouts: { attempt: '300ms' },
      pools: {
        none: { upstreams: [] },
        ...Object.fromEntries(
          Object.entries(pools).map(([name, n]) => [name, { upstreams: [`worker-${n}`] }]),
        ),
      },
      routes: ['none', ...Object.keys(pools)].map((pool) => ({ path: `/${pool}`, pool })),
    };
    const proxy = await startProxy(nginx, stateFor(section, ports));
    const statuses: number[] = [];
    const said: string[] = [];
    for (const path of ['/refused', '/none', '/hung', '/cut', '/closed']) {
      const answer = await ask(portOf(proxy), { path });
      statuses.push(answer.status);
      said.push(...(await evidenceOf(proxy, answer)));
    }
    expect(statuses).toEqual([502, 502, 504, 200, 502]);
    expect(said).toEqual([
      `127.0.0.1:${ports[0]}: the connection was refused`,
      'none: no server is left: all are out (max_fails), full (max_conns) or down',
      `127.0.0.1:${ports[1]}: no answer within proxy_read_timeout`,
      `127.0.0.1:${ports[2]}: the connection was closed in the middle of the answer`,
      `127.0.0.1:${ports[3]}: the connection was closed before the answer`,
    ]);
  });

  it('tries again elsewhere where the section says so, but not a POST that was sent', async () => {
    const broken: RequestListener = (request) => {
      request.resume().on('end', () => request.socket.destroy());
    };
    const ports = await startWorkers(broken, fine);
    const section: GatewaySection = { ...quiet, retry: { attempts: 2 } };
    const proxy = await startProxy(nginx, stateFor(section, ports));
    const gets = [await ask(portOf(proxy)), await ask(portOf(proxy))];
    expect(gets.map(({ status }) => status)).toEqual([200, 200]);
    expect(await evidenceOf(proxy, ...gets)).toContain(
      `127.0.0.1:${ports[0]}: the connection was closed before the answer`,
    );
    const post = { method: 'POST' };
    const posts = [await ask(portOf(proxy), post, 'a'), await ask(portOf(proxy), post, 'b')];
    expect(posts.map(({ status }) => status).sort()).toEqual([200, 502]);
  });

  it('tries nothing again without it', async () => {
    const proxy = await startProxy(nginx, stateFor(quiet, await startWorkers(null, fine)));
    const statuses = [await ask(portOf(proxy)), await ask(portOf(proxy))].map(({ status }) => status);
    expect(statuses.sort()).toEqual([200, 502]);
  });

  it('hides that a kept connection was closed just then', async () => {
    // The server of the first connection answers once and, when asked again on it, closes it.
    let connections = 0;
    const server = createServer((socket) => {
      connections++;
      let requests = 0;
      socket.on('error', () => {});
      socket.on('data', () => {
        if (++requests > 1) socket.destroy();
        else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.close();
    });
    const { port } = server.address() as { port: number };
    const proxy = await startProxy(nginx, stateFor(quiet, [port]));
    const statuses = [await ask(portOf(proxy)), await ask(portOf(proxy)), await ask(portOf(proxy))];
    expect(statuses.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(connections).toBeGreaterThan(1);
  });

  it('takes a server out that fails, until its time is over', async () => {
    const ports = await startWorkers(null, fine);
    const section: GatewaySection = {
      ...quiet,
      outlierEjection: { consecutive5xx: { failures: 2 }, baseEjection: '60s' },
    };
    const proxy = await startProxy(nginx, stateFor(section, ports));
    const answers: ClientAnswer[] = [];
    for (let request = 0; request < 10; request++) answers.push(await ask(portOf(proxy)));
    expect(answers.filter(({ status }) => status === 502)).toHaveLength(2);
    const said = await evidenceOf(proxy, ...answers.filter(({ status }) => status === 502));
    expect(said.at(-1)).toBe(
      `127.0.0.1:${ports[0]}: the connection was refused; 127.0.0.1:${ports[0]}: taken out for fail_timeout: it has failed max_fails times`,
    );
  });

  it('refuses by rate, by requests at once and by rules', async () => {
    const waiting: (() => void)[] = [];
    const [port = 0] = await startWorkers((_request, response) => waiting.push(() => response.end()));
    const section: GatewaySection = {
      ...quiet,
      rules: [{ pattern: '<script', action: 'block' }],
      rateLimit: { rate: '1/m', burst: 4 },
      globalConcurrency: { limit: 2 },
    };
    const proxy = await startProxy(nginx, stateFor(section, [port]));
    const held = [ask(portOf(proxy)), ask(portOf(proxy))];
    await expect.poll(() => waiting.length).toBe(2);
    const full = await ask(portOf(proxy));
    for (const go of waiting.splice(0)) go();
    await Promise.all(held);
    const blocked = await ask(portOf(proxy), { path: '/?<script' });
    const last = ask(portOf(proxy));
    await expect.poll(() => waiting.length).toBe(1);
    for (const go of waiting.splice(0)) go();
    await last;
    const limited = await ask(portOf(proxy));
    expect([full, blocked, limited].map(({ status }) => status)).toEqual([503, 403, 429]);
    expect(await evidenceOf(proxy, full, blocked, limited)).toEqual([
      'refused by limit_conn: no room in zone all',
      'refused by a rule (return 403)',
      expect.stringContaining('requests too many in zone clients'),
    ]);
  });

  it('tells upstreams of the client, and of the time there is', async () => {
    const [port = 0] = await startWorkers((request, response) =>
      response.end(JSON.stringify(request.headers)),
    );
    const section: GatewaySection = { ...quiet, routes: [{ path: '/' }, { path: '/fast', timeout: '2s' }] };
    const proxy = await startProxy(nginx, stateFor(section, [port]));
    const told = async (path: string, headers = {}) =>
      JSON.parse((await ask(portOf(proxy), { path, headers })).body) as Record<string, string>;
    expect(await told('/')).toMatchObject({
      host: `127.0.0.1:${portOf(proxy)}`,
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-request-timeout-ms': '15000',
    });
    expect(await told('/fast', { 'x-forwarded-for': '10.0.0.1' })).toMatchObject({
      'x-forwarded-for': '10.0.0.1, 127.0.0.1',
      'x-request-timeout-ms': '2000',
    });
    expect(await told('/fast', { 'x-request-timeout-ms': '500' })).toMatchObject({
      'x-request-timeout-ms': '500',
    });
    expect(await told('/fast', { 'x-request-timeout-ms': '5000' })).toMatchObject({
      'x-request-timeout-ms': '2000',
    });
  });

  it('sends a path where its methods lead', async () => {
    const ports = await startWorkers(fine, fine);
    const section: GatewaySection = {
      ...quiet,
      pools: { read: { upstreams: ['worker-1'] }, write: { upstreams: ['worker-2'] } },
      routes: [
        { path: '/api', methods: ['GET'], pool: 'read' },
        { path: '/api', methods: ['POST'], pool: 'write' },
      ],
    };
    const proxy = await startProxy(nginx, stateFor(section, ports));
    const at = async (method: string, body?: string) => {
      const { status, headers } = await ask(portOf(proxy), { method, path: '/api/a%20b' }, body);
      return [status, headers['x-worker']];
    };
    expect(await at('GET')).toEqual([200, 'worker-1']);
    expect(await at('POST', 'x')).toEqual([200, 'worker-2']);
    expect(await at('PUT', 'x')).toEqual([404, undefined]);
  });

  it('keeps answers where the section has a cache, and says so', async () => {
    let asked = 0;
    const [port = 0] = await startWorkers((_request, response) => {
      asked++;
      response.setHeader('cache-control', 'max-age=60').end('fine');
    });
    const proxy = await startProxy(nginx, stateFor({ ...quiet, cache: {} }, [port]));
    const first = await ask(portOf(proxy));
    const second = await ask(portOf(proxy));
    expect([first, second].map(({ headers }) => headers['cache-status'])).toEqual([
      'nginx; fwd=uri-miss',
      'nginx; hit',
    ]);
    expect(asked).toBe(1);
    expect((await ask(portOf(proxy), { headers: { 'cache-control': 'no-cache' } })).status).toBe(200);
    expect(asked).toBe(2);
  });

  it('speaks TLS, and takes a new certificate without a reload', async () => {
    const certificates = await Certificates.make(wallClock);
    onTestFinished(() => certificates.remove());
    const { certificatePath, keyPath } = certificates.issue('front', 'valid');
    const [port = 0] = await startWorkers(fine);
    const section: GatewaySection = {
      ...quiet,
      listener: { tls: { certificate: certificatePath, key: keyPath } },
    };
    const proxy = await startProxy(nginx, stateFor(section, [port]));
    const { connect: connectSecurely } = await import('node:tls');
    const serial = () =>
      new Promise<string>((resolve, reject) => {
        const socket = connectSecurely({ host: '127.0.0.1', port: portOf(proxy), rejectUnauthorized: false });
        socket.on('secureConnect', () => {
          resolve(socket.getPeerCertificate().serialNumber);
          socket.destroy();
        });
        socket.on('error', reject);
      });
    const before = await serial();
    certificates.issue('front', 'valid');
    expect(await serial()).not.toBe(before);
  });
});

describeHere('upstreams that nginx', () => {
  it.each<[CertificateState, number, string]>([
    ['valid', 200, 'answered 200 itself'],
    ['expired', 502, 'its certificate is not believed: certificate has expired'],
    ['wrong-name', 502, 'its certificate is for another name'],
    ['untrusted', 502, 'its certificate is not believed'],
  ])('speaks TLS to: a certificate that is %s', async (state, status, text) => {
    const certificates = await Certificates.make(wallClock);
    onTestFinished(() => certificates.remove());
    const { certificatePath, keyPath } = certificates.issue('upstream', state);
    const pair = { cert: readFileSync(certificatePath), key: readFileSync(keyPath) };
    const server = createSecureServer(pair, (_request, response) => response.end('fine'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    const { port } = server.address() as AddressInfo;
    const upstreamTls = { ca: certificates.authorityPath, name: SERVICE_NAME };
    const proxy = await startProxy(nginx, stateFor({ ...quiet, upstreamTls }, [port]));
    const answer = await ask(portOf(proxy));
    expect(answer.status).toBe(status);
    const [said] = await evidenceOf(proxy, answer);
    expect(said).toContain(text);
  });

  it('asks a resolver for: while their names have addresses', async () => {
    const [port = 0] = await startWorkers(fine);
    const reaper = new Reaper();
    const resolver = new StubResolver({
      ...{ config: resolveStubNames({ ttl: '1s' }), host: '127.0.0.1', clock: wallClock, emit: () => {} },
      hosts: [{ id: 'worker-1', host: '127.0.0.1' }],
      spawn: spawnResolver(reaper),
    });
    onTestFinished(async () => {
      await resolver.stop(1_000);
      await reaper.stop();
    });
    const host = resolver.nameOf('worker-1');
    const state = stateFor(quiet, [port], { 'worker-1': { host } });
    const proxy = await startProxy(nginx, state, await resolver.ready);
    expect(await ask(portOf(proxy))).toMatchObject({ status: 200, body: 'fine' });
    resolver.inject('worker-1', 'nxdomain', null);
    // It is asked again when the second of its TTL is over.
    const answers: ClientAnswer[] = [];
    const look = async (): Promise<number> => {
      answers.push(await ask(portOf(proxy)));
      return answers.at(-1)!.status;
    };
    await expect.poll(look, { timeout: 5_000 }).toBe(502);
    expect(await evidenceOf(proxy, answers.at(-1)!)).toEqual(['its name has no address: Host not found']);
  });
});

describeHere('a running nginx', () => {
  it('drains a worker, gives it back, and drops nothing of what is in flight', async () => {
    const waiting: (() => void)[] = [];
    const slow: RequestListener = (request, response) => {
      if (request.url === '/slow') waiting.push(() => response.end('slow'));
      else response.end();
    };
    const ports = await startWorkers(slow, slow);
    const proxy = await startProxy(nginx, stateFor(quiet, ports));
    expect(await workersOf(portOf(proxy), 4)).toEqual(['worker-1', 'worker-2']);
    const inFlight = [ask(portOf(proxy), { path: '/slow' }), ask(portOf(proxy), { path: '/slow' })];
    await expect.poll(() => waiting.length).toBe(2);
    await proxy.follow(stateFor(quiet, ports, { 'worker-1': { drained: true } }));
    expect(await workersOf(portOf(proxy), 6)).toEqual(['worker-2']);
    for (const go of waiting) go();
    expect((await Promise.all(inFlight)).map(({ body }) => body)).toEqual(['slow', 'slow']);
    await proxy.follow(stateFor(quiet, ports));
    expect(await workersOf(portOf(proxy), 4)).toEqual(['worker-1', 'worker-2']);
  });

  it('reloads all of its worker processes', async () => {
    const ports = await startWorkers(fine, fine);
    const section: GatewaySection = { ...quiet, processes: 3 };
    const proxy = await startProxy(nginx, stateFor(section, ports));
    await proxy.follow(stateFor(section, ports, { 'worker-1': { drained: true } }));
    expect(await workersOf(portOf(proxy), 12)).toEqual(['worker-2']);
  });

  it('goes on as before with a config that it does not take, and says why', async () => {
    const ports = await startWorkers(fine);
    const proxy = await startProxy(nginx, stateFor(quiet, ports));
    const missing = stateFor({ ...quiet, upstreamTls: { ca: '/nowhere/ca.pem' } }, ports);
    await expect(proxy.follow(missing)).rejects.toThrow(/\/nowhere\/ca.pem/);
    expect((await ask(portOf(proxy))).status).toBe(200);
    await proxy.follow(stateFor({ ...quiet, routes: [{ path: '/api' }] }, ports));
    expect((await ask(portOf(proxy))).status).toBe(404);
  });

  it('leaves nothing behind when it is killed', async () => {
    const proxy = await startProxy(nginx, stateFor(quiet, await startWorkers(fine)));
    proxy.program.signal('SIGKILL');
    await proxy.program.exited;
    const refused = () =>
      new Promise<boolean>((resolve) => {
        const socket = connect(portOf(proxy), '127.0.0.1', () => {
          socket.destroy();
          resolve(false);
        });
        socket.on('error', () => resolve(true));
      });
    await expect.poll(refused).toBe(true);
  });
});
