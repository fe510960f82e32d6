/** What a schema cannot say about a gateway's config. */
import { describe, expect, it } from 'vitest';
import {
  findConfigProblems,
  findContradictions,
  findFixedChanges,
} from '../../../src/gateway/config/check.js';
import { type GatewaySection, resolveGatewayConfig } from '../../../src/gateway/config.js';

const paths = (problems: readonly { path: readonly string[] }[]): string[] =>
  problems.map(({ path }) => path.join('.'));

describe('a section that contradicts itself', () => {
  it.each<[string, GatewaySection, string[]]>([
    ['a limit without a number', { concurrency: { queue: 3 } }, ['concurrency']],
    [
      'a limit of two kinds',
      { globalConcurrency: { limit: 3, adaptive: { algorithm: 'aimd' } } },
      ['globalConcurrency.adaptive'],
    ],
    [
      'a minimum above the maximum',
      { concurrency: { adaptive: { algorithm: 'vegas', min: 9, max: 3 } } },
      ['concurrency.adaptive'],
    ],
    ['a table that is no prime', { balancer: { name: 'maglev', tableSize: 65_536 } }, ['balancer.tableSize']],
    [
      'a bound below a fair share',
      { balancer: { name: 'ring-hash', boundedLoad: '80%' } },
      ['balancer.boundedLoad'],
    ],
    [
      'a share of more than all',
      { criticality: { shares: { sheddable: '120%' } } },
      ['criticality.shares.sheddable'],
    ],
    ['naive with a policy', { profile: 'naive', retry: {} }, ['retry']],
    ['HTTP/2 without TLS', { listener: { http2: true } }, ['listener.http2']],
    ['a weight for round-robin', { upstreams: { a: { weight: 2 } } }, ['upstreams.a.weight']],
    [
      'weights for p2c',
      { balancer: 'p2c', upstreams: { a: { weight: 2 }, b: { weight: 3 } } },
      ['upstreams.a.weight', 'upstreams.b.weight'],
    ],
    [
      'a slow start for prequal',
      { balancer: { name: 'prequal' }, slowStart: { window: '1s' } },
      ['slowStart'],
    ],
    ['a slow start for peak-ewma', { balancer: 'peak-ewma', slowStart: { window: '1s' } }, ['slowStart']],
    ['weights 0 and 1 for anybody', { upstreams: { a: { weight: 0 }, b: { weight: 1, priority: 1 } } }, []],
    [
      'weights and a slow start where they count',
      { balancer: 'maglev', upstreams: { a: { weight: 2 } }, slowStart: { window: '1s' } },
      [],
    ],
    ['nothing wrong', { concurrency: { limit: 3 }, balancer: 'maglev', profile: 'badgateway' }, []],
  ])('%s', (_what, section, expected) => {
    const problems = findContradictions(section);
    expect(paths(problems)).toEqual(expected);
    for (const { message } of problems) expect(message.length).toBeGreaterThan(10);
  });
});

describe('names of nobody', () => {
  const check = (section: GatewaySection) =>
    findConfigProblems(resolveGatewayConfig(section), ['worker-1', 'worker-2']);

  it.each<[string, GatewaySection, string[]]>([
    ['a pool that is not there', { routes: [{ path: '/', pool: 'x' }] }, ['routes.0.pool']],
    [
      'an empty pool',
      { pools: { p: { upstreams: [] } }, routes: [{ path: '/', pool: 'p' }] },
      ['routes.0.pool'],
    ],
    [
      'a pool of weight 0',
      {
        pools: { p: { upstreams: ['worker-1'] } },
        routes: [{ path: '/', pool: 'p' }],
        upstreams: { 'worker-1': { weight: 0 } },
      },
      ['routes.0.pool'],
    ],
    ['an upstream that is not there', { pools: { p: { upstreams: ['worker-9'] } } }, ['pools.p.upstreams.0']],
    ['a weight of nobody', { upstreams: { 'worker-9': { weight: 2 } } }, ['upstreams.worker-9']],
    ['all there', { pools: { p: { upstreams: ['worker-2'] } }, routes: [{ path: '/', pool: 'p' }] }, []],
  ])('%s', (_what, section, expected) => {
    expect(paths(check(section))).toEqual(expected);
  });
});

describe('a running gateway', () => {
  it.each<[GatewaySection, string[]]>([
    [{ processes: 2 }, ['processes']],
    [{ listener: { maxBody: '1MiB' } }, ['listener']],
    [{ retry: {}, routes: [{ path: '/' }] }, []],
  ])('cannot take over what is read once: %j', (section, expected) => {
    expect(paths(findFixedChanges(resolveGatewayConfig(), resolveGatewayConfig(section)))).toEqual(expected);
  });
});
