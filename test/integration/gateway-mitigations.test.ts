/** Every mitigation that a config can name is really there: from the section to what a client and the events see. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { GatewaySection } from '../../src/gateway/config.js';
import { ask, startGateway } from '../support/gateway.js';
import { freePort, startUpstream } from '../support/upstream.js';

const OFF = { healthCheck: 'off' } as const;

const named = (name: string): Promise<number> => startUpstream((_request, response) => response.end(name));

/** An upstream whose answers a test gives, in the order of the requests. */
const startHeld = async () => {
  const held: { request: IncomingMessage; response: ServerResponse }[] = [];
  const port = await startUpstream((request, response) => held.push({ request, response }));
  const arrived = (count: number): Promise<void> =>
    expect.poll(() => held.length).toBe(count) as Promise<void>;
  return { port, held, arrived };
};

const bodies = async (
  port: number,
  count: number,
  headers: Record<string, string> = {},
): Promise<string[]> => {
  const seen: string[] = [];
  for (let sent = 0; sent < count; sent++) seen.push((await ask(port, { headers })).body);
  return seen;
};

describe('balancing', () => {
  it('keeps what belongs together on one upstream by ring-hash', async () => {
    const ports = await Promise.all(['a', 'b', 'c'].map(named));
    const { port } = await startGateway(ports, { ...OFF, balancer: 'ring-hash', hashOn: 'header:x-user' });
    const owners = new Set<string>();
    for (const user of ['ann', 'bob', 'cat', 'dan', 'eve', 'fay', 'gus', 'hal']) {
      const seen = new Set(await bodies(port, 4, { 'x-user': user }));
      expect(seen.size).toBe(1);
      owners.add([...seen][0]!);
    }
    expect(owners.size).toBeGreaterThan(1);
  });

  it('fails over to the next priority, and back', async () => {
    const ports = await Promise.all(['first', 'second'].map(named));
    const upstreams = { 'upstream-2': { priority: 1 } };
    const { port, gateway } = await startGateway(ports, { ...OFF, upstreams });
    expect(new Set(await bodies(port, 4))).toEqual(new Set(['first']));
    gateway.pool.upstreams[0]!.setHealthy(false, 0);
    expect(new Set(await bodies(port, 4))).toEqual(new Set(['second']));
    gateway.pool.upstreams[0]!.setHealthy(true, 0);
    expect(new Set(await bodies(port, 4))).toEqual(new Set(['first']));
  });

  it('panics when told to, and says so', async () => {
    const ports = await Promise.all(['a', 'b'].map(named));
    const section: GatewaySection = { ...OFF, priorities: { panicThreshold: '60%' } };
    const { port, gateway, seen } = await startGateway(ports, section);
    gateway.pool.upstreams[0]!.setHealthy(false, 0);
    expect(new Set(await bodies(port, 4))).toEqual(new Set(['a', 'b']));
    expect(await seen('panic.began')).toMatchObject({ pool: 'all' });
  });

  it('leads routes to their pools, and nothing else anywhere', async () => {
    const ports = await Promise.all(['api', 'web'].map(named));
    const { port } = await startGateway(ports, {
      ...OFF,
      pools: { api: { upstreams: ['upstream-1'] }, web: { upstreams: ['upstream-2'] } },
      routes: [
        { path: '/api', pool: 'api' },
        { path: '/web', pool: 'web' },
      ],
    });
    expect((await ask(port, { path: '/api/x' })).body).toBe('api');
    expect((await ask(port, { path: '/web' })).body).toBe('web');
    const { status, headers } = await ask(port, { path: '/other' });
    expect([status, headers['proxy-status']]).toEqual([404, expect.stringContaining('BGW_ERR_NO_ROUTE')]);
  });
});

describe('outlier ejection', () => {
  it('takes an upstream out, tells why, and the others get its requests', async () => {
    const bad = await startUpstream((_request, response) => response.writeHead(500).end());
    const { port, events, seen } = await startGateway([bad, await named('good')], {
      ...OFF,
      outlierEjection: { consecutive5xx: { failures: 3 }, baseEjection: '1h' },
    });
    for (let count = 0; count < 10; count++) await ask(port);
    expect(await seen('upstream.ejected')).toMatchObject({
      upstream: 'upstream-1',
      detector: 'consecutive-5xx',
      observed: 3,
    });
    expect(new Set(await bodies(port, 4))).toEqual(new Set(['good']));
    expect(events.filter(({ type }) => type === 'upstream.ejected')).toHaveLength(1);
  });
});

describe('limits', () => {
  it('of the whole gateway and of a route refuse one more', async () => {
    const { port: upstream, held, arrived } = await startHeld();
    const { port } = await startGateway([upstream], {
      ...OFF,
      globalConcurrency: { limit: 2 },
      routes: [{ path: '/' }, { path: '/narrow', concurrency: 1 }],
    });
    const first = ask(port, { path: '/narrow' });
    await arrived(1);
    expect((await ask(port, { path: '/narrow' })).status).toBe(503);
    const second = ask(port);
    await arrived(2);
    const { status, headers } = await ask(port);
    expect([status, headers['proxy-status']]).toEqual([
      503,
      expect.stringContaining('BGW_ERR_CONCURRENCY_LIMIT'),
    ]);
    for (const { response } of held) response.end('done');
    expect([(await first).body, (await second).body]).toEqual(['done', 'done']);
  });

  it('let the more critical pass', async () => {
    const { port: upstream, held, arrived } = await startHeld();
    const { port } = await startGateway([upstream], {
      ...OFF,
      concurrency: { limit: 2 },
      criticality: { shares: { sheddable: '50%' } },
    });
    const free = { headers: { 'x-tier': 'free' } };
    const first = ask(port, free);
    await arrived(1);
    expect((await ask(port, free)).status).toBe(503);
    const premium = ask(port, { headers: { 'x-tier': 'premium' } });
    await arrived(2);
    for (const { response } of held) response.end('done');
    expect([(await first).status, (await premium).status]).toEqual([200, 200]);
  });

  it('serve the newest first where the queue is told to', async () => {
    const { port: upstream, held, arrived } = await startHeld();
    const { port, gateway } = await startGateway([upstream], {
      ...OFF,
      concurrency: { limit: 1, queue: 5, maxWait: '20s', discipline: 'lifo' },
    });
    const all = [ask(port, { path: '/0' })];
    await arrived(1);
    for (const path of ['/1', '/2']) {
      const queued = gateway.pool.upstreams[0]!.queued;
      all.push(ask(port, { path }));
      await expect.poll(() => gateway.pool.upstreams[0]!.queued).toBe(queued + 1);
    }
    for (let count = 1; count <= 3; count++) {
      await arrived(count);
      held[count - 1]!.response.end();
    }
    await Promise.all(all);
    expect(held.map(({ request }) => request.url)).toEqual(['/0', '/2', '/1']);
  });

  it('that adapt tell what they find', async () => {
    const bad = await startUpstream((_request, response) => response.writeHead(503).end());
    const { port, seen, gateway } = await startGateway([bad], {
      ...OFF,
      concurrency: { adaptive: { algorithm: 'aimd', min: 1, initial: 10 } },
    });
    for (let count = 0; count < 5; count++) await ask(port);
    expect(await seen('limit.changed')).toMatchObject({ of: 'upstream-1', limit: 9 });
    expect(await gateway.metrics.render()).toContain('badgateway_concurrency_limit{upstream="upstream-1"} 5');
  });

  it('by admission control shed when most requests fail', async () => {
    const bad = await startUpstream((_request, response) => response.writeHead(503).end());
    const { port, events } = await startGateway([bad], { ...OFF, admission: { k: 1 } });
    const codes = new Set<string>();
    for (let count = 0; count < 30; count++) {
      const { headers } = await ask(port);
      codes.add(String(headers['proxy-status']));
    }
    expect([...codes].some((code) => code.includes('BGW_ERR_SHED'))).toBe(true);
    expect(events.some(({ type }) => type === 'request.shed')).toBe(true);
  });
});

describe('more than one attempt', () => {
  it('comes for a status that is listed, not for others', async () => {
    let hits = 0;
    const upstream = await startUpstream((request, response) => {
      hits++;
      response.writeHead(Number(request.url!.slice(1))).end();
    });
    const { port } = await startGateway([upstream], {
      ...OFF,
      retry: { attempts: 3, on: ['connect-failure'], statuses: [418], backoff: { base: '1ms' } },
    });
    await ask(port, { path: '/418' });
    expect(hits).toBe(3);
    await ask(port, { path: '/503' });
    expect(hits).toBe(4);
  });

  it('waits as long as the upstream asks for, or does not come', async () => {
    const times: number[] = [];
    let retryAfter = '1';
    const upstream = await startUpstream((_request, response) => {
      times.push(performance.now());
      response.writeHead(503, { 'retry-after': retryAfter }).end();
    });
    const { port, events } = await startGateway([upstream], {
      ...OFF,
      retry: { retryAfter: { max: '5s' } },
    });
    await ask(port);
    expect(times).toHaveLength(2);
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(990);
    retryAfter = '60';
    await ask(port);
    expect(times).toHaveLength(3);
    const refused = events.flatMap((event) => (event.type === 'retry.refused' ? [event.reason] : []));
    expect(refused).toEqual(['attempts', 'retry-after']);
  });

  it('is sent beside the first when that is slow, and the loser is taken back', async () => {
    const { port: slow, held } = await startHeld();
    const { port, seen, gateway } = await startGateway([slow, await named('fast')], {
      ...OFF,
      hedge: { after: '30ms' },
    });
    const seenBodies = await bodies(port, 4);
    expect(new Set(seenBodies)).toEqual(new Set(['fast']));
    await seen('hedge.won');
    await expect.poll(() => gateway.pool.upstreams.map(({ inFlight }) => inFlight)).toEqual([0, 0]);
    expect(held.length).toBeGreaterThan(0);
    await expect.poll(() => held.every(({ request }) => request.socket.destroyed)).toBe(true);
  });
});

describe('time', () => {
  it('that is left is told to the upstream, and a client may have less', async () => {
    const told: string[] = [];
    const upstream = await startUpstream((request, response) => {
      told.push(String(request.headers['x-request-timeout-ms']));
      response.end();
    });
    const { port } = await startGateway([upstream], { ...OFF, timeouts: { request: '5s' } });
    await ask(port);
    await ask(port, { headers: { 'x-request-timeout-ms': '700' } });
    await ask(port, { headers: { 'x-request-timeout-ms': 'soon' } });
    expect(Number(told[0])).toBeGreaterThan(4_000);
    expect(Number(told[0])).toBeLessThanOrEqual(5_000);
    expect(Number(told[1])).toBeLessThanOrEqual(700);
    expect(Number(told[2])).toBeGreaterThan(4_000);
    const { port: silent } = await startHeld();
    const { port: other } = await startGateway([silent], OFF);
    const { status, headers } = await ask(other, { headers: { 'x-request-timeout-ms': '60' } });
    expect([status, headers['proxy-status']]).toEqual([504, expect.stringContaining('BGW_ERR_DEADLINE')]);
  });

  it('is over for a body that stands still', async () => {
    const upstream = await startUpstream((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('some of it');
    });
    const { port, seen } = await startGateway([upstream], { ...OFF, timeouts: { body: '100ms' } });
    const { status, complete } = await ask(port);
    expect([status, complete]).toEqual([200, false]);
    expect(await seen('attempt.failed')).toMatchObject({ cause: 'body_timeout' });
  });
});

describe('the cache', () => {
  it('answers from memory, says so, and stands in for an upstream that is gone', async () => {
    let served = 0;
    const upstream = await startUpstream((_request, response) => {
      response.setHeader('cache-control', 'max-age=60');
      response.end(String(++served));
    });
    const { port, gateway } = await startGateway([upstream], { ...OFF, cache: {} });
    expect((await ask(port)).headers['cache-status']).toContain('fwd=uri-miss; stored');
    const { body, headers } = await ask(port);
    expect([body, served]).toEqual(['1', 1]);
    expect(headers['cache-status']).toContain('hit');
    expect(await gateway.metrics.render()).toContain('badgateway_cache_requests_total{what="hit"} 1');
  });

  it('gives what is stale when nobody else answers', async () => {
    const gone = await freePort();
    const upstream = await startUpstream((_request, response) => {
      response.setHeader('cache-control', 'max-age=0, stale-if-error=60');
      response.setHeader('etag', '"1"');
      response.end('kept');
    });
    const { port, gateway } = await startGateway([upstream, gone], {
      ...OFF,
      cache: {},
      upstreams: { 'upstream-2': { priority: 1 } },
    });
    expect((await ask(port)).body).toBe('kept');
    gateway.pool.upstreams[0]!.setHealthy(false, 0);
    const { status, body } = await ask(port);
    expect([status, body]).toEqual([200, 'kept']);
  });
});
