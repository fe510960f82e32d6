/** Bytes in small pieces: every reader that takes one read for one message is found out. */
import type { Random } from '../../../core/random.js';
import { defineToxic, type Release } from '../toxic.js';

interface Slicing {
  readonly average: number;
  readonly variation: number;
}

/**
 * Cuts in two about the middle until the pieces are small enough: no tendency at either end, as Toxiproxy does it.
 * @param into where the pieces go, in order.
 */
const slice = (bytes: Buffer, slicing: Slicing, random: Random, into: Buffer[]): void => {
  const { average, variation } = slicing;
  if (bytes.length - average <= variation) {
    into.push(bytes);
    return;
  }
  const middle = Math.floor(bytes.length / 2 + (2 * random.next() - 1) * variation);
  const at = Math.min(Math.max(middle, 1), bytes.length - 1);
  slice(bytes.subarray(0, at), slicing, random, into);
  slice(bytes.subarray(at), slicing, random, into);
};

export const slicer = defineToxic({
  description:
    'bytes in pieces of about `average_size`, give or take `size_variation`, with `delay` microseconds after each',
  clientSees: 'answers that trickle in; nothing is wrong with them',
  attributes: {
    average_size: { unit: 'bytes', minimum: 1, required: true, description: 'of a piece' },
    size_variation: { unit: 'bytes', description: 'more or less than that; less than average_size' },
    delay: { unit: 'us', description: 'after each piece: microseconds, as in Toxiproxy' },
  },
  check: ({ average_size, size_variation }) =>
    size_variation < average_size
      ? null
      : { key: 'size_variation', message: `must be less than average_size, which is ${average_size}` },
  begin: ({ average_size, size_variation, delay }, { random, nowMs: begunMs }) => {
    let freeMs = begunMs;
    return {
      onBytes: (bytes, nowMs) => {
        freeMs = Math.max(freeMs, nowMs);
        const pieces: Buffer[] = [];
        slice(bytes, { average: average_size, variation: size_variation }, random, pieces);
        return pieces.map((piece): Release => {
          const atMs = freeMs;
          freeMs += delay / 1000;
          return { bytes: piece, atMs };
        });
      },
      onEnding: (ending, nowMs) => [{ ending, atMs: Math.max(freeMs, nowMs) }],
    };
  },
});
