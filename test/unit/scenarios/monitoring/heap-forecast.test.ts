/** From where on a heap's growth is looked at: a young generation's sawtooth is nobody's worry, a leak is. */
import { describe, expect, it } from 'vitest';
import { HeapForecast, watchedFromBytes } from '../../../../src/scenarios/monitoring/heap-forecast.js';

const MIB = 1024 ** 2;

describe('a heap is looked at', () => {
  it.each([
    [24, 18],
    [32, 24],
    [40, 24],
    [64, 25.6],
    [512, 204.8],
  ])('of a limit of %d MiB from %d MiB on', (limit, from) => {
    expect(watchedFromBytes(limit * MIB) / MIB).toBeCloseTo(from, 6);
  });

  /** @returns the moments at which it was said to become full, of a heap that grows from one to the other in a second. */
  const forecasts = (fromMib: number, toMib: number, limitMib: number): number[] => {
    const forecast = new HeapForecast();
    return Array.from({ length: 20 }, (_, index) => {
      const heapBytes = (fromMib + ((toMib - fromMib) * index) / 19) * MIB;
      return forecast.observe({ heapBytes, heapLimitBytes: limitMib * MIB }, index * 50);
    }).filter(Number.isFinite);
  };

  it('says nothing of a tooth that is as high as V8 makes them, and something of a leak that goes on from there', () => {
    expect(forecasts(6, 22, 40)).toEqual([]);
    const ahead = forecasts(6, 34, 40);
    expect(ahead.length).toBeGreaterThan(0);
    // At 28 MiB a second, from 34 MiB.
    expect(ahead.at(-1)).toBeCloseTo((6 / 28) * 950, 0);
  });
});
