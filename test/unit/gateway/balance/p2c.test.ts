/** Two choices by requests in flight. */
import { describe, expect, it } from 'vitest';
import { countChoices, loaded, make } from '../../../support/balancing.js';

describe('p2c', () => {
  it('never chooses the busiest of three, and now and then the second', () => {
    const [idle, middle, busy] = countChoices(make('p2c'), loaded(0, 5, 9), 6_000);
    expect(busy).toBe(0);
    expect(idle! / 6_000).toBeCloseTo(2 / 3, 1);
    expect(middle! / 6_000).toBeCloseTo(1 / 3, 1);
  });

  it('draws two different ones, so of two it always finds the idler', () => {
    expect(countChoices(make('p2c'), loaded(4, 3), 200)).toEqual([0, 200]);
  });
});
