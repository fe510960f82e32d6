/** A config that is asked something before it gets any request: what is found, and that nothing of it stays. */
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/core/errors.js';
import { resolveSmokeTest, type SmokeTestSection } from '../../../src/delivery/smoke-test.js';
import type { GatewaySection } from '../../../src/gateway/config.js';
import { SMOKE_TEST_AGENT, SMOKE_TEST_TIMEOUT_MS } from '../../../src/gateway/smoke-test.js';
import type { ProxyRequest } from '../../../src/policies/service.js';
import { makeGenerations, ownConfig } from '../../support/generations.js';

const POOLS = { one: { upstreams: ['u1'] }, two: { upstreams: ['u2'] }, none: { upstreams: [] } };
const ROUTES = [
  { path: '/one', pool: 'one' },
  { path: '/two', pool: 'two' },
];

const open = (ids: readonly string[] = ['u1', 'u2']) => {
  const world = makeGenerations({}, ids);
  const asked: ProxyRequest[] = [];
  const test = (section: GatewaySection, smokeTest: SmokeTestSection): Promise<string | null> =>
    world.generations.smokeTest(ownConfig(section), resolveSmokeTest({ smokeTest })).then((failure) => {
      if (failure !== null) expect(failure.status).toBe(422);
      return failure?.reason ?? null;
    });
  return { ...world, asked, test };
};

describe('a smoke test', () => {
  it.each<[string, GatewaySection, SmokeTestSection, string | null]>([
    ['of a config that answers', {}, [{ path: '/' }], null],
    [
      'by who has to answer',
      { pools: POOLS, routes: ROUTES },
      [
        { path: '/one', upstreams: ['u1'] },
        { path: '/two', upstreams: ['u1', 'u2'] },
      ],
      null,
    ],
    [
      'of a route that leads to the wrong pool',
      { pools: POOLS, routes: [{ path: '/', pool: 'two' }] },
      [{ path: '/one', upstreams: ['u1'] }],
      'its smoke test asked for /one and got 200 from u2, where u1 has to answer',
    ],
    [
      'of a route that leads to nobody',
      { pools: POOLS, routes: [{ path: '/', pool: 'none' }] },
      [{ path: '/one' }],
      'its smoke test asked for /one and got 503 (no_upstream), where a status below 400 is wanted',
    ],
    [
      'of a route that is not there',
      { pools: POOLS, routes: ROUTES },
      [{ path: '/three' }],
      'its smoke test asked for /three and got 404 (no_route), where a status below 400 is wanted',
    ],
    [
      'of a route that is not to be there',
      { pools: POOLS, routes: ROUTES },
      [{ path: '/three', status: 404 }],
      null,
    ],
    [
      'of a rule that keeps everybody out',
      { rules: [{ name: 'bots', path: '/', action: 'block' }] },
      [{ path: '/' }],
      'its smoke test asked for / and got 403 (blocked), where a status below 400 is wanted',
    ],
    [
      'in the status that clients would see',
      { statusDialect: 'nginx', pools: POOLS, routes: [{ path: '/', pool: 'none' }] },
      [{ path: '/', status: 502 }],
      null,
    ],
    [
      'by the places that it gives',
      { upstreams: { u1: { priority: 1 } } },
      [{ path: '/', upstreams: ['u2'] }],
      null,
    ],
    [
      'of a rule that limits how often a client may come',
      { rules: [{ name: 'few', path: '/', action: 'rate-limit', rateLimit: { rate: '1/s', burst: 1 } }] },
      [{ path: '/' }],
      null,
    ],
    [
      'of one that answers with another status',
      { pools: POOLS, routes: [{ path: '/', pool: 'one' }] },
      [{ path: '/', status: 204 }],
      'its smoke test asked for / and got 200 from u1, where 204 is wanted',
    ],
  ])('%s', async (_title, section, checks, problem) => {
    const { test } = open();
    expect(await test(section, checks)).toBe(problem);
  });

  it('finds the one of two that fails, and counts nothing of it', async () => {
    const { test, statuses, pool } = open();
    statuses.set('u2', 500);
    expect(await test({ balancer: 'round-robin' }, [{ path: '/a' }, { path: '/b' }])).toBe(
      'its smoke test asked for /a and got 500 from u2, where a status below 400 is wanted',
    );
    expect(pool.upstreams.map(({ counts }) => counts.success + counts.failure)).toEqual([0, 0]);
  });

  it('asks an upstream each time, whatever the cache has, and no second one after the first', async () => {
    const { test, answer, statuses } = open();
    answer.headers = { 'cache-control': 'max-age=60', 'content-length': '0' };
    const either = [{ path: '/', upstreams: ['u1', 'u2'] }];
    expect(await test({ cache: { defaultTtl: '1m' } }, either)).toBeNull();
    statuses.set('u1', 503);
    expect(await test({ balancer: 'round-robin', retry: { attempts: 3 } }, either)).toContain('503 from u1');
  });

  it('goes by what requests of one user have in common, where the balancer does', async () => {
    const { test, answer } = open(['u1', 'u2', 'u3', 'u4']);
    const seen = new Set<string>();
    answer.service = (_request, call) => {
      seen.add(call.rayId);
      return Promise.reject(new GatewayError('BGW_ERR_CONNECTION_REFUSED'));
    };
    const section: GatewaySection = { balancer: 'maglev', hashOn: 'header:x-user' };
    const whoOf = async (user: string) =>
      / from (u\d)/.exec((await test(section, [{ path: '/', headers: { 'X-User': user } }]))!)![1];
    const who = new Set<string | undefined>();
    for (let user = 0; user < 20; user++) who.add(await whoOf(`user ${user}`));
    expect(who.size).toBeGreaterThan(1);
    expect(await whoOf('user 3')).toBe(await whoOf('user 3'));
  });

  it('sends what a client’s request would become: no fields of a connection, and those that a proxy adds', async () => {
    const { test, answer, asked } = open();
    answer.service = (request) => {
      asked.push(request);
      return Promise.reject(new GatewayError('BGW_ERR_CONNECTION_REFUSED'));
    };
    await test({}, [{ path: '/', headers: { 'Transfer-Encoding': 'chunked', Expect: '100-continue' } }]);
    const { headers } = asked[0]!;
    expect(headers['transfer-encoding']).toBeUndefined();
    expect(headers.expect).toBeUndefined();
    expect(headers).toMatchObject({ via: '1.1 badgateway', 'x-forwarded-for': '127.0.0.1' });
  });

  it('says why nothing can be made of a config', async () => {
    const { generations } = open();
    const broken = { ...ownConfig({}), balancer: null } as never;
    expect(
      await generations.smokeTest(broken, resolveSmokeTest({ smokeTest: [{ path: '/' }] })),
    ).toMatchObject({
      status: 422,
    });
  });

  it('names what the gateway found wrong with an upstream, and says who it is in what it sends', async () => {
    const { test, answer, asked } = open(['u1']);
    answer.service = (request) => {
      asked.push(request);
      return Promise.reject(new GatewayError('BGW_ERR_CONNECTION_REFUSED'));
    };
    const checks = [{ path: '/a', headers: { Host: 'shop.example' } }];
    expect(await test({}, checks)).toBe(
      'its smoke test asked for /a and got 502 (connection_refused) from u1, where a status below 400 is wanted',
    );
    expect(asked).toMatchObject([
      { method: 'GET', path: '/a', headers: { host: 'shop.example', 'user-agent': SMOKE_TEST_AGENT } },
    ]);
  });

  it('ends in time where nobody answers and the config knows no limit', async () => {
    const { clock, test, answer } = open(['u1']);
    answer.service = (_request, call) =>
      new Promise((_resolve, reject) => {
        call.onCancel(reject);
      });
    const tested = test({ timeouts: { attempt: '1h', request: '1h' } }, [{ path: '/a' }]);
    clock.advance(SMOKE_TEST_TIMEOUT_MS);
    expect(await tested).toBe(
      'its smoke test waited for /a from u1 when 10s were over; ask for less, or shorten `timeouts`',
    );
  });

  it('leaves circuits, ejections, the cache and what serves as they are', async () => {
    const section: GatewaySection = {
      breaker: { minRequests: 1 },
      outlierEjection: { consecutiveGatewayFailures: { failures: 1 } },
      cache: { defaultTtl: '1m' },
    };
    const { generations, test, statuses, events, send, available, answer, pool } = open();
    answer.headers = { 'cache-control': 'max-age=60', 'content-length': '0' };
    generations.apply({
      order: 1,
      stable: { version: 2, config: ownConfig(section) },
      candidate: null,
      standby: null,
    });
    statuses.set('u1', 503).set('u2', 503);
    expect(await test(section, [{ path: '/' }])).toContain('got 503 from');
    expect(events).toEqual([]);
    expect(available()).toEqual(['u1', 'u2']);
    statuses.clear();
    expect(await test(section, [{ path: '/' }])).toBeNull();
    expect(generations.stable.live.parts.cache?.entries).toBe(0);
    expect(pool.upstreams).toMatchObject(
      [0, 0].map((inFlight) => ({ inFlight, counts: { success: 0, failure: 0, ignored: 0 } })),
    );
    expect(await send(generations.stable.live)).toBe(200);
  });
});
