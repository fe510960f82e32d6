/** HAProxy as a target: what it makes of its configs, what clients see, what it says, and how it follows. */
import { readFileSync } from 'node:fs';
import { Agent, createServer, get, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { wallClock } from '../../src/core/clock.js';
import type { GatewaySection } from '../../src/gateway/config.js';
import { type CertificateState, Certificates, SERVICE_NAME } from '../../src/scenarios/front/certificates.js';
import { haproxy } from '../../src/scenarios/targets/haproxy/haproxy.js';
import type { ProxySite, ProxyState } from '../../src/scenarios/targets/target.js';
import {
  checkConfig,
  eventually,
  freePort,
  programOf,
  randomSections,
  startProxy,
  stateOf,
} from '../support/targets.js';

const NOT_THERE = programOf(haproxy) === null;

/** Features that each have lines of their own. */
const SECTIONS: Readonly<Record<string, GatewaySection>> = {
  plain: {},
  naive: { profile: 'naive' },
  'no checks': { healthCheck: 'off' },
  'tcp checks': { healthCheck: { type: 'tcp' } },
  retries: { retry: { attempts: 4, on: ['5xx', 'refused'], statuses: [404, 418] } },
  'no retries at all': { retry: { on: ['rate-limited'] } },
  'ring hash': { balancer: { name: 'ring-hash', boundedLoad: '100%' }, hashOn: 'header:x-user' },
  'maglev by cookie': { balancer: 'maglev', hashOn: 'cookie:id' },
  'by url': { balancer: 'ring-hash', hashOn: 'url' },
  'by request': { balancer: 'ring-hash', hashOn: 'request' },
  prequal: { balancer: 'prequal' },
  priorities: { upstreams: { 'worker-1': { priority: 1 }, 'worker-2': { priority: 2 } } },
  'out by failures': { outlierEjection: { consecutive5xx: { failures: 2 } }, slowStart: { window: '5s' } },
  'out by connections': {
    outlierEjection: { consecutive5xx: 'off', consecutiveLocalOriginFailures: {}, splitLocalOrigin: true },
  },
  limits: {
    concurrency: { limit: 3, queue: 2 },
    globalConcurrency: { limit: 9 },
    criticality: { tiers: { '}': 'critical', gold: 'critical-plus' } },
    routes: [{ path: '/a', concurrency: 2, criticality: 'sheddable' }, { path: '/' }],
  },
  rules: {
    rules: [
      { action: 'allow', clients: ['10.0.0.0/8', '::1'] },
      { action: 'block', pattern: 'a}b "\'\\$x', ignoreCase: 'on', methods: ['GET', '-I'] },
      { action: 'block', path: '/a b', headers: { 'user-agent': '^$' } },
      { action: 'rate-limit', rateLimit: { rate: '5/s' } },
    ],
    rateLimit: { rate: '1/s', burst: 3 },
  },
  routes: {
    pools: { none: { upstreams: ['ghost'] }, clients: { upstreams: ['worker-2'] }, 'ü x': { upstreams: [] } },
    routes: [
      { path: '/none', pool: 'none', methods: ['GET'] },
      { path: "/it's {odd} #1", pool: 'clients' },
      { path: '/new\nline', pool: 'ü x' },
    ],
  },
  cache: { cache: { maxSize: '1B', maxBody: '2GiB' }, routes: [{ path: '/a', cache: 'off' }, { path: '/' }] },
  listener: { listener: { maxHeaders: '64KiB', forwarded: 'both', trustForwarded: false }, keepAlive: 'off' },
  'tls to servers': { upstreamTls: { name: 'api.internal' } },
  'upstream tls by address': { upstreamTls: {} },
  processes: { processes: 4 },
};

/** @returns its port. */
const listening = async (listener: RequestListener): Promise<number> => {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
};

const named = (name: string): Promise<number> => listening((_request, response) => response.end(name));

/** Takes connections, and does with each what it is told. */
const connecting = async (onConnection: (socket: Socket) => void): Promise<number> => {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
};

const UNCHECKED: GatewaySection = { healthCheck: 'off' };

describe.skipIf(NOT_THERE)('HAProxy (needs haproxy)', () => {
  it.each(Object.keys(SECTIONS))('takes the config: %s', async (name) => {
    expect(await checkConfig(haproxy, stateOf(SECTIONS[name]!))).toBe('');
    expect(await checkConfig(haproxy, stateOf(SECTIONS[name]!), { purpose: 'export' })).toBe('');
  });

  it('takes the config of upstreams that have names', async () => {
    const { config, upstreams } = stateOf({ names: { serveStale: 'on' }, upstreamTls: {} });
    const state = { config, upstreams: upstreams.map((one) => ({ ...one, host: `${one.id}.fleet.test` })) };
    expect(await checkConfig(haproxy, state, { resolver: '127.0.0.1:5353' })).toBe('');
    expect(await checkConfig(haproxy, state)).toBe('');
  });

  it('takes the config of any section', async () => {
    await fc.assert(
      fc.asyncProperty(randomSections, async (section) => {
        // Files of authorities and certificates that are not there are another’s mistake.
        const { upstreamTls, listener: { tls, ...listener } = {}, ...rest } = section;
        expect(await checkConfig(haproxy, stateOf({ ...rest, listener }))).toBe('');
      }),
      { numRuns: 12 },
    );
  }, 60_000);

  it('answers with a Ray ID, which its upstream is told too', async () => {
    const told: unknown[] = [];
    const port = await listening((request, response) => {
      told.push(request.headers['x-ray-id'], request.headers['x-request-timeout-ms']);
      response.end('one');
    });
    const proxy = await startProxy(haproxy, stateOf(UNCHECKED, [port]));
    const { status, headers, body } = await proxy.ask('/');
    expect([status, body]).toEqual([200, 'one']);
    expect(headers['x-ray-id']).toMatch(/^[0-9a-f]{16}$/);
    expect(told).toEqual([headers['x-ray-id'], '15000']);
  });

  const evidenceOf = async (ports: readonly number[], section: GatewaySection = {}) => {
    const proxy = await startProxy(haproxy, stateOf({ ...UNCHECKED, ...section }, ports));
    const { status, headers } = await proxy.ask('/');
    const rayId = String(headers['x-ray-id']);
    expect(rayId).toMatch(/^[0-9a-f]{16}$/);
    await eventually(() => proxy.evidence(rayId) !== undefined, 'the log says something of it');
    const { text, line } = proxy.evidence(rayId)!;
    expect(line).toContain(rayId);
    return [status, text] as const;
  };

  it('says that a connection was refused', async () => {
    const [status, text] = await evidenceOf([await freePort()]);
    expect(status).toBe(503);
    expect(text).toMatch(/^SC: the server refused the connection.*server worker-1, status 503/);
  });

  it('says that a server was too slow', async () => {
    const [status, text] = await evidenceOf([await connecting(() => {})], { timeouts: { attempt: '200ms' } });
    expect(status).toBe(504);
    expect(text).toMatch(/^sH: no header from the server within `timeout server`/);
  });

  it('says that a server closed without an answer', async () => {
    const closing = await connecting((socket) => socket.once('data', () => socket.end()));
    const [status, text] = await evidenceOf([closing]);
    expect(status).toBe(502);
    expect(text).toMatch(/^SH: /);
  });

  it('closes a kept connection, and says nothing, when a server closes without an answer', async () => {
    const port = await listening((request, response) => {
      if (request.url === '/dies') request.socket.destroy();
      else response.end('one');
    });
    const proxy = await startProxy(haproxy, stateOf(UNCHECKED, [port]));
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const statusOf = (path: string): Promise<number | string | undefined> =>
      new Promise((resolve) => {
        const { host } = proxy.site;
        get({ host, port: proxy.site.port, path, agent }, (response) => {
          response.resume().on('end', () => resolve(response.statusCode));
        }).on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
      });
    expect(await statusOf('/dies')).toBe(502);
    expect([await statusOf('/'), await statusOf('/dies')]).toEqual([200, 'ECONNRESET']);
  });

  it('says that an answer was no HTTP', async () => {
    const garbage = await connecting((socket) => socket.once('data', () => socket.end('nonsense\r\n\r\n')));
    const [status, text] = await evidenceOf([garbage]);
    expect(status).toBe(502);
    expect(text).toMatch(/^PH: /);
  });

  it('says that nobody was there', async () => {
    const [status, text] = await evidenceOf([], {});
    expect(status).toBe(503);
    expect(text).toMatch(/^SC: no server was there to choose/);
  });

  it('asks another server, a GET only once something was sent', async () => {
    const closing = await connecting((socket) => socket.once('data', () => socket.end()));
    const section: GatewaySection = {
      ...UNCHECKED,
      retry: { attempts: 2 },
      upstreams: { 'worker-2': { priority: 1 } },
    };
    const state = stateOf(section, [closing, await named('good')]);
    // The first server alone is chosen at first; a retry elsewhere needs both of one priority.
    const both = { ...state, upstreams: state.upstreams.map((one) => ({ ...one, priority: 0 })) };
    const proxy = await startProxy(haproxy, both);
    const gets = await Promise.all(Array.from({ length: 6 }, () => proxy.ask('/')));
    expect(gets.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    const posts = [];
    for (let count = 0; count < 4; count++) posts.push(await proxy.ask('/', { method: 'POST', body: 'x' }));
    expect(posts.map(({ status }) => status).sort()).toEqual([200, 200, 502, 502]);
  });

  it('sends a POST elsewhere when nothing was sent', async () => {
    const state = stateOf({ ...UNCHECKED, retry: {} }, [await freePort(), await named('good')]);
    const proxy = await startProxy(haproxy, state);
    for (let count = 0; count < 4; count++) {
      expect((await proxy.ask('/', { method: 'POST', body: 'x' })).status).toBe(200);
    }
  });

  it('refuses what is over a limit, at once and with a Ray ID', async () => {
    const held: (() => void)[] = [];
    const slow = await listening((_request, response) => held.push(() => response.end('late')));
    const proxy = await startProxy(haproxy, stateOf({ ...UNCHECKED, concurrency: { limit: 2 } }, [slow]));
    const first = [proxy.ask('/'), proxy.ask('/')];
    await eventually(() => held.length === 2, 'two are with the server');
    const refused = await proxy.ask('/');
    expect(refused.status).toBe(503);
    expect(refused.headers['x-ray-id']).toMatch(/^[0-9a-f]{16}$/);
    for (const release of held) release();
    expect((await Promise.all(first)).map(({ body }) => body)).toEqual(['late', 'late']);
  });

  it('refuses the less critical first', async () => {
    const held: (() => void)[] = [];
    const slow = await listening((_request, response) => held.push(() => response.end('late')));
    const section = { ...UNCHECKED, concurrency: { limit: 2 }, criticality: {} };
    const proxy = await startProxy(haproxy, stateOf(section, [slow]));
    const open = [proxy.ask('/', { headers: { 'x-tier': 'free' } })];
    await eventually(() => held.length === 1, 'one is with the server');
    expect((await proxy.ask('/', { headers: { 'x-criticality': 'SHEDDABLE' } })).status).toBe(503);
    open.push(proxy.ask('/', { headers: { 'x-tier': 'free', 'x-criticality': 'critical' } }));
    await eventually(() => held.length === 2, 'two are with the server');
    for (const release of held) release();
    expect((await Promise.all(open)).map(({ status }) => status)).toEqual([200, 200]);
  });

  it('lets as many wait as the queue is long', async () => {
    const held: (() => void)[] = [];
    const slow = await listening((_request, response) => held.push(() => response.end('late')));
    const section = { ...UNCHECKED, concurrency: { limit: 1, queue: 1, maxWait: '300ms' } };
    const proxy = await startProxy(haproxy, stateOf(section, [slow]));
    const first = proxy.ask('/');
    await eventually(() => held.length === 1, 'one is with the server');
    const [waited, refused] = await Promise.all([proxy.ask('/'), proxy.ask('/')]);
    expect([waited.status, refused.status]).toEqual([503, 503]);
    const ends = [waited, refused].map(({ headers }) => String(headers['x-ray-id']));
    await eventually(() => ends.every((rayId) => proxy.evidence(rayId) !== undefined), 'the log has both');
    expect(ends.map((rayId) => proxy.evidence(rayId)!.text.slice(0, 2)).sort()).toEqual(['PR', 'sQ']);
    held[0]!();
    expect((await first).status).toBe(200);
  });

  it('limits a route, and all routes together', async () => {
    const held: (() => void)[] = [];
    const slow = await listening((_request, response) => held.push(() => response.end('late')));
    const routes = [{ path: '/a', concurrency: 1 }, { path: '/' }];
    const section = { ...UNCHECKED, routes, globalConcurrency: { limit: 2 } };
    const proxy = await startProxy(haproxy, stateOf(section, [slow]));
    const open = [proxy.ask('/a')];
    await eventually(() => held.length === 1, 'one is with the server');
    expect((await proxy.ask('/a')).status).toBe(503);
    open.push(proxy.ask('/b'));
    await eventually(() => held.length === 2, 'two are with the server');
    expect((await proxy.ask('/b')).status).toBe(503);
    for (const release of held) release();
    await Promise.all(open);
    expect((await Promise.all(open)).map(({ status }) => status)).toEqual([200, 200]);
  });

  it('limits a client, and lets the rules decide who is let in', async () => {
    const section: GatewaySection = {
      ...UNCHECKED,
      rules: [
        { path: '/open', action: 'allow' },
        { pattern: 'secret', action: 'block' },
        { path: '/slow', action: 'rate-limit', rateLimit: { rate: '1/m', burst: 1 } },
      ],
      listener: { maxUrl: '100B', maxHeaders: '1KiB', maxBody: '10B' },
      routes: [
        { path: '/', methods: ['GET'] },
        { path: '/only', methods: ['POST'] },
      ],
    };
    const proxy = await startProxy(haproxy, stateOf(section, [await named('in')]));
    const statusOf = async (path: string, options = {}) => (await proxy.ask(path, options)).status;
    expect(await statusOf('/open?secret')).toBe(200);
    expect(await statusOf('/any?secret')).toBe(403);
    expect([await statusOf('/slow'), await statusOf('/slow'), await statusOf('/slower')]).toEqual([
      200, 429, 200,
    ]);
    expect(await statusOf(`/${'a'.repeat(100)}`)).toBe(414);
    expect(await statusOf('/', { headers: { 'x-long': 'a'.repeat(2000) } })).toBe(431);
    expect(await statusOf('/only', { method: 'POST', body: 'x'.repeat(11) })).toBe(413);
    expect(await statusOf('/only', { method: 'POST', body: 'x' })).toBe(200);
    expect(await statusOf('/other', { method: 'POST' })).toBe(404);
  });

  it('believes the certificates that it is told to, and no others', async () => {
    const certificates = await Certificates.make(wallClock);
    onTestFinished(() => certificates.remove());
    let handshakes = 0;
    const secure = async (certificate: CertificateState): Promise<number> => {
      const { certificatePath, keyPath } = certificates.issue('upstream', certificate);
      const files = { cert: readFileSync(certificatePath), key: readFileSync(keyPath) };
      const server = createSecureServer(files, (_request, response) => response.end('secret'));
      server.on('secureConnection', () => handshakes++);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      onTestFinished(() => {
        server.close();
        server.closeAllConnections();
      });
      return (server.address() as AddressInfo).port;
    };
    const upstreamTls = { ca: certificates.authorityPath, name: SERVICE_NAME };
    const good = await startProxy(haproxy, stateOf({ ...UNCHECKED, upstreamTls }, [await secure('valid')]));
    expect((await good.ask('/')).body).toBe('secret');
    const checked = { upstreamTls, healthCheck: { interval: '50ms', rise: 1, fall: 1 } };
    const alive = await startProxy(haproxy, stateOf(checked, [await secure('valid')]));
    const asked = handshakes;
    await eventually(() => handshakes > asked + 3, 'it has been checked');
    expect((await alive.ask('/')).body).toBe('secret');
    for (const state of ['expired', 'wrong-name'] as const) {
      const [status, text] = await evidenceOf([await secure(state)], { upstreamTls });
      expect([status, text]).toEqual([503, expect.stringMatching(/^SC: .*TLS handshake/)]);
    }
  });

  it('gives a client that says less time less', async () => {
    const silent = await connecting(() => {});
    const proxy = await startProxy(haproxy, stateOf(UNCHECKED, [silent]));
    const headers = { 'x-request-timeout-ms': '150' };
    expect((await proxy.ask('/', { headers })).status).toBe(504);
  });

  const bodies = async (ask: () => Promise<{ readonly body: string }>, count = 6): Promise<string[]> => {
    const seen = new Set<string>();
    for (let index = 0; index < count; index++) seen.add((await ask()).body);
    return [...seen].sort();
  };

  it('drains and takes back without a reload, and keeps it over one', async () => {
    const ports = [await named('one'), await named('two')];
    const before = stateOf(UNCHECKED, ports);
    const drained = {
      ...before,
      upstreams: before.upstreams.map((one) => ({ ...one, drained: one.id === 'worker-1' })),
    };
    const proxy = await startProxy(haproxy, before);
    const ask = () => proxy.ask('/');
    expect(await bodies(ask)).toEqual(['one', 'two']);
    await proxy.follow(drained);
    expect(await bodies(ask)).toEqual(['two']);
    const slower = stateOf({ ...UNCHECKED, timeouts: { attempt: '3s' } }, ports);
    await proxy.follow({ ...drained, config: slower.config });
    expect(await bodies(ask)).toEqual(['two']);
    await proxy.follow(slower);
    expect(await bodies(ask)).toEqual(['one', 'two']);
  });

  it('follows a new config, which serves all that comes after', async () => {
    const port = await named('one');
    const proxy = await startProxy(haproxy, stateOf(UNCHECKED, [port]));
    expect((await proxy.ask('/a')).status).toBe(200);
    await proxy.follow(stateOf({ ...UNCHECKED, rules: [{ path: '/a', action: 'block' }] }, [port]));
    const after = await Promise.all(Array.from({ length: 10 }, () => proxy.ask('/a')));
    expect(new Set(after.map(({ status }) => status))).toEqual(new Set([403]));
  });

  it('goes on with the config before when it refuses one, and says why', async () => {
    const port = await named('one');
    const state = stateOf(UNCHECKED, [port]);
    const proxy = await startProxy(haproxy, state);
    const odd = {
      ...state,
      config: stateOf({ ...UNCHECKED, upstreamTls: { ca: '/nowhere/ca.pem' } }).config,
    };
    await expect(proxy.follow(odd)).rejects.toThrow(/refuses the config:[\s\S]*\/nowhere\/ca\.pem/);
    expect((await proxy.ask('/')).body).toBe('one');
  });

  it('drains the servers of a config of somebody else, whom it knows by their addresses', async () => {
    const ports = [await named('one'), await named('two')];
    const own = {
      ...haproxy,
      translate: (state: ProxyState, site: ProxySite) => {
        const text = Object.values(haproxy.translate(state, site).files)[0]!;
        return { files: { 'own-haproxy': text.replaceAll('server worker-', 'server mine-') }, losses: [] };
      },
    };
    const before = stateOf(UNCHECKED, ports);
    const proxy = await startProxy(own, before);
    expect(await bodies(() => proxy.ask('/'))).toEqual(['one', 'two']);
    const upstreams = before.upstreams.map((one) => ({ ...one, drained: one.id === 'worker-2' }));
    await proxy.follow({ ...before, upstreams });
    expect(await bodies(() => proxy.ask('/'))).toEqual(['one']);
    await proxy.follow(before);
    expect(await bodies(() => proxy.ask('/'))).toEqual(['one', 'two']);
    const moved = stateOf(UNCHECKED, [await named('three'), ports[1]!]);
    await proxy.follow(moved);
    expect(await bodies(() => proxy.ask('/'))).toEqual(['three', 'two']);
  });

  it('leaves nobody behind when it is killed', async () => {
    const port = await named('one');
    const proxy = await startProxy(haproxy, stateOf(UNCHECKED, [port]));
    proxy.program.signal('SIGKILL');
    await proxy.program.exited;
    await eventually(
      () =>
        proxy.ask('/').then(
          () => false,
          () => true,
        ),
      'nobody listens any more',
    );
  });
});
