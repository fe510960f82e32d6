/** Peak EWMA: what upstreams cost, told by which of two is chosen. Of two, both are always drawn. */
import { describe, expect, it } from 'vitest';
import type { PeakEwmaOptions } from '../../../../src/gateway/balance/peak-ewma.js';
import type { Observation } from '../../../../src/gateway/balance/selector.js';
import { choice, countChoices, loaded, make } from '../../../support/balancing.js';

interface Seen {
  readonly which: 0 | 1;
  readonly atMs: number;
  readonly latencyMs: number;
  readonly outcome?: Observation['outcome'];
}

const a = (latencyMs: number, atMs = 0, outcome: Observation['outcome'] = 'success'): Seen => ({
  which: 0,
  atMs,
  latencyMs,
  outcome,
});

const b = (latencyMs: number, atMs = 0): Seen => ({ which: 1, atMs, latencyMs });

/** Which of two is chosen at the last observation's moment. */
const chosen = (seen: readonly Seen[], loads = [0, 0], options: Partial<PeakEwmaOptions> = {}): string => {
  const selector = make('peak-ewma', options);
  const upstreams = loaded(...loads);
  for (const { which, atMs, latencyMs, outcome = 'success' } of seen) {
    selector.observe!(upstreams[which]!, { nowMs: atMs, latencyMs, outcome });
  }
  const nowMs = Math.max(0, ...seen.map(({ atMs }) => atMs));
  return 'ab'[upstreams.indexOf(selector.select(upstreams, choice('', nowMs)))]!;
};

describe('the cost', () => {
  it.each<readonly [why: string, seen: Seen[], expected: string]>([
    ['the first latency is the cost', [a(100), b(99)], 'b'],
    ['the first latency is the cost', [a(100), b(101)], 'a'],
    ['a peak counts at once and whole', [a(10), a(500), b(499)], 'b'],
    ['a peak counts at once and whole', [a(10), a(500), b(501)], 'a'],
    // 1000 · e^−0.9 = 406.6 and 1000 · e^−0.93 = 394.6
    ['it decays while nothing is heard', [a(1_000), b(400, 9_000)], 'b'],
    ['it decays while nothing is heard', [a(1_000), b(400, 9_300)], 'a'],
    // 100 · e^−1 + 50 · (1 − e^−1) = 68.4; looked at in the same moment
    ['a lower latency is averaged in', [a(100), a(50, 10_000), b(68, 10_000)], 'b'],
    ['a lower latency is averaged in', [a(100), a(50, 10_000), b(69, 10_000)], 'a'],
  ])('%s: %j chooses %s', (_why, seen, expected) => {
    expect(chosen(seen)).toBe(expected);
  });

  it('decays when it is looked at too, so that what was slow once is tried again', () => {
    const selector = make('peak-ewma');
    const upstreams = loaded(0, 0);
    selector.observe!(upstreams[0]!, { nowMs: 0, latencyMs: 5_000, outcome: 'success' });
    const firstChoiceAtMs = Array.from({ length: 1_000 }, (_, step) => step * 100).find((nowMs) => {
      selector.observe!(upstreams[1]!, { nowMs, latencyMs: 50, outcome: 'success' });
      return selector.select(upstreams, choice('', nowMs)) === upstreams[0];
    });
    // 5000 · e^(−t/10 s) = 50 at 46.05 s.
    expect(firstChoiceAtMs).toBe(46_100);
  });

  it('is multiplied by what would be in flight', () => {
    expect(chosen([a(100), b(200)], [2, 0])).toBe('b');
    expect(chosen([a(100), b(301)], [2, 0])).toBe('a');
  });
});

describe('an upstream without history', () => {
  it('gets its first request before all that are known', () => {
    expect(chosen([a(1)], [0, 0])).toBe('b');
  });

  it('gets no second one before the first is answered', () => {
    expect(chosen([a(60_000)], [1_000, 1])).toBe('a');
  });

  it('is one of equals where nobody has any', () => {
    const [first] = countChoices(make('peak-ewma'), loaded(0, 0), 1_000);
    expect(first! / 1_000).toBeCloseTo(0.5, 1);
  });
});

describe('an attempt whose client left', () => {
  it('raises the cost when it had lasted longer, since it would have taken that long at least', () => {
    expect(chosen([a(100), a(900, 0, 'ignored'), b(899)])).toBe('b');
    expect(chosen([a(100), a(900, 0, 'ignored'), b(901)])).toBe('a');
    // 1000 has come down to 368 by then.
    expect(chosen([a(1_000), a(900, 10_000, 'ignored'), b(899, 10_000)])).toBe('b');
    expect(chosen([a(1_000), a(900, 10_000, 'ignored'), b(901, 10_000)])).toBe('a');
  });

  it('is no sample of what it takes', () => {
    // 1000 · e^−1 = 367.9; averaged in, it would be 368.5.
    expect(chosen([a(1_000), a(1, 10_000, 'ignored'), b(368.2, 10_000)])).toBe('a');
  });
});

describe('a failure', () => {
  it('counts as what it took, as in Finagle', () => {
    expect(chosen([a(1, 0, 'failure'), b(50)])).toBe('a');
  });

  it('counts as at least the cost of failures, where there is one', () => {
    expect(chosen([a(1, 0, 'failure'), b(50)], [0, 0], { failureCostMs: 1_000 })).toBe('b');
    expect(chosen([a(1_500, 0, 'failure'), b(1_200)], [0, 0], { failureCostMs: 1_000 })).toBe('b');
    expect(chosen([a(1), b(50)], [0, 0], { failureCostMs: 1_000 }), 'a success').toBe('a');
  });
});
