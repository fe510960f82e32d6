/** The rate limit: the rate, the burst, one bucket a client, and no more clients than there is room for. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TokenBuckets } from '../../../src/policies/token-bucket.js';

const OPTIONS = { rateRps: 10, burst: 5, maxClients: 100 };

describe('a client', () => {
  it('may send a burst, then has to wait for the next token', () => {
    const buckets = new TokenBuckets(OPTIONS);
    for (let count = 0; count < 5; count++) expect(buckets.take('a', 0)).toBe(0);
    expect(buckets.take('a', 0)).toBeCloseTo(100);
    expect(buckets.take('a', 60)).toBeCloseTo(40);
    expect(buckets.take('a', 100)).toBe(0);
  });

  it('saves no more than the burst in a quiet time', () => {
    const buckets = new TokenBuckets(OPTIONS);
    buckets.take('a', 0);
    let taken = 0;
    while (buckets.take('a', 3_600_000) === 0) taken++;
    expect(taken).toBe(5);
  });

  it('does not pay for another', () => {
    const buckets = new TokenBuckets(OPTIONS);
    while (buckets.take('a', 0) === 0);
    expect(buckets.take('b', 0)).toBe(0);
  });

  it('gets never more than burst + rate · time', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 200, noNaN: true }), { maxLength: 200 }), (gaps) => {
        const buckets = new TokenBuckets(OPTIONS);
        let nowMs = 0;
        let taken = 0;
        for (const gap of gaps) {
          nowMs += gap;
          if (buckets.take('a', nowMs) === 0) taken++;
          expect(taken).toBeLessThanOrEqual(OPTIONS.burst + (OPTIONS.rateRps * nowMs) / 1000 + 1e-6);
        }
      }),
    );
  });
});

describe('the clients known', () => {
  it('are never more than there is room for; the one quiet longest makes way', () => {
    const buckets = new TokenBuckets({ ...OPTIONS, burst: 1, maxClients: 2 });
    buckets.take('a', 0);
    buckets.take('b', 1);
    buckets.take('a', 2);
    buckets.take('c', 3);
    expect(buckets.clients).toBe(2);
    expect(buckets.take('a', 3), 'a is still known, and has spent its token').toBeGreaterThan(0);
    expect(buckets.take('b', 3), 'b was forgotten, and starts with a full bucket').toBe(0);
  });
});
