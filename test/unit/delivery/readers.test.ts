/** Who reads a config: what each is meant to run and says it runs, who is behind, and who has fallen silent. */
import { describe, expect, it } from 'vitest';
import { ReaderRegister } from '../../../src/delivery/readers.js';

const register = (): ReaderRegister => new ReaderRegister({ silentAfterMs: 1_000, maxReaders: 3 });

const only = (readers: ReaderRegister, nowMs: number) => {
  const states = readers.list(nowMs);
  expect(states).toHaveLength(1);
  return states[0]!;
};

describe('a reader', () => {
  it('is current when it says that it runs what it is meant to', () => {
    const readers = register();
    readers.expect('w1', 2, 0);
    readers.saw('w1', 2, 40);
    readers.saw('w1', 2, 500);
    expect(only(readers, 600)).toEqual({
      reader: 'w1',
      condition: 'current',
      meant: 2,
      running: 2,
      sinceMs: 40,
      lastSeenMs: 500,
      behindMs: 0,
    });
  });

  it('is behind for as long as it has been meant to run something else', () => {
    const readers = register();
    readers.expect('w1', 1, 0);
    readers.saw('w1', 1, 0);
    readers.expect('w1', 2, 300);
    readers.saw('w1', 1, 700);
    expect(only(readers, 800)).toMatchObject({
      condition: 'behind',
      meant: 2,
      running: 1,
      sinceMs: 0,
      behindMs: 500,
    });
  });

  it('is behind from when it fell back, as one does that restarts with an old file', () => {
    const readers = register();
    readers.expect('w1', 2, 0);
    readers.saw('w1', 2, 100);
    readers.saw('w1', 1, 600);
    expect(only(readers, 800)).toMatchObject({
      condition: 'behind',
      running: 1,
      sinceMs: 600,
      behindMs: 200,
    });
  });

  it('is silent when it was not heard of for longer than it may be, whatever it ran', () => {
    const readers = register();
    readers.expect('w1', 2, 0);
    readers.saw('w1', 2, 100);
    expect(only(readers, 1_100).condition).toBe('current');
    expect(only(readers, 1_101).condition).toBe('silent');
    readers.expect('w1', 3, 1_200);
    expect(only(readers, 1_200), 'an order is not a sign of life').toMatchObject({
      condition: 'silent',
      behindMs: 0,
    });
  });

  it('that was never heard of is silent after a while, even if it is given version after version', () => {
    const readers = register();
    for (let version = 1; version <= 5; version++) readers.expect('w1', version, version * 300);
    expect(only(readers, 1_500)).toMatchObject({ condition: 'silent', running: null, lastSeenMs: null });
  });

  it('that nobody knew is known by what it says', () => {
    const readers = register();
    readers.saw('w9', 4, 10);
    expect(only(readers, 20)).toMatchObject({ condition: 'current', meant: 4, running: 4 });
  });

  it('makes way when there are too many, the one not heard of for longest first', () => {
    const readers = register();
    for (const [index, name] of ['w1', 'w2', 'w3'].entries()) readers.saw(name, 1, index);
    readers.saw('w1', 1, 10);
    readers.saw('w4', 1, 11);
    expect(readers.list(11).map(({ reader }) => reader)).toEqual(['w1', 'w3', 'w4']);
  });
});

describe('all readers', () => {
  it('are listed by name, with numbers as numbers', () => {
    const readers = register();
    for (const name of ['w10', 'w9', 'w1']) readers.expect(name, 1, 0);
    expect(readers.list(0).map(({ reader }) => reader)).toEqual(['w1', 'w9', 'w10']);
  });
});
