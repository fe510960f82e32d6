/** How the moves of an adaptive limit are told: at once, not too often, and the last one for certain. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { EventStream } from '../../../src/core/events.js';
import { VirtualClock } from '../../../src/core/virtual-clock.js';
import { LIMIT_EVENT_INTERVAL_MS, tellLimit } from '../../../src/gateway/limit-events.js';

const make = () => {
  const clock = new VirtualClock();
  const stream = new EventStream(() => clock.nowMs());
  const told: [atMs: number, limit: number][] = [];
  stream.subscribe((event) => {
    if (event.type === 'limit.changed') told.push([event.atMs, event.limit]);
  });
  return { clock, told, ...tellLimit('u1', clock, stream.emit) };
};

it('tells the first move at once, and of those after it the last, 100 ms later', () => {
  const { clock, told, onChange } = make();
  onChange(9);
  for (const limit of [8, 7, 6]) {
    clock.advance(10);
    onChange(limit);
  }
  expect(told).toEqual([[0, 9]]);
  clock.advance(1_000);
  expect(told).toEqual([
    [0, 9],
    [100, 6],
  ]);
});

it('says nothing of a limit that is back where it was, nor after it is closed', () => {
  const { clock, told, onChange, close } = make();
  onChange(9);
  onChange(8);
  onChange(9);
  clock.advance(200);
  onChange(7);
  onChange(6);
  close();
  clock.advance(200);
  expect(told).toEqual([
    [0, 9],
    [200, 7],
  ]);
});

it('never tells two moves within the interval, and ends with the last', () => {
  const moves = fc.array(fc.record({ waitMs: fc.nat(150), limit: fc.integer({ min: 1, max: 5 }) }), {
    minLength: 1,
    maxLength: 60,
  });
  fc.assert(
    fc.property(moves, (steps) => {
      const { clock, told, onChange } = make();
      for (const { waitMs, limit } of steps) {
        clock.advance(waitMs);
        onChange(limit);
      }
      clock.advance(LIMIT_EVENT_INTERVAL_MS);
      for (let index = 1; index < told.length; index++) {
        expect(told[index]![0] - told[index - 1]![0]).toBeGreaterThanOrEqual(LIMIT_EVENT_INTERVAL_MS);
      }
      expect(told.at(-1)![1]).toBe(steps.at(-1)!.limit);
    }),
  );
});
