/** The places where faults take hold: each hook is asked in order, and is gone when it is taken back. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { VirtualClock } from '../../../src/core/virtual-clock.js';
import { resolveOptions } from '../../../src/upstream/faults/options.js';
import type { WorkerFaultName } from '../../../src/upstream/faults/worker-faults.js';
import { WORKER_FAULTS } from '../../../src/upstream/faults/worker-faults.js';
import { Site } from '../../../src/upstream/site.js';
import { visit } from '../../support/visit.js';
import { countingRuntime } from '../../support/worker-runtime.js';

const makeSite = () => new Site(new VirtualClock(), new Random(1), countingRuntime());

const begin = (site: Site, name: WorkerFaultName, written = {}) => {
  const fault = WORKER_FAULTS[name];
  if (!('begin' in fault)) throw new Error(`${name} is not done in the worker`);
  return fault.begin(site, resolveOptions(fault, written), Number.POSITIVE_INFINITY);
};

describe('a site', () => {
  it('without faults changes nothing', () => {
    const site = makeSite();
    expect(site.taken(visit())).toBe(false);
    expect(site.serviceMs(5, visit())).toBe(5);
    expect(site.answered(visit())).toBe(false);
    expect([site.ready(true), site.ready(false)]).toEqual([true, false]);
    site.waits(visit())();
  });

  it('asks who takes a request in order, and none after the one that does', () => {
    const site = makeSite();
    const asked: string[] = [];
    const add = (name: string, takes: boolean) =>
      site.onArrival(() => {
        asked.push(name);
        return takes;
      });
    add('a', false);
    const undo = add('b', true);
    add('c', false);
    expect(site.taken(visit())).toBe(true);
    expect(asked).toEqual(['a', 'b']);
    undo();
    asked.length = 0;
    expect(site.taken(visit())).toBe(false);
    expect(asked).toEqual(['a', 'c']);
  });

  it('takes one hook back at a time, though another is the same', () => {
    const site = makeSite();
    const undos = [1, 2].map(() => site.onService((ms) => ms * 2));
    expect(site.serviceMs(1, visit())).toBe(4);
    undos[0]!();
    expect(site.serviceMs(1, visit())).toBe(2);
    undos[1]!();
    expect(site.serviceMs(1, visit())).toBe(1);
  });

  it('lets go of everything that a wait holds when it is over', () => {
    const site = makeSite();
    const held = new Set<string>();
    for (const name of ['a', 'b'])
      site.onWait(() => {
        held.add(name);
        return () => held.delete(name);
      });
    const over = site.waits(visit());
    expect([...held]).toEqual(['a', 'b']);
    over();
    expect(held.size).toBe(0);
  });
});

describe('service times', () => {
  it('of a slow worker are longer by the factor, and as ever afterwards', () => {
    const site = makeSite();
    const undo = begin(site, 'slow', { factor: 10 });
    expect(site.serviceMs(5, visit())).toBe(50);
    undo();
    expect(site.serviceMs(5, visit())).toBe(5);
  });

  it('with a tail of 1% × 66 are longer for about one request in a hundred, which takes two fifths of all time', () => {
    const site = makeSite();
    begin(site, 'slow', { factor: 66, share: '1%' });
    const times = Array.from({ length: 20_000 }, () => site.serviceMs(1, visit()));
    const tail = times.filter((ms) => ms === 66);
    expect(tail.length / times.length).toBeCloseTo(0.01, 2);
    const total = times.reduce((sum, ms) => sum + ms, 0);
    expect((tail.length * 66) / total).toBeCloseTo(0.4, 1);
  });

  it('of a cold process fall from the factor to nothing over its first requests', () => {
    const site = makeSite();
    begin(site, 'cold-start', { factor: 5, requests: 4 });
    const times = Array.from({ length: 6 }, () => site.serviceMs(10, visit()));
    expect(times).toEqual([50, 40, 30, 20, 10, 10]);
  });

  it('with an empty cache fall as it fills, the more the fewer keys there are', () => {
    const meanOf = (times: readonly number[]): number =>
      times.reduce((sum, ms) => sum + ms, 0) / times.length;
    const few = makeSite();
    begin(few, 'cache-lost', { factor: 5, keys: 20 });
    const many = makeSite();
    begin(many, 'cache-lost', { factor: 5, keys: 100_000 });
    const take = (site: Site) => Array.from({ length: 500 }, () => site.serviceMs(1, visit()));
    const [warm, cold] = [take(few), take(many)];
    expect(warm[0]).toBe(5);
    expect(meanOf(warm.slice(400))).toBeLessThan(1.2);
    expect(meanOf(cold.slice(400))).toBeGreaterThan(2 * meanOf(warm.slice(400)));
  });
});

describe('the readiness check', () => {
  it.each([
    ['ready', [true, true, true]],
    ['unready', [false, false, false]],
    ['stale', [true, true, true]],
  ])('says %s whatever is so', (says, expected) => {
    const site = makeSite();
    const undo = begin(site, 'readiness', { says });
    expect([true, false, true].map((truth) => site.ready(truth))).toEqual(expected);
    undo();
    expect(site.ready(false)).toBe(false);
  });

  it('says for ever what was so at first when it is stale', () => {
    const site = makeSite();
    begin(site, 'readiness', { says: 'stale' });
    expect([false, true, true].map((truth) => site.ready(truth))).toEqual([false, false, false]);
  });
});
