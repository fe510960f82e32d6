/** When a comparison stops, and how often its verdict is wrong where it is hardest to tell: at the tolerance itself. */
import { describe, expect, it } from 'vitest';
import { type BenchOptions, looksOf, measureAgainst, type Plan } from '../../../src/bench/benchmark.js';
import type { Load, LoadGenerator, LoadReport } from '../../../src/bench/load.js';
import type { Target } from '../../../src/bench/measure.js';
import { Random } from '../../../src/core/random.js';

const PLAN: Plan = { trials: 8, maxTrials: 24, warmupMs: 1, rounds: 3, roundMs: 100, tolerance: 0.05 };

/** On no machine, so nothing can be read of its processes, and the rate decides. */
const target = (name: string): Target => ({
  name,
  start: async () => ({ origin: `http://${name}.invalid`, isNew: true, stop: async () => {} }),
});

/** A load generator that sees a base rate, and another side that costs so much more; with noise of each process. */
const generatorOf = (cost: number, random: Random): LoadGenerator => {
  const luck = { own: 1, other: 1 };
  const noise = (size: number): number => Math.exp(random.exponential(size) - random.exponential(size));
  return {
    run: async ({ url, durationMs }: Load): Promise<LoadReport> => {
      const own = url.includes('//own.');
      // The warm-up's round is the first of a new process.
      if (durationMs < 1) luck[own ? 'own' : 'other'] = noise(0.03);
      const answered = Math.round((100_000 / (own ? cost * luck.own : luck.other)) * noise(0.03));
      return {
        elapsedMs: 1_000,
        usedMs: null,
        answered,
        statuses: { 200: answered },
        errors: {},
        latencyMs: { p50: 1, p90: 1, p99: 1, max: 1 },
        generatorCores: 0.1,
      };
    },
  } as unknown as LoadGenerator;
};

const compare = async (cost: number, random: Random, fields: Partial<BenchOptions> = {}) => {
  const { comparison } = await measureAgainst(target('own'), target('other'), {
    generator: generatorOf(cost, random),
    workload: { name: 'get', method: 'GET', path: '/', bodyBytes: 0, connections: 1 },
    plan: PLAN,
    signal: new AbortController().signal,
    onProgress: () => {},
    ...fields,
  });
  return comparison;
};

describe('a comparison', () => {
  it('stops at the first look that decides it, and at the last one anyway', async () => {
    const random = new Random(3);
    expect(looksOf(PLAN)).toBe(3);
    expect(await compare(1.5, random), 'seed 3').toMatchObject({ verdict: 'worse', trials: 8 });
    expect(await compare(1.05, random), 'seed 3').toMatchObject({ verdict: 'undecided', trials: 24 });
  });

  it('is wrong in one of twenty at most, where the truth is the tolerance itself', async () => {
    const random = new Random(11);
    const TRIES = 300;
    const wrong = { worse: 0, notWorse: 0 };
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const { verdict } = await compare(1.05, random);
      if (verdict === 'worse') wrong.worse++;
      else if (verdict !== 'undecided') wrong.notWorse++;
    }
    // Each side has half of the doubt; three standard deviations above it.
    const most = TRIES * 0.025 + 3 * Math.sqrt(TRIES * 0.025);
    expect(wrong.worse, 'seed 11').toBeLessThanOrEqual(most);
    expect(wrong.notWorse, 'seed 11').toBeLessThanOrEqual(most);
  });

  it('ends with the trials there are when it is interrupted', async () => {
    const interruption = new AbortController();
    let trials = 0;
    const comparison = await compare(1, new Random(5), {
      signal: interruption.signal,
      onProgress: (text) => {
        if (text.startsWith('trial') && ++trials === 2) interruption.abort();
      },
    });
    expect(comparison).toMatchObject({ trials: 2, verdict: 'undecided' });
  });
});
