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
    world.generations.smokeTest(ownConfig(section), resolveSmokeTest({ smokeTest }));
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
      'of one that answers with another status',
      { pools: POOLS, routes: [{ path: '/', pool: 'one' }] },
      [{ path: '/', status: 204 }],
      'its smoke test asked for / and got 200 from u1, where 204 is wanted',
    ],
  ])('%s', async (_title, section, checks, problem) => {
    const { test } = open();
    expect(await test(section, checks)).toBe(problem);
  });

  it('finds the one of two that fails, and asks no further', async () => {
    const { test, statuses, pool } = open();
    statuses.set('u2', 500);
    expect(await test({ balancer: 'round-robin' }, [{ path: '/a' }, { path: '/b' }])).toBe(
      'its smoke test asked for /a and got 500 from u2, where a status below 400 is wanted',
    );
    const asked = pool.upstreams.map(({ counts }) =>
      Object.values(counts).reduce((sum, one) => sum + one, 0),
    );
    expect(asked[0], 'it may have been the first').toBeLessThanOrEqual(1);
    expect(asked[1]).toBe(1);
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
    const { clock, test, answer } = open();
    answer.service = (_request, call) =>
      new Promise((_resolve, reject) => {
        call.onCancel(reject);
      });
    const tested = test({ timeouts: { attempt: '1h', request: '1h' } }, [{ path: '/' }]);
    clock.advance(SMOKE_TEST_TIMEOUT_MS);
    expect(await tested).toBe('its smoke test was not over within 10s');
  });

  it('leaves circuits, ejections, the cache and what serves as they are', async () => {
    const section: GatewaySection = {
      breaker: { minRequests: 1 },
      outlierEjection: { consecutiveGatewayFailures: { failures: 1 } },
      cache: { defaultTtl: '1m' },
    };
    const { generations, test, statuses, events, send, available, answer } = open();
    answer.headers = { 'cache-control': 'max-age=60' };
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
    expect(await send(generations.stable.live)).toBe(200);
  });
});
