/** The admin API, on one process and on two: upstreams by hand, versions of the config, what it refuses, and to whom. */
import { Agent, request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { type GatewaySection, resolveGatewayConfig } from '../../src/gateway/config.js';
import { ask, type ClientAnswer } from '../support/gateway.js';
import { type GatewayGroup, startGatewayGroup } from '../support/gateway-group.js';
import { startUpstream } from '../support/upstream.js';

const named = (name: string): Promise<number> => startUpstream((_request, response) => response.end(name));

const send = (port: number, method: string, path: string, body?: unknown): Promise<ClientAnswer> =>
  body === undefined
    ? ask(port, { method, path })
    : ask(port, { method, path, headers: { 'content-type': 'application/json' } }, JSON.stringify(body));

/** Who answers how many of so many requests. */
const shares = async (port: number, count: number): Promise<Record<string, number>> => {
  const answers: Record<string, number> = {};
  for (let sent = 0; sent < count; sent++) {
    const { body, status } = await ask(port);
    const name = status === 200 ? body : String(status);
    answers[name] = (answers[name] ?? 0) + 1;
  }
  return answers;
};

const start = async (names: readonly string[], section: GatewaySection = {}): Promise<GatewayGroup> => {
  const ports = await Promise.all(names.map(named));
  return startGatewayGroup(ports, resolveGatewayConfig({ healthCheck: 'off', ...section }));
};

describe.each([1, 2])('the admin API of a gateway of %i process(es)', (processes) => {
  it('weighs, drains and ejects upstreams', async () => {
    const { port, adminPort, admin } = await start(['one', 'two'], {
      processes,
      balancer: 'weighted-round-robin',
    });
    expect(await shares(port, 8)).toEqual({ one: 4, two: 4 });

    expect((await send(adminPort, 'PUT', '/upstreams/upstream-1/weight', { weight: 3 })).status).toBe(204);
    expect(await shares(port, 16)).toEqual({ one: 12, two: 4 });

    expect((await send(adminPort, 'PUT', '/upstreams/upstream-1/drain')).status).toBe(204);
    expect(await admin('/upstreams')).toMatchObject([{ drained: true, weight: 3 }, { drained: false }]);
    expect(await shares(port, 4)).toEqual({ two: 4 });
    await send(adminPort, 'DELETE', '/upstreams/upstream-1/drain');

    expect((await send(adminPort, 'PUT', '/upstreams/upstream-2/ejection', { for: '1h' })).status).toBe(204);
    expect(await shares(port, 4)).toEqual({ one: 4 });
    await send(adminPort, 'DELETE', '/upstreams/upstream-2/ejection');
    expect(await shares(port, 16)).toEqual({ one: 12, two: 4 });
  });

  it('pushes a config, rolls it back, and tells who runs what', async () => {
    const { port, adminPort, admin } = await start(['one', 'two'], { processes });
    const routes = [{ path: '/only', pool: 'second' }];
    const pools = { second: { upstreams: ['upstream-2'] } };
    const config = { healthCheck: 'off', processes, routes, pools };
    const pushed = await send(adminPort, 'PUT', '/config', { by: 'me', config, approve: 'to be seen' });
    expect(JSON.parse(pushed.body)).toEqual({ version: 2 });
    expect(pushed.status).toBe(202);
    await expect.poll(async () => (await ask(port)).status).toBe(404);
    for (let count = 0; count < 6; count++) expect((await ask(port, { path: '/only' })).body).toBe('two');
    await expect
      .poll(() => admin('/config/readers'))
      .toMatchObject(Array.from({ length: processes }, () => ({ condition: 'current', running: 2 })));

    expect((await send(adminPort, 'POST', '/config/rollback', { by: 'me' })).status).toBe(202);
    await expect.poll(async () => (await ask(port)).status).toBe(200);
    expect(await admin('/config/audit')).toMatchObject([
      { action: 'push', allowed: true },
      { action: 'approve' },
      { action: 'rollback', by: 'me' },
    ]);
  });

  it('takes an upstream out for half a minute, and purges everything, when nothing more is said', async () => {
    const { port, adminPort, admin } = await start(['one', 'two'], { processes });
    expect((await send(adminPort, 'PUT', '/upstreams/upstream-1/ejection')).status).toBe(204);
    expect(await shares(port, 4)).toEqual({ two: 4 });
    expect(await admin('/upstreams')).toMatchObject([{ ejected: true }, { ejected: false }]);
    const purged = await send(adminPort, 'POST', '/cache/purge');
    expect([purged.status, JSON.parse(purged.body)]).toEqual([200, { removed: 0 }]);
  });

  it('shows weights and priorities as the config has them, also after a push', async () => {
    const upstreams = { 'upstream-1': { weight: 3 }, 'upstream-2': { priority: 1 } };
    const section = { processes, balancer: 'weighted-round-robin' } as const;
    const { adminPort, admin, metric } = await start(['one', 'two'], { ...section, upstreams });
    expect(await admin('/upstreams')).toMatchObject([
      { weight: 3, priority: 0 },
      { weight: 1, priority: 1 },
    ]);
    expect(await metric('weight{upstream="upstream-1"}')).toBe(3);
    await send(adminPort, 'PUT', '/upstreams/upstream-2/weight', { weight: 5 });
    const push = (more: object) => {
      const config = { healthCheck: 'off', ...section, upstreams, ...more };
      return send(adminPort, 'PUT', '/config', { by: 'me', config, approve: 'to be seen' });
    };
    await push({ retry: {} });
    expect(await admin('/upstreams'), 'by hand').toMatchObject([{ weight: 3 }, { weight: 5, priority: 1 }]);
    await push({ upstreams: { 'upstream-1': { weight: 7 } } });
    expect(await admin('/upstreams')).toMatchObject([{ weight: 7 }, { weight: 1, priority: 0 }]);
  });

  it('takes a config that passes its smoke test, and no other', async () => {
    const { port, adminPort } = await start(['one', 'two'], { processes });
    const routes = [{ path: '/only', pool: 'second' }];
    const pools = { second: { upstreams: ['upstream-2'] } };
    const config = { healthCheck: 'off', processes, routes, pools };
    const push = (smokeTest: object) =>
      send(adminPort, 'PUT', '/config', { by: 'me', config, approve: 'to be seen', smokeTest });
    const refused = await push([{ path: '/only', upstreams: ['upstream-1'] }]);
    expect(refused.status).toBe(422);
    expect(JSON.parse(refused.body).detail).toBe(
      'its smoke test asked for /only and got 200 from upstream-2, where upstream-1 has to answer',
    );
    expect(await shares(port, 4)).toEqual({ one: 2, two: 2 });
    const pushed = await push([{ path: '/only/a?b=1', upstreams: ['upstream-2'] }]);
    expect(JSON.parse(pushed.body)).toEqual({ version: 2 });
    expect((await ask(port, { path: '/' })).status).toBe(404);
    expect((await push([{ path: 'only' }])).status, 'no path').toBe(400);
  });

  it('purges the cache', async () => {
    let served = 0;
    const upstream = await startUpstream((_request, response) => {
      response.setHeader('cache-control', 'max-age=60');
      response.end(String(++served));
    });
    const config = resolveGatewayConfig({ healthCheck: 'off', processes, cache: {} });
    const { port, adminPort } = await startGatewayGroup([upstream], config);
    for (let count = 0; count < 8; count++) await ask(port, { path: '/a' });
    expect(served).toBe(processes);
    const purged = await send(adminPort, 'POST', '/cache/purge', { pathPrefix: '/a' });
    expect(JSON.parse(purged.body)).toEqual({ removed: processes });
    for (let count = 0; count < 8; count++) await ask(port, { path: '/a' });
    expect(served).toBe(2 * processes);
    const soft = await send(adminPort, 'POST', '/cache/purge', { soft: true });
    expect(JSON.parse(soft.body)).toEqual({ madeStale: processes });
    const { headers } = await ask(port, { path: '/a' });
    expect(headers['cache-status'], 'given while a new one is fetched').toMatch(/hit; ttl=(-|0)/);
  });
});

describe('the admin API', () => {
  it('says where in a config something is wrong, and nothing changes', async () => {
    const { port, adminPort } = await start(['one']);
    const config =
      'healthCheck: off\nbalancer:\n  name: ring-hash\n  boundedLoad: 50%\nroutes:\n  - path: nowhere\n';
    const { status, body } = await send(adminPort, 'PUT', '/config', { by: 'me', config });
    expect(status).toBe(422);
    expect(JSON.parse(body).problems).toMatchObject([{ path: 'routes[0].path', line: 6, column: 11 }]);
    const empty = { healthCheck: 'off', pools: { p: { upstreams: [] } }, routes: [{ path: '/', pool: 'p' }] };
    const refused = await send(adminPort, 'PUT', '/config', { by: 'me', config: empty });
    expect(refused.status).toBe(422);
    expect(refused.body).toContain('nobody in pool');
    const fixed = await send(adminPort, 'PUT', '/config', { by: 'me', config: { processes: 2 } });
    expect(JSON.parse(fixed.body).problems).toMatchObject([
      { path: 'processes', line: 2, message: expect.stringContaining('runs with 1; start it anew') },
    ]);
    expect((await ask(port)).status).toBe(200);
  });

  it('takes no weight that the balancer would not look at', async () => {
    const { port, adminPort } = await start(['one', 'two']);
    const weigh = (weight: number) => send(adminPort, 'PUT', '/upstreams/upstream-1/weight', { weight });
    const { status, body } = await weigh(3);
    expect([status, body]).toEqual([409, expect.stringContaining('use weighted-round-robin')]);
    expect((await weigh(0)).status).toBe(204);
    expect(await shares(port, 4)).toEqual({ two: 4 });
    expect((await weigh(1)).status).toBe(204);
    expect(await shares(port, 4)).toEqual({ one: 2, two: 2 });
    const config = { healthCheck: 'off', upstreams: { 'upstream-1': { weight: 2 } } };
    const pushed = await send(adminPort, 'PUT', '/config', { by: 'me', config });
    expect([pushed.status, pushed.body]).toEqual([
      422,
      expect.stringContaining('upstreams.upstream-1.weight'),
    ]);
  });

  it('describes itself', async () => {
    const { admin } = await start(['one']);
    const { openapi, paths } = await admin<{ openapi: string; paths: object }>('/openapi.json');
    expect(openapi).toBe('3.1.0');
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining([
        '/upstreams',
        '/upstreams/{id}/drain',
        '/config',
        '/config/rollback',
        '/metrics',
      ]),
    );
  });

  it('is not for pages of other sites', async () => {
    const { adminPort } = await start(['one']);
    const foreign = {
      headers: { origin: 'http://evil.test' },
      method: 'PUT',
      path: '/upstreams/upstream-1/drain',
    };
    expect((await ask(adminPort, foreign)).status).toBe(403);
    expect((await ask(adminPort, { headers: { host: 'evil.test' } })).status).toBe(403);
    expect((await ask(adminPort, { path: '/healthz' })).status).toBe(200);
  });

  it.each([
    ['an upstream that is not there', 'PUT', '/upstreams/upstream-9/drain', undefined, 404],
    ['a weight below 0', 'PUT', '/upstreams/upstream-1/weight', { weight: -1 }, 400],
    ['an ejection without a unit', 'PUT', '/upstreams/upstream-1/ejection', { for: '30' }, 400],
    ['a path to purge without a host', 'POST', '/cache/purge', { path: '/a' }, 400],
    ['a key nobody knows', 'POST', '/cache/purge', { paths: '/a' }, 400],
    ['nothing to roll back', 'POST', '/config/rollback', { by: 'me' }, 409],
  ])('refuses %s', async (_what, method, path, body, status) => {
    const { adminPort } = await start(['one']);
    expect((await send(adminPort, method, path, body)).status).toBe(status);
  });
});

/** As many requests a second as it can have in a row on so many connections. */
const hammer = (port: number, connections: number) => {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const statuses: Record<string, number> = {};
  let going = true;
  const one = (): Promise<void> =>
    new Promise((resolve) => {
      request({ host: '127.0.0.1', port, agent, path: '/' }, (response) => {
        const status = String(response.statusCode);
        statuses[status] = (statuses[status] ?? 0) + 1;
        response.resume().on('close', resolve);
      })
        .on('error', (error: NodeJS.ErrnoException) => {
          statuses[error.code ?? 'error'] = (statuses[error.code ?? 'error'] ?? 0) + 1;
          resolve();
        })
        .end();
    });
  const loops = Array.from({ length: connections }, async () => {
    while (going) await one();
  });
  return {
    statuses,
    stop: async (): Promise<void> => {
      going = false;
      await Promise.all(loops);
      agent.destroy();
    },
  };
};

describe('200 reloads under load', () => {
  it('drop no request, and leave the memory where it was', async () => {
    const { port, adminPort, admin } = await start(['one', 'two'], {
      retry: {},
      breaker: {},
      concurrency: { limit: 99 },
    });
    const load = hammer(port, 16);
    const push = async (number: number): Promise<void> => {
      const config = {
        healthCheck: 'off',
        retry: {},
        breaker: { openFor: `${10 + (number % 7)}s` },
        concurrency: { limit: 50 + (number % 5) },
        balancer: number % 2 === 0 ? 'p2c' : 'round-robin',
        timeouts: { request: `${20 + (number % 3)}s` },
      };
      const { status, body } = await send(adminPort, 'PUT', '/config', { by: 'me', config });
      expect([status, body]).toEqual([202, expect.anything()]);
    };
    const heap = async (): Promise<number> => (await admin<{ heapBytes: number }>('/memory')).heapBytes;
    const least = async (): Promise<number> => {
      let bytes = Number.POSITIVE_INFINITY;
      for (let sample = 0; sample < 20; sample++) {
        bytes = Math.min(bytes, await heap());
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      return bytes;
    };
    for (let number = 0; number < 40; number++) await push(number);
    const before = await least();
    for (let number = 0; number < 200; number++) await push(number);
    const after = await least();
    await load.stop();
    expect(Object.keys(load.statuses)).toEqual(['200']);
    expect(load.statuses['200']).toBeGreaterThan(1_000);
    // A version that stayed would keep some tens of kilobytes: two hundred of them, more than this.
    expect(after - before).toBeLessThan(6 * 1024 ** 2);
    expect((await admin<{ version: number }>('/config')).version).toBe(241);
  });
});
