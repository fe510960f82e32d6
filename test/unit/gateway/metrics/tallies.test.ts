/** What is counted for each request: buckets against a plain count, and processes that come and go added up exactly. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DURATION_BOUNDS_SECONDS, Durations } from '../../../../src/gateway/metrics/durations.js';
import { NO_USE, Tallies, type Tally } from '../../../../src/gateway/metrics/tallies.js';

const tookMs = fc.oneof(
  fc.double({ min: 0, max: 40_000, noNaN: true }),
  fc.constantFrom(1, 2.5, 100, 15_000),
);
const request = fc.record({ status: fc.integer({ min: 100, max: 599 }), tookMs });

describe('durations', () => {
  it('are in the bucket whose bound is the first that is not below them', () => {
    fc.assert(
      fc.property(fc.array(request, { maxLength: 50 }), (requests) => {
        const durations = new Durations();
        for (const { status, tookMs } of requests) durations.add(status, tookMs);
        for (const { statusClass, buckets, sumSeconds } of durations.byClass()) {
          const own = requests.filter(({ status }) => `${Math.trunc(status / 100)}xx` === statusClass);
          const within = (bound: number): number => own.filter(({ tookMs }) => tookMs <= bound * 1000).length;
          const cumulated = buckets.map((_count, index) =>
            buckets.slice(0, index + 1).reduce((sum, count) => sum + count),
          );
          expect(cumulated).toEqual([...DURATION_BOUNDS_SECONDS.map(within), own.length]);
          expect(sumSeconds).toBeCloseTo(
            own.reduce((sum, { tookMs }) => sum + tookMs / 1000, 0),
            6,
          );
        }
        expect(durations.byClass().length).toBe(
          new Set(requests.map(({ status }) => Math.trunc(status / 100))).size,
        );
      }),
    );
  });
});

const act = fc.record({
  process: fc.integer({ min: 0, max: 2 }),
  what: fc.constantFrom('answer', 'failure', 'cache', 'took', 'stall', 'report', 'die'),
  status: fc.constantFrom(200, 404, 502, 503),
});

/** Does one thing in one process, and the same in one that never dies. */
const perform = (tallies: Tallies, { what, status }: { what: string; status: number }): void => {
  if (what === 'answer') tallies.onAnswer(status);
  if (what === 'failure') tallies.onAnswer(status, status === 502 ? 'connection_refused' : 'no_upstream');
  if (what === 'cache') tallies.onCache('hit');
  // Eighths of a second: their sum is the same in whatever order processes are added up.
  if (what === 'took') tallies.durations.add(status, (status - 199) * 125);
  if (what === 'stall') tallies.onStall(status / 4);
};

const sorted = ({ answers, failures, cached, ...rest }: Tally) => ({
  ...rest,
  answers: [...answers].sort(),
  failures: [...failures].sort(),
  cached: [...cached].sort(),
});

describe('tallies of several processes', () => {
  it('add up to what was done, and do not go back when one dies', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 80 }), (acts) => {
        const plain = new Tallies();
        const primary = new Tallies();
        const places = [0, 1, 2].map(() => ({
          tallies: new Tallies(),
          last: undefined as Tally | undefined,
        }));
        const report = (place: (typeof places)[number]): void => {
          const now = place.tallies.snapshot(NO_USE);
          primary.absorb(now, place.last);
          place.last = now;
        };
        for (const { process, ...done } of acts) {
          const place = places[process]!;
          perform(place.tallies, done);
          perform(plain, done);
          if (done.what === 'report' || done.what === 'die') report(place);
          if (done.what === 'die') places[process] = { tallies: new Tallies(), last: undefined };
        }
        for (const place of places) report(place);
        expect(sorted(primary.snapshot(NO_USE))).toEqual(sorted(plain.snapshot(NO_USE)));
      }),
    );
  });

  it('sum up what processes used', () => {
    const primary = new Tallies();
    const first = new Tallies().snapshot({ cpuSeconds: 2, loopActiveSeconds: 1 });
    const later = new Tallies().snapshot({ cpuSeconds: 3, loopActiveSeconds: 1.5 });
    primary.absorb(first);
    primary.absorb(later, first);
    primary.absorb(first);
    expect(primary.use).toEqual({ cpuSeconds: 5, loopActiveSeconds: 2.5 });
  });

  it('leave short waits of the event loop out', () => {
    const tallies = new Tallies();
    for (const stallMs of [0, 49, 50, 300]) tallies.onStall(stallMs);
    expect(tallies.stalledMs).toBe(350);
  });
});
