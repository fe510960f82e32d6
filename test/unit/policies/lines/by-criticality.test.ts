/** Lines by criticality: premium before free, and when there is no place, free makes way for premium. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByCriticality } from '../../../../src/policies/lines/by-criticality.js';
import type { DropReason, Waiting } from '../../../../src/policies/lines/line.js';
import { LINE_DEFAULTS, LINES, type LineName } from '../../../../src/policies/lines/lines.js';

interface Item extends Waiting {
  readonly name: string;
}

const item = (name: string, criticality: number, more: Partial<Waiting> = {}): Item => ({
  name,
  sinceMs: 0,
  deadlineMs: Infinity,
  criticality,
  ...more,
});

const make = (classes: number, admits?: (criticality: number) => boolean, name: LineName = 'fifo') =>
  new ByCriticality<Item>(
    Array.from({ length: classes }, () => LINES[name]<Item>(LINE_DEFAULTS)),
    admits,
  );

const unexpected = (one: Item, reason: DropReason): never => {
  throw new Error(`${one.name} was dropped: ${reason}`);
};

const drain = (line: ByCriticality<Item>): string => {
  let served = '';
  for (let next = line.next(1, unexpected); next !== null; next = line.next(1, unexpected))
    served += next.name;
  return served;
};

describe('lines by criticality', () => {
  it('serve the most critical first, and within a class as the class says', () => {
    const fifo = make(2);
    const lifo = make(2, undefined, 'lifo');
    for (const line of [fifo, lifo]) {
      for (const letter of 'aAbB') line.add(item(letter, letter === letter.toUpperCase() ? 0 : 1), 0);
    }
    expect(drain(fifo)).toBe('ABab');
    expect(drain(lifo)).toBe('BAba');
  });

  it('put who is less critical than the last class into it', () => {
    const line = make(2);
    const beyond = item('x', 7);
    line.add(beyond, 0);
    expect(line.remove(beyond)).toBe(true);
    line.add(beyond, 0);
    expect(drain(line)).toBe('x');
  });

  it('pass over a class that has no slot to get, without dropping anybody of it', () => {
    const open = new Set([2]);
    const line = make(3, (criticality) => open.has(criticality));
    for (const criticality of [0, 1, 2]) line.add(item(`${criticality}`, criticality), 0);
    expect(drain(line)).toBe('2');
    expect(line.size).toBe(2);
    open.add(0).add(1);
    expect(drain(line)).toBe('01');
  });

  it('pass on what a class drops, and count it out', () => {
    const line = make(2, undefined, 'deadline');
    line.add(item('late', 0, { deadlineMs: 10 }), 0);
    line.add(item('free', 1), 0);
    const dropped: string[] = [];
    expect(line.next(5, ({ name }) => dropped.push(name))?.name).toBe('free');
    expect(dropped).toEqual(['late']);
    expect(line.size).toBe(0);
  });

  it.each<[waiting: string, newcomer: number, victim: string | null]>([
    ['', 0, null],
    ['0011', 1, null],
    ['0000', 0, null],
    ['0011', 0, '1'],
    ['0112', 0, '2'],
    ['0112', 1, '2'],
    ['0112', 2, null],
    ['1000', 0, '1'],
  ])('when %s wait, for a newcomer of class %i makes way: %s', (waiting, newcomer, victim) => {
    const line = make(3);
    for (const letter of waiting) line.add(item(letter, Number(letter)), 0);
    expect(line.evictFor(item('new', newcomer), 1)?.name ?? null).toBe(victim);
    expect(line.size).toBe(waiting.length - (victim === null ? 0 : 1));
  });

  it('let of a class the one make way who would have been served last', () => {
    const line = make(2);
    for (const letter of 'abc') line.add(item(letter, 1), 0);
    expect(line.evictFor(item('new', 0), 1)?.name).toBe('c');
    expect(drain(line)).toBe('ab');
  });

  it('never serve anybody while somebody more critical waits, nor evict while somebody less critical waits', () => {
    const step = fc.record({ type: fc.constantFrom('add', 'next', 'evict'), criticality: fc.nat(3) });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.constantFrom(...Object.keys(LINES)),
        (steps, name) => {
          const line = make(4, undefined, name as LineName);
          const inside = new Map<Item, number>();
          steps.forEach(({ type, criticality }, index) => {
            const newcomer = item(`${index}`, criticality);
            if (type === 'add') {
              line.add(newcomer, 0);
              inside.set(newcomer, criticality);
              return;
            }
            const worst = Math.max(...inside.values());
            const out = type === 'next' ? line.next(1, unexpected) : line.evictFor(newcomer, 1);
            if (type === 'next') expect(out?.criticality ?? Infinity).toBe(Math.min(...inside.values()));
            else if (worst > criticality) expect(out?.criticality).toBe(worst);
            else expect(out).toBeNull();
            if (out !== null) inside.delete(out);
            expect(line.size).toBe(inside.size);
          });
        },
      ),
    );
  });
});
