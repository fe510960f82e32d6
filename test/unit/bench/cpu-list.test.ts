/** Lists of processors as the kernel writes them. */
import { describe, expect, it } from 'vitest';
import { parseCpuList } from '../../../src/bench/pinning.js';

describe('a list of processors', () => {
  it.each([
    ['0', [0]],
    ['0-3', [0, 1, 2, 3]],
    ['0-1,4,6-7\n', [0, 1, 4, 6, 7]],
    ['', []],
  ])('%j holds %j', (text, expected) => {
    expect(parseCpuList(text)).toEqual(expected);
  });
});
