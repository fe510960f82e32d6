/** `--seeds` of a sweep: how many, or which. */
import { describe, expect, it } from 'vitest';
import { parseSeeds } from '../../../src/cli/sweep.js';
import { UserError } from '../../../src/core/errors.js';

describe('seeds', () => {
  it.each([
    [undefined, [42, 43, 44]],
    [5, [42, 43, 44, 45, 46]],
    ['1', [42]],
    ['1,2,3', [1, 2, 3]],
    ['9, 7', [9, 7]],
    [
      [2, '4,5'],
      [4, 5],
    ],
  ])('of %j from 42 on are %j', (flag, seeds) => {
    expect(parseSeeds(flag)(42)).toEqual(seeds);
  });

  it('begin again at 0 behind the largest there is', () => {
    expect(parseSeeds(2)(2 ** 31 - 1)).toEqual([2 ** 31 - 1, 0]);
  });

  it.each(['0', '-1', '1.5', 'x', '1,x', '1,,2', '', '1,2147483648'])('are not %j', (flag) => {
    expect(() => parseSeeds(flag)).toThrow(UserError);
    expect(() => parseSeeds(flag)).toThrow('--seeds takes a number of seeds, such as 5, or a list of them');
  });

  it('are not there twice', () => {
    expect(() => parseSeeds('1,2,1')).toThrow('a seed is there twice');
  });
});
