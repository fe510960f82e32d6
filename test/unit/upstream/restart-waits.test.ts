/** How long a worker that died stays away: growth from crash to crash, the cap, and the start over after a long life. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RestartConfig } from '../../../src/upstream/config.js';
import { RestartBackoff } from '../../../src/upstream/restart-backoff.js';

const config: RestartConfig = { delayMs: 1_000, factor: 2, maxDelayMs: 4_000, resetAfterMs: 10_000 };

const waits = (fields: Partial<RestartConfig>, uptimesMs: readonly number[]): number[] => {
  const backoff = new RestartBackoff({ ...config, ...fields });
  return uptimesMs.map((uptimeMs) => backoff.onExit(uptimeMs));
};

describe('the wait before a restart', () => {
  it.each<[string, Partial<RestartConfig>, number[], number[]]>([
    ['doubles up to the cap', {}, [5, 5, 5, 5, 5], [1_000, 2_000, 4_000, 4_000, 4_000]],
    [
      'is capped where the cap is no power',
      { maxDelayMs: 3_000 },
      [5, 5, 5, 5],
      [1_000, 2_000, 3_000, 3_000],
    ],
    ['stays the same with a factor of 1', { factor: 1 }, [5, 5, 5], [1_000, 1_000, 1_000]],
    ['grows by a fraction', { factor: 1.5 }, [5, 5, 5], [1_000, 1_500, 2_250]],
    ['is the cap from the start when the delay is above it', { delayMs: 9_000 }, [5, 5], [4_000, 4_000]],
    ['is nothing when the delay is nothing', { delayMs: 0 }, [5, 5], [0, 0]],
    ['starts over after a long life', {}, [5, 5, 10_000, 5], [1_000, 2_000, 1_000, 2_000]],
    ['does not start over just before', {}, [5, 5, 9_999, 5], [1_000, 2_000, 4_000, 4_000]],
    ['starts over from the cap', {}, [5, 5, 5, 5, 60_000], [1_000, 2_000, 4_000, 4_000, 1_000]],
    ['is the first even if the first life was long', {}, [60_000, 5], [1_000, 2_000]],
  ])('%s', (_name, fields, uptimesMs, expected) => {
    expect(waits(fields, uptimesMs)).toEqual(expected);
  });

  const restart = fc.record({
    delayMs: fc.integer({ min: 1, max: 5_000 }),
    factor: fc.double({ min: 1, max: 5, noNaN: true }),
    maxDelayMs: fc.integer({ min: 1, max: 20_000 }),
    resetAfterMs: fc.integer({ min: 1, max: 20_000 }),
  });

  it('never shrinks without a long life, and is never above the cap', () => {
    fc.assert(
      fc.property(restart, fc.array(fc.nat({ max: 40_000 }), { maxLength: 40 }), (chosen, uptimesMs) => {
        const found = waits(chosen, uptimesMs);
        found.forEach((waitMs, index) => {
          expect(waitMs).toBeLessThanOrEqual(chosen.maxDelayMs);
          const startsOver = index === 0 || uptimesMs[index]! >= chosen.resetAfterMs;
          if (startsOver) expect(waitMs).toBe(Math.min(chosen.delayMs, chosen.maxDelayMs));
          else expect(waitMs).toBeGreaterThanOrEqual(found[index - 1]!);
        });
      }),
    );
  });
});
