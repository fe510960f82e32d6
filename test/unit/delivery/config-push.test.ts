/**
 * New versions on their way to the readers, on a virtual clock: by each strategy, refused, interrupted by a newer one,
 * and taken back from the canaries by itself.
 */
import { describe, expect, it } from 'vitest';
import { AT_ONCE, BROKEN, CANARY, ConfigReaders, ROLLING } from '../../support/config-readers.js';

describe('a push', () => {
  it('to all at once has reached everybody when it returns', () => {
    const readers = new ConfigReaders();
    readers.push('second');
    expect(readers.assignments).toEqual(['w1=2', 'w2=2', 'w3=2', 'w4=2']);
    expect(readers.configs).toEqual(['second', 'second', 'second', 'second']);
    expect(readers.delivery.version).toBe(2);
    expect(readers.delivery.config).toBe('second');
    expect(readers.delivery.underWay).toBeNull();
  });

  it('says what goes out, how and to how many, and then who got it', () => {
    const readers = new ConfigReaders(2);
    readers.push('second');
    expect(readers.seen('config.pushed', 'config.assigned')).toEqual([
      { type: 'config.pushed', version: 2, to: 'readers', strategy: 'all-at-once', readers: 2 },
      { type: 'config.assigned', version: 2, reader: 'w1' },
      { type: 'config.assigned', version: 2, reader: 'w2' },
    ]);
  });

  it('goes through those that run, and the others have it when it is through', () => {
    const readers = new ConfigReaders();
    for (const idle of ['w1', 'w3']) readers.idle.add(idle);
    readers.push('second', CANARY);
    expect(readers.versions).toEqual([1, 2, 1, 1]);
    readers.advance(CANARY.bakeMs);
    expect(readers.versions).toEqual([2, 2, 2, 2]);
    expect(readers.seen('config.pushed', 'config.assigned')).toEqual([
      { type: 'config.pushed', version: 2, to: 'readers', strategy: 'canary', readers: 2 },
      { type: 'config.assigned', version: 2, reader: 'w2' },
      { type: 'config.assigned', version: 2, reader: 'w4' },
    ]);
  });

  it('numbers versions one after another', () => {
    const readers = new ConfigReaders();
    for (const version of [2, 3, 4]) {
      readers.push(`config ${version}`);
      expect(readers.delivery.version).toBe(version);
    }
    expect(readers.configs).toEqual(new Array(4).fill('config 4'));
  });

  it('that is rolling reaches one reader after another, and counts as the version of all at the end', () => {
    const readers = new ConfigReaders();
    readers.push('second', ROLLING);
    const reached: number[][] = [readers.versions];
    for (const ms of [1_000, 1_000]) {
      readers.advance(ms);
      reached.push(readers.versions);
    }
    expect(reached).toEqual([
      [2, 1, 1, 1],
      [2, 2, 1, 1],
      [2, 2, 2, 1],
    ]);
    expect(readers.delivery.version).toBe(1);
    expect(readers.delivery.underWay).toBe(2);
    readers.advance(1_000);
    expect(readers.versions).toEqual([2, 2, 2, 2]);
    expect(readers.delivery.version).toBe(2);
    expect(readers.delivery.underWay).toBeNull();
  });

  it('to a canary is promoted once the canary lived long enough', () => {
    const readers = new ConfigReaders();
    readers.push('second', CANARY);
    readers.advance(4_999);
    expect(readers.versions).toEqual([2, 1, 1, 1]);
    readers.advance(1);
    expect(readers.versions).toEqual([2, 2, 2, 2]);
    expect(readers.delivery.version).toBe(2);
    expect(readers.events.filter(({ type }) => type === 'config.promoted')).toEqual([
      { type: 'config.promoted', atMs: 5_000, version: 2, to: 'readers' },
    ]);
    expect(readers.seen('config.rolled-back')).toEqual([]);
  });

  it.each([
    ['all at once', AT_ONCE],
    ['rolling', ROLLING],
    ['to a canary', CANARY],
  ])('that went %s assigns nothing more when it is done', (_name, strategy) => {
    const readers = new ConfigReaders();
    readers.push('second', strategy);
    readers.settle();
    expect(readers.versions).toEqual([2, 2, 2, 2]);
    const { length } = readers.events;
    for (const name of readers.names) readers.die(name);
    readers.settle();
    expect(readers.assignments).toHaveLength(4);
    expect(readers.events).toHaveLength(length);
  });

  it('goes no further once delivery is stopped', () => {
    const readers = new ConfigReaders();
    readers.push('second', ROLLING);
    readers.delivery.stop();
    readers.settle();
    expect(readers.assignments).toEqual(['w1=2']);
  });
});

describe('a canary that fails', () => {
  it.each<[string, (readers: ConfigReaders) => void, string]>([
    ['by dying', (readers) => readers.die('w1'), 'canary w1 died 2.05s after it got the config'],
    [
      'by filling its heap',
      (readers) => readers.fillHeap('w1', 0.91),
      'canary w1 used 91% of its heap 2.05s after it got the config',
    ],
  ])('%s gets the good version back by itself, and nobody else was touched', (_name, fail, reason) => {
    const readers = new ConfigReaders();
    readers.push('second', CANARY);
    readers.advance(2_000);
    fail(readers);
    readers.advance(50);
    expect(readers.assignments).toEqual(['w1=2', 'w1=1']);
    expect(readers.configs[0]).toBe('first');
    expect(readers.seen('config.rolled-back', 'config.rollback-finished')).toEqual([
      { type: 'config.rolled-back', from: 2, version: 1, reason, to: 'readers' },
      { type: 'config.rollback-finished', version: 1, to: 'readers' },
    ]);
    expect(readers.delivery.version).toBe(1);
    expect(readers.delivery.underWay).toBeNull();
    readers.settle();
    expect(readers.assignments).toHaveLength(2);
    expect(readers.seen('config.promoted')).toEqual([]);
  });

  it('is one of several, all of which get the good version back', () => {
    const readers = new ConfigReaders();
    readers.push('second', { ...CANARY, readers: 2 });
    readers.die('w2');
    readers.settle();
    expect(readers.assignments).toEqual(['w1=2', 'w2=2', 'w1=1', 'w2=1']);
  });

  it('keeps its number: the next push gets the one after it', () => {
    const readers = new ConfigReaders();
    readers.push('second', CANARY);
    readers.die('w1');
    readers.advance(50);
    readers.push('third');
    expect(readers.versions).toEqual([3, 3, 3, 3]);
    expect(readers.configs[0]).toBe('third');
  });

  it('gets the good version back even if it is the only reader', () => {
    const readers = new ConfigReaders(1);
    readers.push('second', CANARY);
    readers.advance(1_000);
    readers.die('w1');
    readers.settle();
    expect(readers.assignments).toEqual(['w1=2', 'w1=1']);
    expect(readers.delivery.version).toBe(1);
  });
});

describe('a config that fails the check', () => {
  it('goes nowhere, and says why', () => {
    const readers = new ConfigReaders();
    readers.push(BROKEN);
    readers.settle();
    expect(readers.assignments).toEqual([]);
    expect(readers.delivery.version).toBe(1);
    expect(readers.events).toEqual([
      { type: 'config.refused', atMs: 0, status: 422, reason: 'it is broken' },
    ]);
  });

  it('takes no number', () => {
    const readers = new ConfigReaders();
    readers.push(BROKEN);
    readers.push('second');
    expect(readers.delivery.version).toBe(2);
  });

  it('does not disturb a rollout under way', () => {
    const readers = new ConfigReaders();
    readers.push('second', ROLLING);
    readers.advance(1_500);
    readers.push(BROKEN);
    readers.settle();
    expect(readers.assignments).toEqual(['w1=2', 'w2=2', 'w3=2', 'w4=2']);
    expect(readers.configs).toEqual(new Array(4).fill('second'));
  });
});

describe('a push during a rollout under way', () => {
  it('takes its place', () => {
    const readers = new ConfigReaders();
    readers.push('second', ROLLING);
    readers.advance(1_000);
    readers.push('third', ROLLING);
    readers.settle();
    expect(readers.assignments).toEqual(['w1=2', 'w2=2', 'w1=3', 'w2=3', 'w3=3', 'w4=3']);
    expect(readers.delivery.version).toBe(3);
  });

  it('leaves nobody on the version it interrupted when its own canary fails', () => {
    const readers = new ConfigReaders();
    readers.push('second', ROLLING);
    readers.advance(1_000);
    readers.push('third', CANARY);
    readers.die('w1');
    readers.settle();
    expect(readers.delivery.version).toBe(1);
    expect(readers.versions).toEqual([1, 1, 1, 1]);
  });
});
