/** Shared processors, by table and by property: nothing is done faster than one processor can, and none idles beside work. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Processors } from '../../src/core/processors.js';
import { VirtualClock } from '../../src/core/virtual-clock.js';

interface Piece {
  readonly atMs: number;
  readonly workMs: number;
}

const START_MS = Date.UTC(2025, 0, 1);

/** Of times this far from zero, in milliseconds, and of how many decimal places that leaves. */
const ROUNDING_MS = 0.05;
const DECIMALS = 2;

/** @returns when each piece was done. */
const endsOf = (count: number, pieces: readonly Piece[]): number[] => {
  // As in a run: this far from zero, fractions of a microsecond are lost.
  const clock = new VirtualClock(START_MS);
  const processors = new Processors(clock, count);
  const ends: number[] = [];
  for (const [index, { atMs, workMs }] of pieces.entries()) {
    clock.after(atMs, () => {
      processors.work(workMs, () => {
        ends[index] = clock.nowMs() - START_MS;
      });
    });
  }
  while (clock.step());
  return ends;
};

const at = (atMs: number, workMs: number): Piece => ({ atMs, workMs });

const expectEnds = (ends: readonly number[], expected: readonly number[]): void => {
  expect(ends).toHaveLength(expected.length);
  for (const [index, endMs] of expected.entries()) expect(ends[index]).toBeCloseTo(endMs, DECIMALS);
};

describe('Processors', () => {
  it.each([
    ['one piece has a processor to itself', 2, [at(5, 80)], [85]],
    ['as many as there are processors do not meet', 2, [at(0, 80), at(0, 50)], [80, 50]],
    ['four on two take twice as long', 2, [at(0, 80), at(0, 80), at(0, 80), at(0, 80)], [160, 160, 160, 160]],
    // Half of each until 20, then the short one is done.
    ['a short one ends first, and leaves its share', 1, [at(0, 10), at(0, 50)], [20, 60]],
    // 10 alone; from 10 to 30 both have half.
    ['one that comes later slows the first', 1, [at(0, 20), at(10, 10)], [30, 30]],
    [
      'without a limit nobody waits',
      Number.POSITIVE_INFINITY,
      [at(0, 80), at(0, 80), at(1, 80)],
      [80, 80, 81],
    ],
    ['nothing to do is done at once', 1, [at(0, 10), at(3, 0)], [10, 3]],
  ])('%s', (_title, count, pieces, expected) => {
    expectEnds(endsOf(count, pieces), expected);
  });

  it('tell beforehand how long work waits, if nothing else comes or ends', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.nat({ max: 20 }),
        fc.integer({ min: 1, max: 50 }),
        (count, held, workMs) => {
          const clock = new VirtualClock();
          const processors = new Processors(clock, count);
          for (let other = 0; other < held; other++) processors.hold();
          const waitMs = processors.waitMs(workMs);
          let endMs = Number.NaN;
          processors.work(workMs, () => {
            endMs = clock.nowMs();
          });
          while (clock.step());
          expect(endMs).toBeCloseTo(workMs + waitMs, DECIMALS);
        },
      ),
    );
  });

  it('one that is held is one more that shares, until it is let go', () => {
    const clock = new VirtualClock();
    const processors = new Processors(clock, 1);
    const letGo = processors.hold();
    let endMs = 0;
    processors.work(30, () => {
      endMs = clock.nowMs();
    });
    clock.advance(20);
    letGo();
    letGo();
    clock.advance(100);
    expect(endMs).toBeCloseTo(40, 6);
  });

  it('work that is cancelled leaves its share, and is not told of', () => {
    const clock = new VirtualClock();
    const processors = new Processors(clock, 1);
    const ends: string[] = [];
    const first = processors.work(100, () => ends.push('first'));
    processors.work(20, () => ends.push(`second at ${clock.nowMs()}`));
    clock.advance(10);
    first.cancel();
    first.cancel();
    clock.advance(1000);
    expect(ends).toEqual(['second at 25']);
  });

  it('two that end at once: the first can take back the second', () => {
    const clock = new VirtualClock();
    const processors = new Processors(clock, 2);
    const ends: string[] = [];
    processors.work(10, () => {
      ends.push('first');
      second.cancel();
    });
    const second = processors.work(10, () => ends.push('second'));
    clock.advance(100);
    expect(ends).toEqual(['first']);
  });

  it.each([0, -1, Number.NaN])('refuses %s processors', (count) => {
    expect(() => new Processors(new VirtualClock(), count)).toThrow('processors must be more than 0');
  });

  const piece = fc.record({
    atMs: fc.integer({ min: 0, max: 200 }),
    workMs: fc.integer({ min: 1, max: 100 }),
  });

  it('does all work, as fast as it can be done and no faster', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.array(piece, { minLength: 1, maxLength: 12 }),
        (count, pieces) => {
          const ends = endsOf(count, pieces);
          for (const [index, { atMs, workMs }] of pieces.entries()) {
            expect(ends[index]! - atMs).toBeGreaterThanOrEqual(workMs - ROUNDING_MS);
            // Were all others done first on one processor.
            expect(ends[index]! - atMs).toBeLessThanOrEqual(
              pieces.reduce((sum, other) => sum + other.workMs, 0) + ROUNDING_MS,
            );
          }
          const total = pieces.reduce((sum, { workMs }) => sum + workMs, 0);
          const spanMs = Math.max(...ends) - Math.min(...pieces.map(({ atMs }) => atMs));
          expect(spanMs * count).toBeGreaterThanOrEqual(total - ROUNDING_MS);
        },
      ),
    );
  });

  it('is work-conserving: with everything there from the start, one processor is never idle', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 12 }), (works) => {
        const ends = endsOf(
          1,
          works.map((workMs) => at(0, workMs)),
        );
        const total = works.reduce((sum, workMs) => sum + workMs, 0);
        expect(Math.max(...ends)).toBeCloseTo(total, DECIMALS - 1);
      }),
    );
  });
});
