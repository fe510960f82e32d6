/** What each toxic does with bytes and time, as numbers: no socket, no clock. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/core/random.js';
import type { Attributes } from '../../../../src/upstream/links/attributes.js';
import type { Flow, Release } from '../../../../src/upstream/links/toxic.js';
import { TOXICS, type ToxicType } from '../../../../src/upstream/links/toxics/toxics.js';

/** Draws the same number again and again. */
const always = (drawn: number): Random => ({ next: () => drawn }) as unknown as Random;

const begin = (
  type: ToxicType,
  attributes: Attributes,
  { random = new Random(1), nowMs = 0, passedBytes = 0 } = {},
): Flow => {
  const zeros = Object.fromEntries(Object.keys(TOXICS[type].attributes).map((name) => [name, 0]));
  return TOXICS[type].begin({ ...zeros, ...attributes }, { random, nowMs, passedBytes });
};

const bytes = (length: number): Buffer => Buffer.alloc(length, 'x');

const sizes = (releases: readonly Release[]): (readonly [size: number | string, atMs: number])[] =>
  releases.map((release) => ['bytes' in release ? release.bytes.length : release.ending, release.atMs]);

describe('latency', () => {
  it.each([
    [0, 450],
    [0.5, 500],
    [0.75, 525],
  ])('adds its attribute and, with %d drawn, a part of the jitter: %d ms', (drawn, atMs) => {
    const flow = begin('latency', { latency: 500, jitter: 50 }, { random: always(drawn) });
    expect(sizes(flow.onBytes!(bytes(3), 1_000))).toEqual([[3, 1_000 + atMs]]);
  });

  it('leaves the end alone', () => {
    expect(begin('latency', { latency: 500 }).onEnding).toBeUndefined();
  });
});

describe('bandwidth', () => {
  it('lets a thousand bytes a second through for each of its KB/s, a tenth of a second at a time', () => {
    const flow = begin('bandwidth', { rate: 10 });
    expect(sizes(flow.onBytes!(bytes(2_500), 0))).toEqual([
      [1_000, 100],
      [1_000, 200],
      [500, 250],
    ]);
  });

  it('makes bytes wait for those before them, and forgets what it could have sent while nothing came', () => {
    const flow = begin('bandwidth', { rate: 1 });
    expect(sizes(flow.onBytes!(bytes(50), 0))).toEqual([[50, 50]]);
    expect(sizes(flow.onBytes!(bytes(50), 10))).toEqual([[50, 100]]);
    expect(sizes(flow.onBytes!(bytes(50), 1_000))).toEqual([[50, 1_050]]);
  });

  it('of 0 lets nothing through', () => {
    expect(sizes(begin('bandwidth', { rate: 0 }).onBytes!(bytes(5), 0))).toEqual([
      [5, Number.POSITIVE_INFINITY],
    ]);
  });

  it('keeps every byte, in order, and never beats its rate', () => {
    const arrivals = fc.array(fc.tuple(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 0, max: 300 })));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), arrivals, (rate, chunks) => {
        const flow = begin('bandwidth', { rate });
        let nowMs = 0;
        let sent = 0;
        let lastMs = 0;
        let total = 0;
        for (const [size, gapMs] of chunks) {
          nowMs += gapMs;
          total += size;
          for (const [part, atMs] of sizes(flow.onBytes!(bytes(size), nowMs))) {
            sent += part as number;
            expect(atMs).toBeGreaterThanOrEqual(lastMs);
            expect(sent).toBeLessThanOrEqual(atMs * rate + 1e-6);
            lastMs = atMs;
          }
        }
        expect(sent).toBe(total);
      }),
    );
  });
});

describe('slow_close', () => {
  it.each([
    ['end', 700],
    ['close', 700],
    ['reset', 200],
  ] as const)('tells of %s at %d ms', (ending, atMs) => {
    const flow = begin('slow_close', { delay: 500 });
    expect(sizes(flow.onEnding!(ending, 200))).toEqual([[ending, atMs]]);
    expect(flow.onBytes).toBeUndefined();
  });
});

describe('timeout', () => {
  it('loses what comes and closes when nothing has come for its time', () => {
    const flow = begin('timeout', { timeout: 100 }, { nowMs: 5 });
    expect(flow.closesAtMs).toBe(105);
    expect(flow.onBytes!(bytes(9), 80)).toEqual([]);
    expect(flow.closesAtMs).toBe(180);
  });

  it('of 0 loses what comes and never closes by itself, only by its removal', () => {
    const flow = begin('timeout', { timeout: 0 });
    expect(flow.onBytes!(bytes(9), 80)).toEqual([]);
    expect(flow.closesAtMs).toBeUndefined();
    expect(TOXICS.timeout.closesWhenRemoved).toBe(true);
  });
});

describe('reset_peer', () => {
  it('resets its time after the first bytes, or after the end', () => {
    const flow = begin('reset_peer', { timeout: 30 });
    expect(sizes(flow.onBytes!(bytes(9), 10))).toEqual([['reset', 40]]);
    expect(sizes(flow.onEnding!('end', 10))).toEqual([['reset', 40]]);
  });
});

describe('limit_data', () => {
  it('closes when so many bytes have passed, in the middle of what comes', () => {
    const flow = begin('limit_data', { bytes: 100 });
    expect(sizes(flow.onBytes!(bytes(60), 1))).toEqual([[60, 1]]);
    expect(sizes(flow.onBytes!(bytes(60), 2))).toEqual([
      [40, 2],
      ['close', 2],
    ]);
  });

  it.each([
    [
      'exactly as many',
      100,
      [
        [100, 0],
        ['close', 0],
      ],
    ],
    ['one less', 99, [[99, 0]]],
  ])('of 100, given %s, says %j', (_name, size, expected) => {
    expect(sizes(begin('limit_data', { bytes: 100 }).onBytes!(bytes(size), 0))).toEqual(expected);
  });

  it.each([
    [100, [['close', 0]]],
    [
      90,
      [
        [10, 0],
        ['close', 0],
      ],
    ],
  ])('counts the %d bytes that passed before it was changed', (passedBytes, expected) => {
    const flow = begin('limit_data', { bytes: 100 }, { passedBytes });
    expect(sizes(flow.onBytes!(bytes(20), 0))).toEqual(expected);
  });
});

describe('slicer', () => {
  it('without variation cuts in halves until the pieces are small, each after the delay of the one before', () => {
    const flow = begin('slicer', { average_size: 3, delay: 500 });
    expect(sizes(flow.onBytes!(bytes(10), 7))).toEqual([
      [2, 7],
      [3, 7.5],
      [2, 8],
      [3, 8.5],
    ]);
    expect(sizes(flow.onBytes!(bytes(2), 8))).toEqual([[2, 9]]);
    expect(sizes(flow.onEnding!('end', 8))).toEqual([['end', 9.5]]);
  });

  it('keeps every byte in order, in pieces no larger than it says', () => {
    const settings = fc
      .integer({ min: 1, max: 500 })
      .chain((average) => fc.tuple(fc.constant(average), fc.integer({ min: 0, max: average - 1 })));
    fc.assert(
      fc.property(
        settings,
        fc.uint8Array({ minLength: 1, maxLength: 5_000 }),
        fc.integer(),
        ([average, variation], sent, seed) => {
          const attributes = { average_size: average, size_variation: variation, delay: 10 };
          const flow = begin('slicer', attributes, { random: new Random(seed) });
          const pieces = flow.onBytes!(Buffer.from(sent), 0).map((release) =>
            'bytes' in release ? release.bytes : bytes(0),
          );
          expect(Buffer.concat(pieces).equals(Buffer.from(sent))).toBe(true);
          for (const piece of pieces) {
            expect(piece.length).toBeGreaterThan(0);
            expect(piece.length).toBeLessThanOrEqual(average + variation);
          }
        },
      ),
    );
  });

  it('cuts alike with equal seeds, and otherwise with others', () => {
    const cut = (seed: number) =>
      begin('slicer', { average_size: 100, size_variation: 50 }, { random: new Random(seed) }).onBytes!(
        bytes(10_000),
        0,
      );
    expect(sizes(cut(1))).toEqual(sizes(cut(1)));
    expect(sizes(cut(1))).not.toEqual(sizes(cut(2)));
  });
});

describe('black-hole', () => {
  it('holds bytes and ends until it is taken away', () => {
    const flow = begin('black-hole', {});
    expect(sizes(flow.onBytes!(bytes(1), 0))).toEqual([[1, Number.POSITIVE_INFINITY]]);
    expect(sizes(flow.onEnding!('reset', 0))).toEqual([['reset', Number.POSITIVE_INFINITY]]);
  });
});
