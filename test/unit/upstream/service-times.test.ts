/** How long requests keep their slots, by distribution. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import {
  SERVICE_TIMES,
  type ServiceTimeName,
  sampleServiceTime,
} from '../../../src/upstream/service-time.js';

const meanMs = fc.double({ min: 0.01, max: 10_000, noNaN: true });
const names = Object.keys(SERVICE_TIMES) as ServiceTimeName[];

describe('a service time', () => {
  it('that is constant is the mean, and draws nothing', () => {
    fc.assert(
      fc.property(meanMs, fc.integer(), (mean, seed) => {
        const random = new Random(seed);
        expect(sampleServiceTime({ distribution: 'constant', meanMs: mean }, random)).toBe(mean);
        expect(random.next()).toBe(new Random(seed).next());
      }),
    );
  });

  it('that is exponential spreads around the mean, within five sigma', () => {
    const random = new Random(8);
    const count = 20_000;
    const times = Array.from({ length: count }, () =>
      sampleServiceTime({ distribution: 'exponential', meanMs: 40 }, random),
    );
    const found = times.reduce((sum, ms) => sum + ms) / count;
    const deviation = Math.sqrt(times.reduce((sum, ms) => sum + (ms - found) ** 2, 0) / count);
    expect(Math.abs(found - 40)).toBeLessThan((5 * 40) / Math.sqrt(count));
    expect(deviation).toBeGreaterThan(36);
    expect(deviation).toBeLessThan(44);
  });

  it.each(names)('that is %s is finite, not negative and the same for the same seed', (distribution) => {
    fc.assert(
      fc.property(meanMs, fc.integer(), (mean, seed) => {
        const ms = sampleServiceTime({ distribution, meanMs: mean }, new Random(seed));
        expect(Number.isFinite(ms)).toBe(true);
        expect(ms).toBeGreaterThanOrEqual(0);
        expect(sampleServiceTime({ distribution, meanMs: mean }, new Random(seed))).toBe(ms);
      }),
    );
  });
});
