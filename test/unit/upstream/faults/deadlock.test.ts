/** Two locks in opposite order: nobody gets both, whatever comes after. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/core/random.js';
import { VirtualClock } from '../../../../src/core/virtual-clock.js';
import { Mutex } from '../../../../src/upstream/faults/deadlock.js';
import { WORKER_FAULTS } from '../../../../src/upstream/faults/worker-faults.js';
import { Site } from '../../../../src/upstream/site.js';
import { visit } from '../../../support/visit.js';
import { countingRuntime } from '../../../support/worker-runtime.js';

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
};

describe('a lock', () => {
  it('is had by one at a time, in the order in which they asked', async () => {
    const lock = new Mutex();
    const had: string[] = [];
    for (const name of ['a', 'b', 'c']) void lock.acquire().then(() => had.push(name));
    await settle();
    expect(had).toEqual(['a']);
    lock.release();
    void lock.acquire().then(() => had.push('d'));
    await settle();
    expect(had).toEqual(['a', 'b']);
    lock.release();
    lock.release();
    await settle();
    expect(had).toEqual(['a', 'b', 'c', 'd']);
  });
});

describe('a deadlock', () => {
  it('takes every request from its beginning to its end, and no other', async () => {
    const clock = new VirtualClock();
    const site = new Site(clock, new Random(1), countingRuntime());
    expect(site.taken(visit())).toBe(false);
    const { begin } = WORKER_FAULTS.deadlock as Extract<
      (typeof WORKER_FAULTS)['deadlock'],
      { begin: unknown }
    >;
    const undo = begin(site, {}, Number.POSITIVE_INFINITY);
    expect(site.taken(visit())).toBe(true);
    clock.advance(60_000);
    await settle();
    expect(site.taken(visit())).toBe(true);
    undo();
    expect(site.taken(visit())).toBe(false);
  });
});
