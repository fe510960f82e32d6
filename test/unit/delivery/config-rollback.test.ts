/**
 * Going back to the last good version, on a virtual clock: from a finished push, out of a rollout under way, ordered
 * twice, and refused. Whatever is ordered, every reader ends with the version it is meant to have.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RollbackStrategy, Strategy } from '../../../src/delivery/strategy.js';
import { AT_ONCE, CANARY, ConfigReaders, ROLLING } from '../../support/config-readers.js';

const STRATEGIES: readonly [string, RollbackStrategy][] = [
  ['all at once', AT_ONCE],
  ['rolling', ROLLING],
];

describe('a rollback', () => {
  it.each(STRATEGIES)('%s brings the version before back to everybody', (_name, strategy) => {
    const readers = new ConfigReaders();
    readers.push('second');
    readers.rollback(strategy, 'errors went up');
    readers.settle();
    expect(readers.versions).toEqual([1, 1, 1, 1]);
    expect(readers.configs).toEqual(new Array(4).fill('first'));
    expect(readers.delivery.version).toBe(1);
    expect(readers.seen('config.rolled-back', 'config.rollback-finished')).toEqual([
      { type: 'config.rolled-back', from: 2, version: 1, reason: 'errors went up', to: 'readers' },
      { type: 'config.rollback-finished', version: 1, to: 'readers' },
    ]);
  });

  it('is finished when the last reader has the version, and not before', () => {
    const readers = new ConfigReaders();
    readers.push('second');
    readers.rollback(ROLLING);
    readers.advance(2_999);
    expect(readers.seen('config.rollback-finished')).toEqual([]);
    expect(readers.delivery, 'meant to be back, and on the way').toMatchObject({ version: 1, underWay: 1 });
    readers.advance(1);
    expect(readers.events.at(-1)).toEqual({
      type: 'config.rollback-finished',
      atMs: 3_000,
      version: 1,
      to: 'readers',
    });
    expect(readers.delivery).toMatchObject({ version: 1, underWay: null });
  });

  it.each(STRATEGIES)('%s assigns nothing more when it is done', (_name, strategy) => {
    const readers = new ConfigReaders();
    readers.push('second');
    readers.rollback(strategy);
    readers.settle();
    const { length } = readers.events;
    for (const name of readers.names) readers.die(name);
    readers.settle();
    expect(readers.assignments).toHaveLength(8);
    expect(readers.events).toHaveLength(length);
  });

  it('goes back past a version that was rolled back', () => {
    const readers = new ConfigReaders();
    readers.push('second');
    readers.push('third');
    readers.rollback();
    expect(readers.delivery.version).toBe(2);
    readers.push('fourth');
    readers.rollback();
    expect(readers.delivery.version).toBe(2);
    expect(readers.configs).toEqual(new Array(4).fill('second'));
  });
});

describe('a rollback with nothing to go back to', () => {
  const REFUSED = {
    type: 'config.refused',
    status: 409,
    reason: 'nothing to roll back: version 1 is the last good one',
  };

  it('is refused at the start, and says so', () => {
    const readers = new ConfigReaders();
    readers.rollback();
    readers.settle();
    expect(readers.seen('config.refused', 'config.rolled-back')).toEqual([REFUSED]);
    expect(readers.assignments).toEqual([]);
    expect(readers.delivery.version).toBe(1);
  });

  it('is refused after a rollback that is finished', () => {
    const readers = new ConfigReaders();
    readers.push('second');
    readers.rollback();
    readers.rollback();
    expect(readers.seen('config.refused')).toEqual([REFUSED]);
    expect(readers.versions).toEqual([1, 1, 1, 1]);
  });

  it('is refused after a canary was rolled back by itself', () => {
    const readers = new ConfigReaders();
    readers.push('second', CANARY);
    readers.die('w1');
    readers.settle();
    readers.rollback();
    expect(readers.seen('config.refused')).toEqual([REFUSED]);
    expect(readers.assignments).toEqual(['w1=2', 'w1=1']);
  });
});

describe('a rollback during a rollout under way', () => {
  it.each<[string, Strategy]>([
    ['rolling', ROLLING],
    ['watching its canary', CANARY],
  ])('ends the one that is %s, and everybody has the version from before', (_name, strategy) => {
    const readers = new ConfigReaders();
    readers.push('second', strategy);
    readers.advance(1_000);
    readers.rollback(AT_ONCE, 'looks bad');
    expect(readers.versions).toEqual([1, 1, 1, 1]);
    expect(readers.seen('config.rolled-back')).toEqual([
      { type: 'config.rolled-back', from: 2, version: 1, reason: 'looks bad', to: 'readers' },
    ]);
    const { length } = readers.assignments;
    readers.settle();
    expect(readers.assignments).toHaveLength(length);
    expect(readers.delivery.version).toBe(1);
    expect(readers.seen('config.promoted')).toEqual([]);
  });

  it('goes to the version that was stable, and not to the one before it', () => {
    const readers = new ConfigReaders();
    readers.push('second');
    readers.push('third', ROLLING);
    readers.rollback();
    expect(readers.configs).toEqual(new Array(4).fill('second'));
  });

  it('leaves the version before that as the next to go back to', () => {
    const readers = new ConfigReaders();
    readers.push('second');
    readers.push('third', ROLLING);
    readers.rollback();
    readers.rollback();
    expect(readers.delivery.version).toBe(1);
    expect(readers.configs).toEqual(new Array(4).fill('first'));
  });
});

describe('a rollback that is ordered again while it is under way', () => {
  it('from a finished push, goes on by the new strategy to the same version', () => {
    const readers = new ConfigReaders();
    readers.push('second');
    readers.rollback(ROLLING);
    readers.advance(1_000);
    readers.rollback(AT_ONCE);
    expect(readers.versions).toEqual([1, 1, 1, 1]);
    readers.settle();
    expect(readers.delivery.version).toBe(1);
  });

  it('out of a rollout, goes on by the new strategy to the same version', () => {
    const readers = new ConfigReaders();
    readers.push('second', ROLLING);
    readers.advance(3_000 - 50);
    readers.rollback(ROLLING);
    readers.rollback(AT_ONCE);
    expect(readers.seen('config.refused')).toEqual([]);
    expect(readers.versions).toEqual([1, 1, 1, 1]);
  });

  it('out of a rollout, does not go back one version more', () => {
    const readers = new ConfigReaders();
    readers.push('second');
    readers.push('third', ROLLING);
    readers.rollback(ROLLING);
    readers.rollback(AT_ONCE);
    expect(readers.configs).toEqual(new Array(4).fill('second'));
    expect(readers.delivery.version).toBe(2);
  });
});

/** One thing that is done to a delivery. */
const strategy = fc.constantFrom(AT_ONCE, ROLLING, CANARY, { ...CANARY, readers: 2 });
const order = fc.oneof(
  fc.record({ does: fc.constant('push' as const), strategy }),
  fc.record({ does: fc.constant('rollback' as const), strategy: fc.constantFrom(AT_ONCE, ROLLING) }),
  fc.record({ does: fc.constant('die' as const), reader: fc.constantFrom('w1', 'w2', 'w3', 'w4') }),
  fc.record({ does: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 6_000 }) }),
);

describe('whatever is pushed, rolled back and dies', () => {
  it('every reader ends with the version it is meant to have', () => {
    fc.assert(
      fc.property(fc.array(order, { maxLength: 12 }), (orders) => {
        const readers = new ConfigReaders();
        for (const one of orders) {
          if (one.does === 'push') readers.push(`pushed at ${readers.clock.nowMs()}`, one.strategy);
          else if (one.does === 'rollback') readers.rollback(one.strategy);
          else if (one.does === 'die') readers.die(one.reader);
          else readers.advance(one.ms);
        }
        readers.settle();
        expect(readers.delivery.underWay).toBeNull();
        expect(readers.versions).toEqual(new Array(4).fill(readers.delivery.version));
        expect(readers.configs).toEqual(new Array(4).fill(readers.delivery.config));
      }),
      { numRuns: 300 },
    );
  });

  it('nothing is assigned once everything is done', () => {
    fc.assert(
      fc.property(fc.array(order, { maxLength: 12 }), (orders) => {
        const readers = new ConfigReaders();
        for (const one of orders) {
          if (one.does === 'push') readers.push('another', one.strategy);
          else if (one.does === 'rollback') readers.rollback(one.strategy);
          else if (one.does === 'die') readers.die(one.reader);
          else readers.advance(one.ms);
        }
        readers.settle();
        const { length } = readers.assignments;
        for (const name of readers.names) readers.die(name);
        readers.settle();
        expect(readers.assignments).toHaveLength(length);
      }),
    );
  });
});
