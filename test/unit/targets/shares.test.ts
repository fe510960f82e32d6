/** Who serves a route with which share: the same wherever it is translated to. */
import { describe, expect, it } from 'vitest';
import { destinationsOf, withShares } from '../../../src/scenarios/targets/destinations.js';
import { PROXIES } from '../../../src/scenarios/targets/proxies.js';
import { resolverOf, withDnsPort } from '../../../src/scenarios/targets/resolving.js';
import type { ProxyName, ProxyState } from '../../../src/scenarios/targets/target.js';
import { siteAt, stateOf } from '../../support/targets.js';

const NAMES = Object.keys(PROXIES) as ProxyName[];

const withWeights = (...weights: readonly (number | 'drained')[]): ProxyState => {
  const state = stateOf({ healthCheck: 'off' });
  const upstreams = state.upstreams.map((upstream, index) => {
    const weight = weights[index] ?? 1;
    return weight === 'drained' ? { ...upstream, drained: true } : { ...upstream, weight };
  });
  return { ...state, upstreams };
};

const textsOf = (name: ProxyName, state: ProxyState): unknown =>
  PROXIES[name].translate(state, siteAt()).files;

describe('weights', () => {
  it.each<[(number | 'drained')[], number[]]>([
    [
      [3, 0, 1],
      [3, 0, 1],
    ],
    [
      [0, 0, 0],
      [1, 1, 1],
    ],
    [
      ['drained', 0, 0],
      [1, 1, 1],
    ],
    [
      ['drained', 0, 2],
      [1, 0, 2],
    ],
  ])('of %j are %j', (weights, expected) => {
    expect(withShares(withWeights(...weights).upstreams).map(({ weight }) => weight)).toEqual(expected);
  });

  it.each(NAMES)('of 0 for all are those of equals at %s', (name) => {
    expect(textsOf(name, withWeights(0, 0, 0))).toEqual(textsOf(name, withWeights(1, 1, 1)));
    expect(textsOf(name, withWeights('drained', 0, 0))).toEqual(textsOf(name, withWeights('drained', 1, 1)));
    expect(textsOf(name, withWeights(0, 1, 1))).not.toEqual(textsOf(name, withWeights(1, 1, 1)));
  });

  it('leave nobody in a level whom they give nothing', () => {
    const [{ levels } = { levels: [] }] = destinationsOf(withWeights('drained', 0, 2));
    expect(levels).toMatchObject([[{ upstream: { id: 'worker-3' }, weight: 2 }]]);
  });
});

describe('names of upstreams', () => {
  it('are asked of whom the section names, else of the run', () => {
    const { config } = stateOf({ names: { resolver: '10.0.0.53' } });
    const site = siteAt({ resolver: '127.0.0.1:5353' });
    expect(resolverOf(config, site)).toBe('10.0.0.53');
    expect(resolverOf(stateOf({}).config, site)).toBe('127.0.0.1:5353');
    expect(resolverOf(stateOf({}).config, siteAt())).toBeNull();
  });

  it.each([
    ['10.0.0.53', '10.0.0.53:53'],
    ['::1', '[::1]:53'],
    ['[::1]:5353', '[::1]:5353'],
  ])('are asked at the port of DNS: %s', (resolver, expected) => {
    expect(withDnsPort(resolver)).toBe(expected);
  });
});
