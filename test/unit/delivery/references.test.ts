/** References between the parts of a config: the cases that outages were made of. */
import { describe, expect, it } from 'vitest';
import { findReferenceProblems, type PoolReference } from '../../../src/delivery/references.js';

const pool = (id: string, members: readonly string[], fallback?: string): PoolReference => ({
  id,
  path: ['pools', id],
  members,
  ...(fallback !== undefined && { fallback }),
});

const UPSTREAMS = new Map([
  ['a', 1],
  ['b', 2],
  ['idle', 0],
]);

const told = (
  pools: readonly PoolReference[],
  routes: readonly string[] = [],
  upstreams: typeof UPSTREAMS | null = UPSTREAMS,
) =>
  findReferenceProblems({
    upstreams,
    pools,
    routes: routes.map((to, index) => ({ pool: to, path: ['routes', index] })),
  }).map(({ path, message }) => `${path.join('.')}: ${message}`);

describe('a reference', () => {
  it.each<[string, PoolReference[], string[], string[]]>([
    ['to what is there', [pool('api', ['a', 'b'])], ['api'], []],
    ['to a pool that is not there', [], ['api'], ['routes.0.pool: there is no pool "api"']],
    [
      'to a pool without anybody',
      [pool('api', [])],
      ['api'],
      ['routes.0.pool: nobody in pool "api" gets requests'],
    ],
    [
      'to a pool of upstreams that get nothing',
      [pool('api', ['idle'])],
      ['api'],
      ['routes.0.pool: nobody in pool "api" gets requests'],
    ],
    [
      'to an upstream that is not there',
      [pool('api', ['a', 'x'])],
      [],
      ['pools.api.upstreams.1: there is no upstream "x"; there are a, b, idle'],
    ],
    [
      'to an upstream, twice',
      [pool('api', ['a', 'a'])],
      [],
      ['pools.api.upstreams.1: upstream "a" is there twice'],
    ],
    [
      'to a pool of which there are two',
      [pool('api', ['a']), pool('api', ['b'])],
      ['api'],
      ['pools.api: pool "api" is there twice'],
    ],
    [
      'to a pool that only an object would have',
      [],
      ['constructor'],
      ['routes.0.pool: there is no pool "constructor"'],
    ],
    [
      'to fall back to',
      [pool('x', ['a'], 'y'), pool('y', [])],
      [],
      ['pools.x.fallback: nobody in pool "y" gets requests'],
    ],
    ['to itself', [pool('x', ['a'], 'x')], [], ['pools.x.fallback: falls back in a circle: x → x']],
    [
      'in a circle that one leads into',
      [pool('in', ['a'], 'x'), pool('x', ['a'], 'y'), pool('y', ['a'], 'x')],
      [],
      ['pools.x.fallback: falls back in a circle: x → y → x'],
    ],
  ])('%s', (_name, pools, routes, expected) => {
    expect(told(pools, routes)).toEqual(expected);
  });

  it('to upstreams is not checked while they are not known, but an empty pool is', () => {
    expect(told([pool('api', ['whoever'])], ['api'], null)).toEqual([]);
    expect(told([pool('api', [])], ['api'], null)).toHaveLength(1);
  });

  it('may be one of a hundred thousand, in one chain', () => {
    const count = 100_000;
    const pools = Array.from({ length: count }, (_, index) => pool(`p${index}`, ['a'], `p${index + 1}`));
    expect(told(pools)).toEqual([`pools.p${count - 1}.fallback: there is no pool "p${count}"`]);
  });
});
