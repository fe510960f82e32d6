/**
 * The textbook failure of balancers that look: an upstream that fails at once is never busy and never slow, and so draws
 * the traffic that it then fails.
 */
import { describe, expect, it } from 'vitest';
import type { BalancerName } from '../../../../src/gateway/balance/balancers.js';
import { make, simulate } from '../../../support/balancing.js';

/** 200 requests a second; two upstreams take 100 ms, the third fails in 1 ms. */
const failedPart = (name: BalancerName, options = {}): number => {
  const hosts = [{ latencyMs: 100 }, { latencyMs: 100 }, { latencyMs: 1, fails: true }];
  return simulate(make(name, options), hosts, { requests: 6_000, gapMs: 5 })[2]!;
};

describe('a third of the upstreams, failing in 1 ms,', () => {
  it('gets nine requests out of ten from least-requests: all but those for which another is idle too', () => {
    expect(failedPart('least-requests')).toBeGreaterThan(0.87);
  });

  it('gets all that it can get from p2c and peak-ewma: it is drawn two times out of three', () => {
    expect(failedPart('p2c')).toBeCloseTo(2 / 3, 1);
    expect(failedPart('peak-ewma')).toBeCloseTo(2 / 3, 1);
  });

  it('gets its third, and no more, from those that do not look', () => {
    for (const name of ['round-robin', 'weighted-round-robin', 'random', 'ring-hash', 'maglev'] as const) {
      expect(failedPart(name), name).toBeCloseTo(1 / 3, 1);
    }
  });

  it('gets almost nothing from peak-ewma that makes failures cost', () => {
    expect(failedPart('peak-ewma', { failureCostMs: 5_000 })).toBeLessThan(0.05);
  });
});
