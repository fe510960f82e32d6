/** Lines: in which order they serve, whom they drop and why, who makes way, and that nobody is ever lost. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DropReason, Line, Waiting } from '../../../../src/policies/lines/line.js';
import { LINE_DEFAULTS, LINES, type LineName } from '../../../../src/policies/lines/lines.js';

interface Item extends Waiting {
  readonly name: string;
}

const item = (name: string, sinceMs = 0, more: Partial<Waiting> = {}): Item => ({
  name,
  sinceMs,
  deadlineMs: Infinity,
  criticality: 0,
  ...more,
});

const make = (name: LineName): Line<Item> => LINES[name](LINE_DEFAULTS);

/** Serves everybody at that moment. */
const drain = (line: Line<Item>, nowMs: number): { served: string[]; dropped: [string, DropReason][] } => {
  const served: string[] = [];
  const dropped: [string, DropReason][] = [];
  for (;;) {
    const next = line.next(nowMs, ({ name }, reason) => dropped.push([name, reason]));
    if (next === null) return { served, dropped };
    served.push(next.name);
  }
};

describe.each<[name: LineName, atMs: number, served: string]>([
  ['fifo', 10, 'abc'],
  ['fifo', 10_000, 'abc'],
  ['lifo', 10, 'cba'],
  ['adaptive-lifo', 10, 'abc'],
  ['adaptive-lifo', 100, 'abc'],
  ['adaptive-lifo', 101, 'cba'],
  ['codel', 10, 'abc'],
  ['codel', 99, 'abc'],
  ['deadline', 10, 'abc'],
])('%s', (name, atMs, served) => {
  it(`serves a, b and c, who came at 0, 1 and 2 ms, at ${atMs} ms in the order ${served}`, () => {
    const line = make(name);
    for (const [index, letter] of [...'abc'].entries()) line.add(item(letter, index), index);
    expect(line.size).toBe(3);
    expect(drain(line, atMs)).toEqual({ served: [...served], dropped: [] });
    expect(line.size).toBe(0);
  });
});

describe('adaptive-lifo', () => {
  it('is first come, first served again once the line has been empty', () => {
    const line = make('adaptive-lifo');
    line.add(item('old'), 0);
    drain(line, 500);
    line.add(item('a', 600), 600);
    line.add(item('b', 601), 601);
    expect(drain(line, 650).served).toEqual(['a', 'b']);
  });
});

describe('codel', () => {
  it('lets a burst wait for 100 ms, and drops who has waited for as long', () => {
    const line = make('codel');
    line.add(item('a', 0), 0);
    line.add(item('b', 50), 50);
    expect(drain(line, 100)).toEqual({ served: ['b'], dropped: [['a', 'waited-too-long']] });
  });

  it('lets who comes when the line has not been empty for 100 ms wait for 5 ms, and serves the newest first', () => {
    const line = make('codel');
    line.add(item('old', 0), 0);
    line.add(item('patient', 90), 90);
    for (const sinceMs of [101, 104, 107]) line.add(item(`at ${sinceMs}`, sinceMs), sinceMs);
    const { served, dropped } = drain(line, 109);
    expect(dropped).toEqual([
      ['old', 'waited-too-long'],
      ['at 104', 'waited-too-long'],
      ['at 101', 'waited-too-long'],
    ]);
    expect(served).toEqual(['at 107', 'patient']);
  });

  it('is patient again once the line has been empty', () => {
    const line = make('codel');
    line.add(item('old', 0), 0);
    line.add(item('hurried', 150), 150);
    drain(line, 200);
    line.add(item('a', 201), 201);
    expect(drain(line, 250)).toEqual({ served: ['a'], dropped: [] });
  });

  it('does not keep the haste of who has left', () => {
    const line = make('codel');
    const again = item('again', 150);
    line.add(item('old', 0), 0);
    line.add(again, 150);
    line.remove(again);
    drain(line, 200);
    line.add(again, 200);
    expect(drain(line, 220).served).toEqual(['again']);
  });
});

describe('deadline', () => {
  it('drops who has less time left than the margin of 50 ms, and serves who has just that', () => {
    const line = make('deadline');
    line.add(item('late', 0, { deadlineMs: 149 }), 0);
    line.add(item('just', 0, { deadlineMs: 150 }), 0);
    line.add(item('passed', 0, { deadlineMs: 50 }), 0);
    line.add(item('patient'), 0);
    expect(drain(line, 100)).toEqual({
      served: ['just', 'patient'],
      dropped: [
        ['late', 'too-late'],
        ['passed', 'too-late'],
      ],
    });
  });
});

describe.each(Object.keys(LINES) as LineName[])('%s', (name) => {
  it('takes out anybody, once, wherever they stand', () => {
    const items = ['a', 'b', 'c', 'd'].map((letter) => item(letter));
    for (const leaving of items) {
      const line = make(name);
      for (const one of items) line.add(one, 0);
      expect(line.remove(leaving)).toBe(true);
      expect(line.remove(leaving)).toBe(false);
      const { served } = drain(line, 1);
      expect(served.sort()).toEqual(items.filter((one) => one !== leaving).map((one) => one.name));
    }
  });

  it('lets nobody make way for an equal, and the one served last for one who is more critical', () => {
    const line = make(name);
    for (const letter of 'abc') line.add(item(letter, 0, { criticality: 1 }), 0);
    expect(line.evictFor(item('equal', 0, { criticality: 1 }), 1)).toBeNull();
    expect(line.evictFor(item('lower', 0, { criticality: 2 }), 1)).toBeNull();
    const victim = line.evictFor(item('higher', 0), 1);
    expect(victim?.name).toBe(name === 'lifo' ? 'a' : 'c');
    expect(line.size).toBe(2);
    expect(drain(line, 1).served).not.toContain(victim?.name);
  });

  it('loses nobody and serves nobody twice, whatever happens', () => {
    const step = fc.oneof(
      fc.record({ type: fc.constant('add' as const), deadline: fc.nat(300), criticality: fc.nat(2) }),
      fc.record({ type: fc.constant('next' as const) }),
      fc.record({ type: fc.constant('remove' as const), index: fc.nat(20) }),
      fc.record({ type: fc.constant('evict' as const) }),
      fc.record({ type: fc.constant('wait' as const), ms: fc.nat(60) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const line = make(name);
        const inside = new Set<Item>();
        let nowMs = 0;
        const left = (one: Item): void => {
          expect(inside.delete(one), `${one.name} was there`).toBe(true);
        };
        steps.forEach((one, index) => {
          if (one.type === 'add') {
            const { deadline, criticality } = one;
            const newcomer = item(`${index}`, nowMs, { deadlineMs: nowMs + deadline, criticality });
            line.add(newcomer, nowMs);
            inside.add(newcomer);
          } else if (one.type === 'next') {
            const before = inside.size;
            const next = line.next(nowMs, left);
            if (next !== null) left(next);
            expect(next === null && inside.size > 0, 'nobody is left waiting in vain').toBe(false);
            expect(inside.size).toBeLessThanOrEqual(before);
          } else if (one.type === 'remove') {
            const leaving = [...inside][one.index] ?? item('stranger');
            expect(line.remove(leaving)).toBe(inside.has(leaving));
            inside.delete(leaving);
          } else if (one.type === 'evict') {
            const victim = line.evictFor(item('newcomer', nowMs), nowMs);
            if (victim !== null) left(victim);
          } else nowMs += one.ms;
          expect(line.size).toBe(inside.size);
        });
      }),
    );
  });
});
