/** Mistakes about names and dead ports in a scenario: each with its path, line, column, and how to mend it. */
import { describe, expect, it } from 'vitest';
import { parseScenario } from '../../../src/scenarios/parse.js';
import { expectMistake, HERE, MINIMAL, problemsOf } from '../../support/scenario-text.js';

const NAMED = `${MINIMAL}names: { ttl: 1s }\n`;
const timeline = (entry: string, base = NAMED): string => `${base}timeline:\n  - ${entry}\n`;
const ROUTED = `gateway: { pools: { api: { upstreams: [worker-1] } }, routes: [{ path: /, pool: api }] }\n`;
const push = (config: string): string =>
  timeline(`{ at: 1s, push-config: ${config}, to: gateway }`, MINIMAL + ROUTED);

describe(`a mistake about names, at ${HERE},`, () => {
  it.each([
    [
      'a TTL of a part of a second',
      `${MINIMAL}names: { ttl: ▸500ms }\n`,
      'names.ttl',
      'DNS counts a TTL in whole seconds',
    ],
    ['a TTL without a unit', `${MINIMAL}names: { ttl: ▸5 }\n`, 'names.ttl', 'write 5ms or 5s'],
    ['an unknown key', `${MINIMAL}names: { ▸tll: 5s }\n`, 'names.tll', 'unknown key; known here: ttl, zone'],
    ['a zone that is no name', `${MINIMAL}names: { zone: ▸Fleet_Test }\n`, 'names.zone', 'pattern'],
    [
      'a fault that there is not',
      timeline('{ at: 1s, dns: ▸nxdomian, on: all }'),
      'timeline[0].dns',
      'expected one of nxdomain, servfail, refused, empty, timeout, stale-address, heal',
    ],
    ['nobody to have it', timeline('{ at: 1s, dns: ▸nxdomain, for: 1s }'), 'timeline[0].dns', 'needs `on`'],
    [
      'a worker that there is not',
      timeline('{ at: 1s, dns: nxdomain, on: [worker-1, ▸worker-7] }'),
      'timeline[0].on[1]',
      'there is no worker-7; there are worker-1, worker-2',
    ],
    [
      'no names',
      timeline('{ at: 1s, dns: ▸nxdomain, on: all }', MINIMAL),
      'timeline[0].dns',
      'needs the section `names`, such as `names: { ttl: 5s }`',
    ],
    [
      'a time for healing',
      timeline('{ at: 1s, dns: heal, on: all, for: ▸1s }'),
      'timeline[0].for',
      'means nothing to heal',
    ],
    [
      'two actions in one',
      timeline('▸{ at: 1s, dns: heal, note: a, on: all }'),
      'timeline[0]',
      'found note and dns',
    ],
    [
      'another resolver in a push',
      timeline('{ at: 1s, push-config: { names: ▸{ resolver: 127.0.0.1:53 } }, to: gateway }'),
      'timeline[0].push-config.names',
      'cannot change while the gateway runs; start it anew',
    ],
    [
      'a pool that names a dead port where there is none',
      push('{ pools: { api: { upstreams: [▸dead-1] } } }'),
      'timeline[0].push-config.pools.api.upstreams.0',
      'there is no upstream "dead-1"',
    ],
    [
      'less than no dead ports',
      MINIMAL.replace('workers: 2', 'workers: 2\n  deadPorts: ▸-1'),
      'fleet.deadPorts',
      'must be >= 0',
    ],
    [
      'an empty pool from the start',
      `${MINIMAL}${ROUTED.replace('[worker-1]', '[]').replace('pool: api', 'pool: ▸api')}`,
      'gateway.routes.0.pool',
      'nobody in pool "api" gets requests',
    ],
    [
      'an approval of a fault',
      timeline('{ at: 1s, dns: nxdomain, on: all, approved: ▸off }'),
      'timeline[0].approved',
      'approved means nothing beside dns; it belongs to push-config',
    ],
    [
      'a trial of what goes to a gateway',
      timeline('{ at: 1s, push-config: { retry: {} }, to: gateway, trial: ▸{} }'),
      'timeline[0].trial',
      'is for what goes to workers; what goes to a gateway is asked something first with `smokeTest`',
    ],
    [
      'a smoke test of what goes to workers',
      timeline(
        '{ at: 1s, push-config: { downstream: { service: s, endpoints: [{ name: a, weight: 1 }] } }, smokeTest: ▸[{ path: / }] }',
      ),
      'timeline[0].smokeTest',
      'is for what goes to a gateway; what goes to workers is tried out with `trial`',
    ],
    [
      'a smoke test that wants an upstream that there is not',
      timeline(
        '{ at: 1s, push-config: { retry: {} }, to: gateway, smokeTest: [{ path: /, upstreams: [▸worker-7] }] }',
      ),
      'timeline[0].smokeTest[0].upstreams[0]',
      'there is no upstream "worker-7"; there are worker-1, worker-2',
    ],
    [
      'a smoke test that asks for nothing',
      timeline('{ at: 1s, push-config: { retry: {} }, to: gateway, smokeTest: ▸[] }'),
      'timeline[0].smokeTest',
      '1',
    ],
    [
      'a soft purge by a word that there is not',
      timeline('{ at: 1s, purge-cache: { soft: ▸yes } }', `${MINIMAL}gateway: { cache: {} }\n`),
      'timeline[0].purge-cache.soft',
      'expected one of on, off',
    ],
    [
      'a trial of a rollback',
      timeline('{ at: 1s, rollback-config: {}, trial: ▸{} }'),
      'timeline[0].trial',
      'trial means nothing beside rollback-config; it belongs to push-config',
    ],
  ])('such as %s is told where it is', (_name, marked, path, message) => {
    expectMistake(marked, path, message);
  });
});

describe('what is no mistake', () => {
  it('is a name that misbehaves for a while, and one that is healed', () => {
    const text = `${NAMED}timeline:
  - { at: 1s, dns: servfail, on: all, for: 2s }
  - { at: 2s, dns: heal, on: worker-1 }
`;
    const [variant] = parseScenario(text, 'test.yaml').variants;
    expect(variant!.names).toEqual({ ttlSeconds: 1, zone: 'fleet.test' });
    expect(variant!.timeline.map(({ action }) => action)).toEqual([
      { type: 'dns', workers: ['worker-1', 'worker-2'], fault: 'servfail', forMs: 2_000 },
      { type: 'dns', workers: ['worker-1'], fault: null, forMs: null },
    ]);
  });

  it('is a push that empties a pool: the gateway decides, unless it is approved', () => {
    const empty = push('{ pools: { api: { upstreams: [] } } }');
    expect(problemsOf(empty)).toEqual([]);
    const actions = [empty, empty.replace('to: gateway', 'to: gateway, approved: off')].map(
      (text) => parseScenario(text, 'test.yaml').variants[0]!.timeline[0]!.action,
    );
    expect(actions).toMatchObject([{ approved: true }, { approved: false }]);
  });

  it('is a pool of a dead port', () => {
    const text = push('{ pools: { api: { upstreams: [dead-1] } } }').replace(
      'workers: 2',
      'workers: 2\n  deadPorts: 1',
    );
    expect(problemsOf(text)).toEqual([]);
  });
});
