/** Memory to be held: in V8's heap, or beside it. */

/** V8 keeps an array of numbers with fractions as 8 bytes each. */
const BYTES_PER_NUMBER = 8;

/** 32 KiB: larger arrays would go to a space of their own, which is not collected as the rest is. */
const NUMBERS_PER_ARRAY = 4_096;

/** Objects: V8 limits them, and its collector has to look at them. */
export const heapOf = (bytes: number): unknown => {
  const arrays: number[][] = [];
  for (let left = Math.ceil(bytes / BYTES_PER_NUMBER); left > 0; left -= NUMBERS_PER_ARRAY)
    arrays.push(new Array<number>(Math.min(left, NUMBERS_PER_ARRAY)).fill(0.5));
  return arrays;
};

/** 1 MiB: whatever is asked for, a buffer that Node refuses to make must not be the end. */
const BYTES_PER_BUFFER = 1024 ** 2;

/** Buffers: neither V8's limit nor its collector knows of them. */
export const externalOf = (bytes: number): unknown => {
  const buffers: Buffer[] = [];
  for (let left = bytes; left > 0; left -= BYTES_PER_BUFFER)
    // Written to, because the system gives a page only to who touches it.
    buffers.push(Buffer.alloc(Math.min(left, BYTES_PER_BUFFER), 1));
  return buffers;
};
