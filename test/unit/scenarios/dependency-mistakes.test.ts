/** Mistakes in `fleet.dependencies` and in what a timeline does to them: each told with its path, line and a hint. */
import { describe, expect, it } from 'vitest';
import { parseScenario } from '../../../src/scenarios/parse.js';
import { expectMistake, HERE } from '../../support/scenario-text.js';

const scenario = (dependencies: string, ...entries: string[]): string => `version: 1
name: small
title: A small one
fleet:
  workers: 4
${dependencies === '' ? '' : `  dependencies:\n    ${dependencies}\n`}load:
  stages:
    - { rate: 10/s, for: 4s }
${entries.length === 0 ? '' : `timeline:\n${entries.map((entry) => `  - ${entry}\n`).join('')}`}`;

const STORE = 'store: { kind: database, share: 50% }';
const BOTH = `${STORE}\n    payments: { kind: third-party }`;

describe(`a mistake in a dependency, at ${HERE},`, () => {
  it.each([
    ['no kind', 'store: ▸{ share: 50% }', 'fleet.dependencies.store', 'missing `kind`'],
    [
      'a kind that there is not',
      'store: { kind: ▸cache }',
      'fleet.dependencies.store.kind',
      'expected one of database, third-party, got "cache"',
    ],
    [
      'a time without a unit',
      'payments: { kind: third-party, time: ▸100 }',
      'fleet.dependencies.payments.time',
      'write 100ms or 100s',
    ],
    [
      'a share of nothing',
      'store: { kind: database, share: ▸0% }',
      'fleet.dependencies.store.share',
      'must be above 0% and at most 100%, got 0%',
    ],
    [
      'a share of more than there is',
      'store: { kind: database, share: ▸120% }',
      'fleet.dependencies.store.share',
      'must be above 0% and at most 100%, got 120%',
    ],
    [
      'connections of a third party',
      'payments: { kind: third-party, ▸connections: 5 }',
      'fleet.dependencies.payments.connections',
      'connections means nothing to a third-party; it belongs to a database',
    ],
    [
      'a time of a database',
      'store: { kind: database, ▸time: 5ms }',
      'fleet.dependencies.store.time',
      'time means nothing to a database; it belongs to a third-party',
    ],
    [
      'a pool larger than the database',
      'store: { kind: database, connections: 5, pool: ▸6 }',
      'fleet.dependencies.store.pool',
      'larger than all the connections there are, 5',
    ],
    [
      'a wait for connections of no pool',
      'payments: { kind: third-party, acquireTimeout: ▸1s }',
      'fleet.dependencies.payments.acquireTimeout',
      'give `pool`, or bound the call by `timeout`',
    ],
    [
      'a timeout of nothing',
      'store: { kind: database, timeout: ▸0s }',
      'fleet.dependencies.store.timeout',
      'must be above 0; leave it out to wait for ever',
    ],
    [
      'a timeout longer than a timer keeps',
      'store: { kind: database, timeout: ▸600h }',
      'fleet.dependencies.store.timeout',
      'is 600h; the longest time that can be kept is 576h',
    ],
    [
      'a status that is no failure',
      'store: { kind: database, status: ▸404 }',
      'fleet.dependencies.store.status',
      'must be >= 500, got 404',
    ],
    [
      'a path without its slash',
      'store: { kind: database, path: ▸checkout }',
      'fleet.dependencies.store.path',
      'got "checkout"',
    ],
    [
      'a fallback that there is not',
      'store: { kind: database, fallback: ▸stale }',
      'fleet.dependencies.store.fallback',
      'expected one of none, cached, reduced, got "stale"',
    ],
    [
      'an unknown key',
      'store: { kind: database, ▸conections: 5 }',
      'fleet.dependencies.store.conections',
      'unknown key; known here: kind',
    ],
  ])('such as %s', (_name, dependency, path, message) => {
    expectMistake(scenario(dependency), path, message);
  });
});

describe(`a mistake in what is done to one, at ${HERE},`, () => {
  it.each([
    [
      'a dependency that there is not',
      BOTH,
      '{ at: 1s, disturb: lock, on: ▸stor }',
      'timeline[0].on',
      'there is no dependency stor; there are store, payments',
    ],
    [
      'one of several that there is not',
      BOTH,
      '{ at: 1s, disturb: slow, on: [store, ▸worker-1] }',
      'timeline[0].on[1]',
      'there is no dependency worker-1; there are store, payments',
    ],
    [
      'no dependency at all',
      '',
      '{ at: 1s, disturb: ▸lock, on: store }',
      'timeline[0].disturb',
      'there are no dependencies; name them under `fleet.dependencies`',
    ],
    ['nothing to do it to', STORE, '{ at: 1s, disturb: ▸lock }', 'timeline[0].disturb', 'needs `on`'],
    [
      'a fault that there is not',
      STORE,
      '{ at: 1s, disturb: ▸crash, on: store }',
      'timeline[0].disturb',
      'expected one of lock, slow, hang, errors, reset, refuse, down, got "crash"',
    ],
    [
      'a fault of the other kind',
      BOTH,
      '{ at: 1s, disturb: ▸lock, on: payments }',
      'timeline[0].disturb',
      'payments is a third-party, which knows no lock; it knows slow, hang, errors, reset, down',
    ],
    [
      'a fault of the other kind for all',
      BOTH,
      '{ at: 1s, disturb: ▸hang, on: all }',
      'timeline[0].disturb',
      'store is a database, which knows no hang',
    ],
    [
      'a parameter of another fault',
      STORE,
      '{ at: 1s, disturb: lock, on: store, factor: ▸3 }',
      'timeline[0].factor',
      'factor means nothing to lock; it takes share, requests',
    ],
    [
      'a parameter without a fault',
      STORE,
      '{ at: 1s, recover: slow, on: store, factor: ▸3 }',
      'timeline[0].factor',
      'factor means nothing beside recover',
    ],
    [
      'two actions',
      STORE,
      '▸{ at: 1s, disturb: lock, recover: lock, on: store }',
      'timeline[0]',
      'found disturb and recover',
    ],
  ])('such as %s', (_name, dependencies, entry, path, message) => {
    expectMistake(scenario(dependencies, entry), path, message);
  });
});

describe('dependencies without a mistake', () => {
  const { fleet, timeline } = parseScenario(
    scenario(
      BOTH,
      '{ at: 1s, disturb: slow, on: all, factor: 3, for: 2s }',
      '{ at: 2s, recover: all, on: payments }',
    ),
    'test.yaml',
  ).variants[0]!;

  it('have their defaults: no timeout, no limit, a pool that is their part of the database', () => {
    const off = { acquireTimeoutMs: null, timeoutMs: null, breaker: null, bulkhead: null, fallback: 'none' };
    expect(fleet.dependencies).toEqual([
      {
        name: 'store',
        kind: 'database',
        connections: 20,
        time: { distribution: 'exponential', meanMs: 10 },
        abandoned: 'finish',
        use: { share: 0.5, path: '', pool: 5, status: 503, ...off },
      },
      {
        name: 'payments',
        kind: 'third-party',
        connections: null,
        time: { distribution: 'exponential', meanMs: 100 },
        abandoned: 'cancel',
        use: { share: 1, path: '', pool: null, status: 503, ...off },
      },
    ]);
  });

  it('are disturbed and recover as the timeline says', () => {
    expect(timeline).toEqual([
      {
        atMs: 1_000,
        action: {
          type: 'disturb',
          dependencies: ['store', 'payments'],
          disturbance: { fault: 'slow', options: { factor: 3, share: 1, requests: null }, forMs: 2_000 },
        },
      },
      { atMs: 2_000, action: { type: 'recover', dependencies: ['payments'], fault: null } },
    ]);
  });
});
