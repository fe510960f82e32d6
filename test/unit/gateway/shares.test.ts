/** How limits are divided among processes: nothing is lost, nothing is added, and nobody gets nothing. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type GatewayConfig,
  type GatewaySection,
  resolveGatewayConfig,
} from '../../../src/gateway/config.js';
import { findIndivisible, shareOf, wholeShare } from '../../../src/gateway/shares.js';

const FULL: GatewaySection = {
  concurrency: { limit: 10, queue: 7 },
  breaker: { minRequests: 20 },
  retry: { budget: { minConcurrent: 3, ratio: '20%' } },
  rateLimit: { rate: '100/s', burst: 9 },
  maxConnections: 21,
};

const sharesOf = (section: GatewaySection, processes: number) => {
  const config = resolveGatewayConfig({ ...section, processes });
  return Array.from({ length: processes }, (_, index) => shareOf(config, index + 1));
};

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const limitOf = ({ concurrency }: GatewayConfig): number => {
  const { algorithm } = concurrency!;
  return algorithm.name === 'fixed' ? algorithm.options.limit : Number.NaN;
};

describe('a share of a whole number', () => {
  it.each([
    [10, 4, [3, 3, 2, 2]],
    [4, 4, [1, 1, 1, 1]],
    [7, 1, [7]],
    [0, 2, [0, 0]],
  ])('of %i among %i is %j', (total, processes, expected) => {
    expect(expected.map((_, index) => wholeShare(total, index + 1, processes))).toEqual(expected);
  });

  it('adds up exactly, and no two differ by more than one', () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.integer({ min: 1, max: 64 }), (total, processes) => {
        const shares = Array.from({ length: processes }, (_, index) =>
          wholeShare(total, index + 1, processes),
        );
        expect(sum(shares)).toBe(total);
        expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('a share of a config', () => {
  it('divides totals, rounds up what is a least, and leaves the rest', () => {
    const [first, second] = sharesOf(FULL, 2);
    expect(first).toMatchObject({
      processes: 1,
      healthCheck: null,
      maxConnections: 11,
      concurrency: { algorithm: { options: { limit: 5 } }, queue: 4, maxWaitMs: 1_000 },
      breaker: { minRequests: 10, errorRatio: 0.5, openMs: 30_000 },
      retry: { attempts: 2, budget: { minConcurrent: 2, ratio: 0.2 } },
      rateLimit: { rateRps: 50, burst: 5, maxClients: 10_000 },
    });
    expect(second).toMatchObject({
      maxConnections: 10,
      concurrency: { algorithm: { options: { limit: 5 } }, queue: 3 },
      rateLimit: { rateRps: 50, burst: 4 },
    });
  });

  it('divides the clients’ connections and the rate below which nobody is refused', () => {
    const section: GatewaySection = {
      listener: { maxConnections: 7 },
      admission: { formula: 'envoy', minRate: '10/s' },
    };
    const shares = sharesOf(section, 2);
    expect(shares.map(({ listener }) => listener.maxConnections)).toEqual([4, 3]);
    expect(shares.map(({ admission }) => admission)).toMatchObject([{ minRps: 5 }, { minRps: 5 }]);
    const [sre] = sharesOf({ admission: { formula: 'sre', k: 3 } }, 2);
    expect(sre!.admission).toMatchObject({ formula: 'sre', k: 3 });
  });

  it('divides the rates of rules, each for itself', () => {
    const shares = sharesOf(
      {
        rules: [
          { path: '/', action: 'log' },
          { action: 'rate-limit', rateLimit: { rate: '10/s', burst: 5 } },
        ],
      },
      2,
    );
    expect(shares.map(({ rules }) => rules.map(({ rateLimit }) => rateLimit))).toMatchObject([
      [null, { rateRps: 5, burst: 3 }],
      [null, { rateRps: 5, burst: 2 }],
    ]);
  });

  it('adds up to the config, whatever it says, where it can be divided', () => {
    const whole = fc.integer({ min: 1, max: 5_000 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), whole, whole, whole, whole, (processes, ...numbers) => {
        const [limit, queue, burst, rate] = numbers as [number, number, number, number];
        const section: GatewaySection = {
          concurrency: { limit, queue },
          rateLimit: { rate: `${rate}/s`, burst },
          breaker: { minRequests: limit },
          maxConnections: queue,
        };
        const config = resolveGatewayConfig({ ...section, processes });
        const shares = sharesOf(section, processes);
        expect(sum(shares.map((share) => limitOf(share)))).toBe(limit);
        expect(sum(shares.map((share) => share.concurrency!.queue))).toBe(queue);
        expect(sum(shares.map((share) => share.rateLimit!.burst))).toBe(burst);
        expect(sum(shares.map((share) => share.maxConnections))).toBe(queue);
        expect(sum(shares.map((share) => share.rateLimit!.rateRps))).toBeCloseTo(rate, 6);
        for (const { breaker } of shares) expect(breaker!.minRequests).toBe(Math.ceil(limit / processes));
        const nobodyGetsNothing = shares.every(
          (share) =>
            limitOf(share) > 0 &&
            share.concurrency!.queue > 0 &&
            share.rateLimit!.burst > 0 &&
            share.maxConnections > 0,
        );
        expect(findIndivisible(config).length === 0).toBe(nobodyGetsNothing);
      }),
    );
  });
});

describe('what cannot be divided', () => {
  it.each<[string, GatewaySection, string[]]>([
    ['a limit', { concurrency: { limit: 3 } }, ['concurrency.limit']],
    ['a queue', { concurrency: { limit: 4, queue: 3 } }, ['concurrency.queue']],
    ['no queue', { concurrency: { limit: 4, queue: 0 } }, []],
    ['a burst', { rateLimit: { rate: '100/s', burst: 3 } }, ['rateLimit.burst']],
    ['a burst by default', { rateLimit: { rate: '2/s' } }, ['rateLimit.burst']],
    ['connections', { maxConnections: 3 }, ['maxConnections']],
    ['clients’ connections', { listener: { maxConnections: 3 } }, ['listener.maxConnections']],
    ['just enough', { concurrency: { limit: 4, queue: 4 }, maxConnections: 4 }, []],
  ])('among four: %s', (_what, section, paths) => {
    const found = findIndivisible(resolveGatewayConfig({ ...section, processes: 4 }));
    expect(found.map(({ path }) => path.join('.'))).toEqual(paths);
    for (const { message } of found) expect(message).toContain('raise it to at least 4');
  });
});
