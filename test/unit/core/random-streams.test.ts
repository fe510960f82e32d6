/**
 * Seeded randomness: a fork depends on its seed and label and on nothing that was drawn, forks do not resemble each
 * other, and every distribution is what it says.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';

const seeds = fc.integer();
const labels = fc.string({ maxLength: 20 });

const draw = (random: Random, count = 8): number[] => Array.from({ length: count }, () => random.next());

describe('a stream', () => {
  it('is the same for the same seed', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        expect(draw(new Random(seed), 32)).toEqual(draw(new Random(seed), 32));
      }),
    );
  });

  it('is another for another seed', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 2 ** 32 - 1 }), (seed, step) => {
        expect(draw(new Random(seed))).not.toEqual(draw(new Random(seed + step)));
      }),
    );
  });

  it('takes the low 32 bits of a seed', () => {
    expect(draw(new Random(2 ** 32 + 5))).toEqual(draw(new Random(5)));
  });
});

describe('a fork', () => {
  it('depends on the seed and the label alone', () => {
    fc.assert(
      fc.property(
        seeds,
        labels,
        fc.nat({ max: 50 }),
        fc.array(labels, { maxLength: 5 }),
        (seed, label, drawn, others) => {
          const used = new Random(seed);
          draw(used, drawn);
          for (const other of others) draw(used.fork(other), 3);
          expect(draw(used.fork(label))).toEqual(draw(new Random(seed).fork(label)));
        },
      ),
    );
  });

  it('leaves the stream it was taken from where it was', () => {
    fc.assert(
      fc.property(seeds, fc.array(labels, { maxLength: 5 }), (seed, taken) => {
        const forked = new Random(seed);
        for (const label of taken) draw(forked.fork(label), 3);
        expect(draw(forked)).toEqual(draw(new Random(seed)));
      }),
    );
  });

  it('goes on from its seed in another process', () => {
    const fork = new Random(11).fork('worker-1');
    expect(draw(new Random(fork.seed))).toEqual(draw(fork));
  });

  it('has a stream of its own for each of a thousand labels', () => {
    const random = new Random(3);
    const first = Array.from({ length: 1_000 }, (_, index) => draw(random.fork(`worker-${index}`), 2).join());
    expect(new Set(first).size).toBe(first.length);
  });

  it.each([
    ['worker-1', 'worker-2'],
    ['life-0', 'life-1'],
    ['retry', 'selector'],
  ])('begins elsewhere than its sibling, by no rule: %s and %s', (one, other) => {
    const distances = Array.from({ length: 1_000 }, (_, seed) => {
      const random = new Random(seed);
      return Math.floor(((random.fork(one).next() - random.fork(other).next() + 1) % 1) * 20);
    });
    const most = Math.max(...distances.map((slot) => distances.filter((same) => same === slot).length));
    expect(new Set(distances).size).toBe(20);
    expect(most).toBeLessThan(100);
  });
});

describe('a first draw', () => {
  it('spreads over [0, 1) for the seeds that people choose', () => {
    const tenths = Array.from({ length: 1_000 }, (_, seed) => Math.floor(new Random(seed).next() * 10));
    expect(new Set(tenths).size).toBe(10);
  });
});

describe('a draw', () => {
  it('is at least 0 and below 1', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        for (const value of draw(new Random(seed), 100)) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThan(1);
        }
      }),
    );
  });

  it('is 1/2 on average, within five sigma', () => {
    const count = 20_000;
    const mean = draw(new Random(42), count).reduce((sum, value) => sum + value) / count;
    expect(Math.abs(mean - 0.5)).toBeLessThan((5 * Math.sqrt(1 / 12)) / Math.sqrt(count));
  });

  it('below a bound takes each integer from 0 on and none above', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 12 }), (seed, bound) => {
        const random = new Random(seed);
        const seen = new Set(Array.from({ length: bound * 40 }, () => random.below(bound)));
        expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: bound }, (_, value) => value));
      }),
    );
  });
});

describe('an exponential draw', () => {
  const mean = 100;
  const count = 20_000;
  const random = new Random(42);
  const values = Array.from({ length: count }, () => random.exponential(mean));

  it('has the mean asked for, within five sigma', () => {
    const found = values.reduce((sum, value) => sum + value) / count;
    expect(Math.abs(found - mean)).toBeLessThan((5 * mean) / Math.sqrt(count));
  });

  it('is above twice the mean with probability e^-2, within five sigma', () => {
    const share = values.filter((value) => value > 2 * mean).length / count;
    const expected = Math.exp(-2);
    expect(Math.abs(share - expected)).toBeLessThan(5 * Math.sqrt((expected * (1 - expected)) / count));
  });

  it('is finite and not negative', () => {
    expect(values.every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
  });
});

describe('a hex16', () => {
  it('is 16 lower-case hex digits', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        expect(new Random(seed).hex16()).toMatch(/^[0-9a-f]{16}$/);
      }),
    );
  });

  it('does not come twice in 100,000', () => {
    const random = new Random(9).fork('ray-id');
    const seen = new Set(Array.from({ length: 100_000 }, () => random.hex16()));
    expect(seen.size).toBe(100_000);
  });
});
