/** Several processes shown as one: sums, states that differ, and counts that outlive a process. */
import { describe, expect, it } from 'vitest';
import type { ProcessStatus, UpstreamStatus } from '../../../src/gateway/messages.js';
import { NO_TALLY, Tallies } from '../../../src/gateway/metrics/tallies.js';
import { Totals } from '../../../src/gateway/totals.js';
import { Upstream } from '../../../src/gateway/upstream-pool.js';
import type { CircuitState } from '../../../src/policies/breaker.js';

const UPSTREAM = new Upstream({ id: 'upstream-1', host: '127.0.0.1', port: 80 });

const status = (success: number, upstream: Partial<UpstreamStatus> = {}): ProcessStatus => ({
  pid: 1,
  upstreams: [
    {
      id: 'upstream-1',
      inFlight: 0,
      queued: 0,
      admits: true,
      ejected: false,
      limit: null,
      circuit: null,
      counts: { success, failure: 0, ignored: 0 },
      ...upstream,
    },
  ],
  tally: { ...NO_TALLY, answers: success === 0 ? [] : [[200, success]] },
  open: 0,
  global: null,
  purged: 0,
  version: 1,
  memory: { heapBytes: 1, externalBytes: 10, residentBytes: 100 },
});

const makeTotals = () => {
  const tallies = new Tallies();
  return { totals: new Totals(tallies), tallies };
};

describe('totals', () => {
  it('count each report once, and keep the counts of a process that is gone', () => {
    const { totals, tallies } = makeTotals();
    totals.absorb(1, status(5, { inFlight: 2, queued: 1 }));
    totals.absorb(1, status(7, { inFlight: 3, queued: 1 }));
    totals.absorb(2, status(10, { inFlight: 1, queued: 4 }));
    expect(totals.views([UPSTREAM])[0]).toMatchObject({ inFlight: 4, queued: 5, counts: { success: 17 } });
    totals.forget(1);
    expect(totals.views([UPSTREAM])[0]).toMatchObject({ inFlight: 1, queued: 4, counts: { success: 17 } });
    totals.absorb(1, status(1));
    expect(totals.views([UPSTREAM])[0]!.counts?.success).toBe(18);
    expect(tallies.answers.get(200)).toBe(18);
  });

  it.each<[CircuitState | null, CircuitState | null, unknown, number]>([
    [null, null, null, 0],
    ['closed', 'closed', 'closed', 0],
    ['open', 'open', 'open', 2],
    ['closed', 'open', { 1: 'closed', 2: 'open' }, 1],
  ])('of circuits %s and %s show %j, %i open', (first, second, shown, open) => {
    const { totals } = makeTotals();
    totals.absorb(2, status(0, { circuit: second, admits: second !== 'open' }));
    totals.absorb(1, status(0, { circuit: first, admits: first !== 'open' }));
    expect(totals.views([UPSTREAM])[0]!.circuit).toEqual(shown);
    expect(totals.readings([UPSTREAM])[0]!.circuitsOpen).toBe(open);
  });

  it('of memory are the sum of the primary and all processes', () => {
    const { totals } = makeTotals();
    totals.absorb(1, status(0));
    totals.absorb(2, status(0));
    const view = totals.memory({ pid: 9, heapBytes: 1, externalBytes: 10, residentBytes: 100 });
    expect(view).toMatchObject({ heapBytes: 3, externalBytes: 30, residentBytes: 300 });
    expect(view.processes.map(({ number }) => number)).toEqual([1, 2]);
  });

  it('before the first report are zero', () => {
    const { totals } = makeTotals();
    expect(totals.views([UPSTREAM])[0]).toMatchObject({
      inFlight: 0,
      circuit: null,
      counts: { success: 0, failure: 0, ignored: 0 },
    });
  });
});
