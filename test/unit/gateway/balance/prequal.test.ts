/** Prequal: whom it probes, which probe it uses, and what keeps the pool fresh. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../../src/core/random.js';
import { InFlightQuantile, PROBES_COUNTED } from '../../../../src/gateway/balance/in-flight-quantile.js';
import {
  fittingPoolSize,
  isProbing,
  PREQUAL_DEFAULTS,
  Prequal,
  type PrequalOptions,
  usesPerProbe,
} from '../../../../src/gateway/balance/prequal.js';
import type { Upstream } from '../../../../src/gateway/upstream-pool.js';
import { alike, choice, make } from '../../../support/balancing.js';

const prequal = (options: Partial<PrequalOptions> = {}, seed = 1): Prequal =>
  new Prequal({ random: new Random(seed), options });

/** With 30 upstreams the pool may hold 16; the first few have answered, in order, with what is in flight and latency. */
const probed = (
  answers: readonly (readonly [inFlight: number, latencyMs: number])[],
  options: Partial<PrequalOptions> = {},
  seed = 1,
) => {
  const upstreams = alike(30);
  const selector = prequal(options, seed);
  selector.select(upstreams, choice());
  for (const [index, [inFlight, latencyMs]] of answers.entries()) {
    selector.probed(upstreams[index]!, { inFlight, latencyMs }, 0);
  }
  const select = (among: readonly Upstream[] = upstreams, nowMs = 0): number =>
    upstreams.indexOf(selector.select(among, choice('', nowMs)));
  return { selector, upstreams, select };
};

describe('the size of the pool', () => {
  it.each([
    [100, 16],
    [25, 16],
    [24, 15],
    [10, 6],
    [5, 3],
    [4, 2],
    [3, 2],
    [2, 2],
    [1, 2],
  ])('with %i upstreams is %i', (hosts, expected) => {
    expect(fittingPoolSize(hosts, PREQUAL_DEFAULTS)).toBe(expected);
  });

  it('keeps the formula of reuse whole, which breaks with 16 probes of 5 upstreams', () => {
    const { probesPerRequest, removalsPerRequest } = PREQUAL_DEFAULTS;
    const gained = (hosts: number, size: number) =>
      (1 - size / hosts) * probesPerRequest - removalsPerRequest;
    expect(gained(5, 16), 'less than nothing').toBeLessThan(0);
    for (let hosts = 4; hosts <= 200; hosts++) {
      expect(gained(hosts, fittingPoolSize(hosts, PREQUAL_DEFAULTS))).toBeGreaterThan(0);
    }
  });

  it('holds for any rates', () => {
    const rates = fc.tuple(
      fc.double({ min: 0.5, max: 5, noNaN: true }),
      fc.double({ min: 0, max: 0.9, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), rates, (hosts, [probesPerRequest, part]) => {
        const rate = { ...PREQUAL_DEFAULTS, probesPerRequest, removalsPerRequest: probesPerRequest * part };
        const size = fittingPoolSize(hosts, rate);
        expect(size).toBeGreaterThanOrEqual(2);
        expect(size).toBeLessThanOrEqual(16);
        const uses = usesPerProbe(hosts, size, rate);
        expect(uses).toBeGreaterThanOrEqual(1);
        expect(uses).toBeLessThanOrEqual(16);
      }),
    );
  });

  it('is what the pool has at most, one probe of each upstream', () => {
    const upstreams = alike(5);
    const selector = prequal();
    selector.select(upstreams, choice());
    for (const upstream of upstreams) selector.probed(upstream, { inFlight: 0, latencyMs: 1 }, 0);
    expect(selector.size).toBe(3);
  });

  it('counts an upstream once: its new probe takes the place of the old', () => {
    const upstreams = alike(30);
    const selector = prequal();
    selector.select(upstreams, choice());
    for (let probe = 0; probe < 3; probe++) selector.probed(upstreams[0]!, { inFlight: 0, latencyMs: 9 }, 0);
    expect(selector.size).toBe(1);
    selector.probed(upstreams[1]!, { inFlight: 0, latencyMs: 5 }, 0);
    selector.probed(upstreams[0]!, { inFlight: 0, latencyMs: 1 }, 0);
    expect(selector.select(upstreams, choice())).toBe(upstreams[0]);
  });
});

describe('uses of a probe', () => {
  it.each([
    // 2 / (0.84 · 3 − 1)
    [100, 16, 1.3158],
    [1_000, 16, 1.0246],
    // 2 / (0.4 · 3 − 1)
    [5, 3, 10],
    // 2 / (0.5 · 3 − 1)
    [4, 2, 4],
    // 2 / 0.08 is 25, and more than is allowed
    [25, 16, 16],
    // nothing is gained
    [5, 16, 16],
    [3, 2, 16],
  ])('with %i upstreams and a pool of %i are %d', (hosts, size, expected) => {
    expect(usesPerProbe(hosts, size, PREQUAL_DEFAULTS)).toBeCloseTo(expected, 3);
  });

  it('may be a fraction, which is one more use for so many of the probes', () => {
    let uses = 0;
    for (let seed = 0; seed < 2_000; seed++) {
      // 2 / (14/30 · 3) is 1.43.
      const options = { removalsPerRequest: 0, hotQuantile: 1 };
      const { select } = probed(
        [
          [0, 1],
          [0, 50],
          [100, 70],
        ],
        options,
        seed,
      );
      uses += [select(), select()].filter((index) => index === 0).length;
    }
    expect(uses / 2_000).toBeCloseTo(1.43, 1);
  });

  it('end: a probe that is used up is not used again', () => {
    // 30 upstreams and no removals: 2 / (14/30 · 3) is 1.43, so one use or two.
    const { select } = probed(
      [
        [0, 1],
        [0, 50],
        [0, 60],
        [100, 70],
      ],
      { removalsPerRequest: 0, hotQuantile: 1 },
    );
    const chosen = [select(), select(), select()];
    expect(chosen[0]).toBe(0);
    expect(chosen[2]).not.toBe(0);
  });
});

describe('the hot-cold rule', () => {
  const answers = [
    [1, 40],
    [2, 30],
    [3, 20],
    [10, 1],
  ] as const;

  it.each([
    [1, 3, 'nobody is hot: the lowest latency'],
    [0.75, 2, 'ten in flight is hot'],
    [0.5, 1, 'three is hot'],
    [0, 0, 'all but the fewest are hot'],
  ])('with a quantile of %d chooses %i: %s', (hotQuantile, expected) => {
    expect(probed(answers, { hotQuantile }).select()).toBe(expected);
  });

  it('takes the fewest in flight where all are hot', () => {
    const { selector, upstreams, select } = probed([]);
    for (let probe = 0; probe < 50; probe++) selector.probed(upstreams[9]!, { inFlight: 0, latencyMs: 1 }, 0);
    selector.probed(upstreams[0]!, { inFlight: 8, latencyMs: 1 }, 0);
    selector.probed(upstreams[1]!, { inFlight: 7, latencyMs: 99 }, 0);
    expect(select(upstreams.slice(0, 9))).toBe(1);
  });

  it('counts each request it sends as one more in flight', () => {
    const { select } = probed(
      [
        [0, 10],
        [0, 20],
        [0, 30],
      ],
      { removalsPerRequest: 0, probesPerRequest: 2.1 },
    );
    expect([select(), select(), select()]).toEqual([0, 1, 2]);
  });

  it('passes over those that may not be used now', () => {
    const { upstreams, select } = probed(answers, { hotQuantile: 1 });
    expect(select(upstreams.slice(0, 3))).toBe(2);
  });
});

describe('the choice is random', () => {
  const differs = (select: () => number): boolean =>
    new Set(Array.from({ length: 30 }, () => select())).size > 5;

  it('before any probe, and with one', () => {
    expect(differs(probed([]).select)).toBe(true);
    expect(differs(probed([[0, 1]]).select)).toBe(true);
  });

  it('when the probes are too old', () => {
    const fresh = probed([
      [0, 1],
      [0, 2],
    ]);
    expect(fresh.select(undefined, 999)).toBe(0);
    const old = probed([
      [0, 1],
      [0, 2],
    ]);
    old.select(undefined, 1_000);
    expect(old.selector.size).toBe(0);
  });
});

describe('each request takes one out of the pool', () => {
  const answers = [
    [0, 2],
    [0, 50],
    [0, 99],
    [0, 60],
    [0, 1],
    // Far away, so that nobody else is hot.
    [100, 70],
  ] as const;

  it('the oldest first', () => {
    const { upstreams, select } = probed(answers, { hotQuantile: 1 });
    expect(select()).toBe(4);
    const others = upstreams.filter((_, index) => index !== 4);
    expect(select(others), '0 would be better than 1').toBe(1);
  });

  it('then the worst, and never the last two', () => {
    const { selector, select } = probed(answers, { hotQuantile: 1, reuseSlack: 5 });
    const sizes = Array.from({ length: 5 }, () => {
      select();
      return selector.size;
    });
    expect(sizes).toEqual([5, 4, 3, 2, 2]);
  });

  it('where one is hot, the one with the most in flight; else the slowest', () => {
    // Two that are known are compared, always alike; one alone, and the choice is random.
    const isKnown = (index: number, hotQuantile: number): boolean => {
      const chosen = Array.from({ length: 20 }, (_, seed) => {
        const { upstreams, select } = probed(answers, { hotQuantile }, seed);
        select();
        select();
        return select([upstreams[3]!, upstreams[index]!]);
      });
      return new Set(chosen).size === 1;
    };
    expect(isKnown(2, 1), 'the slowest is gone').toBe(false);
    expect(isKnown(5, 1), 'the busiest is not').toBe(true);
    expect(isKnown(5, 0.7), 'the busiest is gone where it is hot').toBe(false);
    expect(isKnown(2, 0.7), 'and the slowest is not').toBe(true);
  });
});

describe('probes due', () => {
  it('are three for each request, never two of one upstream', () => {
    const upstreams = alike(30);
    const selector = prequal();
    for (let request = 0; request < 100; request++) {
      const due = selector.probesDue(upstreams, request * 1_000);
      expect(due).toHaveLength(3);
      expect(new Set(due).size).toBe(3);
    }
  });

  it('fall on all alike', () => {
    const upstreams = alike(5);
    const selector = prequal();
    const counts = new Map(upstreams.map((upstream) => [upstream, 0]));
    for (let request = 0; request < 5_000; request++) {
      for (const upstream of selector.probesDue(upstreams, request * 1_000)) {
        counts.set(upstream, counts.get(upstream)! + 1);
      }
    }
    for (const count of counts.values()) expect(Math.abs(count - 3_000)).toBeLessThan(200);
  });

  it('may be a fraction, which adds up', () => {
    const upstreams = alike(30);
    const selector = prequal({ probesPerRequest: 1.25 });
    const numbers = Array.from(
      { length: 8 },
      (_, request) => selector.probesDue(upstreams, request * 1_000).length,
    );
    expect(numbers).toEqual([1, 1, 1, 2, 1, 1, 1, 2]);
  });

  it('are no more than there are upstreams', () => {
    expect(prequal().probesDue(alike(2), 0)).toHaveLength(2);
  });

  it('leave out whom is being probed, until the answer or the time limit', () => {
    const upstreams = alike(3);
    const selector = prequal();
    expect(selector.probesDue(upstreams, 0)).toHaveLength(3);
    expect(selector.probesDue(upstreams, 99)).toHaveLength(0);
    selector.probed(upstreams[1]!, { inFlight: 0, latencyMs: 1 }, 99);
    expect(selector.probesDue(upstreams, 99)).toEqual([upstreams[1]]);
    expect(new Set(selector.probesDue(upstreams, 100))).toEqual(new Set([upstreams[0], upstreams[2]]));
  });
});

describe('the quantile of what is in flight', () => {
  it('is that of the last probes, by nearest rank', () => {
    const reports = fc.array(fc.nat(1_200), { minLength: 1, maxLength: 300, size: 'max' });
    fc.assert(
      fc.property(reports, fc.double({ min: 0, max: 1, noNaN: true }), (values, ratio) => {
        const quantile = new InFlightQuantile();
        for (const value of values) quantile.add(value);
        const last = values.slice(-PROBES_COUNTED).map((value) => Math.min(value, 1_023));
        const sorted = last.sort((a, b) => a - b);
        expect(quantile.at(ratio)).toBe(sorted[Math.max(1, Math.ceil(ratio * sorted.length)) - 1]);
      }),
    );
  });
});

describe('prequal', () => {
  it('is told from the balancers that need no probes', () => {
    expect(isProbing(make('prequal'))).toBe(true);
    expect(isProbing(make('p2c'))).toBe(false);
  });

  it('keeps away from a slow upstream before it has done harm', () => {
    const upstreams = alike(5);
    const selector = prequal();
    const latencies = [400, 50, 50, 50, 50];
    let underWay: { readonly upstream: Upstream; readonly endMs: number }[] = [];
    let slow = 0;
    for (let request = 0; request < 4_000; request++) {
      const nowMs = request * 5;
      for (const { upstream, endMs } of underWay) if (endMs <= nowMs) upstream.inFlight--;
      underWay = underWay.filter(({ endMs }) => endMs > nowMs);
      const upstream = selector.select(upstreams, choice('', nowMs));
      const index = upstreams.indexOf(upstream);
      if (index === 0) slow++;
      upstream.inFlight++;
      underWay.push({ upstream, endMs: nowMs + latencies[index]! });
      for (const asked of selector.probesDue(upstreams, nowMs)) {
        const result = { inFlight: asked.inFlight, latencyMs: latencies[upstreams.indexOf(asked)]! };
        selector.probed(asked, result, nowMs + 1);
      }
    }
    expect(slow / 4_000, 'a fifth would be its share').toBeLessThan(0.08);
  });
});
