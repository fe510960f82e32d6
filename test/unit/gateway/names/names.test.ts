/** Lookups in time: one at a time for a name, cut off when they are late, and told of as events. */
import { describe, expect, it } from 'vitest';
import { Deferred } from '../../../../src/core/deferred.js';
import { EventStream } from '../../../../src/core/events.js';
import { VirtualClock } from '../../../../src/core/virtual-clock.js';
import { type NamesSection, resolveNames } from '../../../../src/gateway/config/names.js';
import { LookupError } from '../../../../src/gateway/names/dns-query.js';
import type { Answer } from '../../../../src/gateway/names/name-record.js';
import { Names } from '../../../../src/gateway/names/names.js';

const ONE: Answer = { addresses: ['127.0.0.1'], ttlMs: 5_000 };
const NAME = 'worker-1.fleet.test';

const start = (section: NamesSection = {}) => {
  const clock = new VirtualClock();
  const stream = new EventStream(() => clock.nowMs());
  const told: string[] = [];
  stream.subscribe(({ type, atMs, ...fields }) => {
    const { name: _, ...rest } = fields as unknown as Record<string, unknown>;
    told.push(`${type} ${Object.values(rest).join(' ')}`);
  });
  const asked: Deferred<Answer>[] = [];
  const query = {
    ask: () => {
      const one = new Deferred<Answer>();
      asked.push(one);
      return one.promise;
    },
    close: () => {
      for (const one of asked) one.reject(new LookupError(NAME, 'ecancelled'));
    },
  };
  const names = new Names({ config: resolveNames(section), query, clock, emit: stream.emit });
  return { clock, names, asked, told };
};

/** Lets whatever has been settled be heard of. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
};

/** What became of it: an address, a reason, or nothing yet. */
const outcome = (promise: Promise<string>): { readonly value: string | null } => {
  const state: { value: string | null } = { value: null };
  promise.then(
    (address) => {
      state.value = address;
    },
    ({ reason }: LookupError) => {
      state.value = reason;
    },
  );
  return state;
};

describe('a name', () => {
  it('is looked up once for all who wait, and not again within its TTL', async () => {
    const { clock, names, asked, told } = start();
    const waiting = [names.resolve(NAME), names.resolve(NAME), names.resolve(NAME)];
    expect(asked).toHaveLength(1);
    asked[0]!.resolve(ONE);
    expect(await Promise.all(waiting)).toEqual(['127.0.0.1', '127.0.0.1', '127.0.0.1']);
    clock.advance(4_999);
    expect(await names.resolve(NAME)).toBe('127.0.0.1');
    expect(asked).toHaveLength(1);
    clock.advance(1);
    const again = names.resolve(NAME);
    expect(asked).toHaveLength(2);
    asked[1]!.resolve({ addresses: ['127.0.0.2'], ttlMs: 5_000 });
    expect(await again).toBe('127.0.0.2');
    expect(told).toEqual(['name.changed 127.0.0.1 127.0.0.2']);
  });

  it('has no more to do with another than that', async () => {
    const { names, asked } = start();
    const both = [names.resolve(NAME), names.resolve('worker-2.fleet.test')];
    asked[1]!.resolve(ONE);
    expect(await both[1]).toBe('127.0.0.1');
    asked[0]!.reject(new LookupError(NAME, 'nxdomain'));
    await expect(both[0]).rejects.toThrow('worker-1.fleet.test does not resolve: nxdomain');
  });

  it('is looked up for Node’s connections too, in both forms that they ask for', async () => {
    const { names, asked } = start();
    const one = new Promise((resolve) => {
      names.lookup(NAME, {}, (...answer) => resolve(answer));
    });
    asked[0]!.resolve(ONE);
    expect(await one).toEqual([null, '127.0.0.1', 4]);
    const all = new Promise((resolve) => {
      names.lookup(NAME, { all: true }, (...answer) => resolve(answer));
    });
    expect(await all).toEqual([null, [{ address: '127.0.0.1', family: 4 }]]);
  });
});

describe('a resolver that is silent', () => {
  it('costs the timeout, and then nothing until it is asked again', async () => {
    const { clock, names, asked, told } = start({ timeout: '300ms', recheck: '1s' });
    const first = outcome(names.resolve(NAME));
    clock.advance(299);
    await settle();
    expect(first.value).toBeNull();
    clock.advance(1);
    await settle();
    expect(first.value).toBe('timeout');
    clock.advance(999);
    const second = outcome(names.resolve(NAME));
    await settle();
    expect(second.value).toBe('timeout');
    expect(asked).toHaveLength(1);
    clock.advance(1);
    outcome(names.resolve(NAME));
    expect(asked).toHaveLength(2);
    expect(told).toEqual(['name.lookup-failed timeout']);
  });

  it('with serveStale costs the timeout once, however long it is silent', async () => {
    const { clock, names, asked, told } = start({ serveStale: 'on' });
    const known = names.resolve(NAME);
    asked[0]!.resolve(ONE);
    await known;
    clock.advance(5_000);
    const waited = outcome(names.resolve(NAME));
    clock.advance(300);
    await settle();
    expect(waited.value).toBe('127.0.0.1');
    for (let count = 0; count < 20; count++) {
      clock.advance(250);
      const atOnce = outcome(names.resolve(NAME));
      await settle();
      expect(atOnce.value).toBe('127.0.0.1');
    }
    clock.advance(1_300);
    await settle();
    await names.resolve(NAME);
    asked.at(-1)!.resolve(ONE);
    await settle();
    expect(asked.length).toBeGreaterThan(3);
    expect(told.filter((line) => line.startsWith('name.served-stale'))).toHaveLength(
      told.filter((line) => line.startsWith('name.lookup-failed')).length,
    );
    expect(told[1]).toBe('name.served-stale 300');
    expect(told.at(-1)).toMatch(/^name\.recovered \d/);
  });
});

describe('closing', () => {
  it('ends what is under way, and tells of no failure', async () => {
    const { names, told } = start();
    const waiting = outcome(names.resolve(NAME));
    names.close();
    await settle();
    expect(waiting.value).toBe('ecancelled');
    expect(told).toEqual([]);
  });
});
