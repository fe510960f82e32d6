/** A load that is changed while it is sent: what comes of it, and when it is over. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.js';
import { VirtualClock } from '../../../src/core/virtual-clock.js';
import { resolveClasses } from '../../../src/scenarios/clients/classes.js';
import type { FloodPlan } from '../../../src/scenarios/clients/flood.js';
import { LoadRun } from '../../../src/scenarios/clients/load-run.js';
import type { LoadPlan } from '../../../src/scenarios/clients/workload.js';

const PLAN: LoadPlan = { arrivals: 'constant', stages: [{ fromRps: 10, toRps: 10, durationMs: 10_000 }] };

/** Every request is answered well after 5 ms. */
const start = (load: LoadPlan) => {
  const clock = new VirtualClock();
  const seen = {
    arrivalsMs: [] as number[],
    finished: 0,
    floods: [] as object[],
    addresses: new Set<string>(),
  };
  const run = new LoadRun({
    ...{ load, clients: resolveClasses({}), floods: [], clock, random: new Random(1) },
    send: (_asked, address, _extra, onAnswer) => {
      seen.addresses.add(address);
      const timer = clock.after(5, () => onAnswer({ status: 200, cause: '', rayId: '' }));
      return { abort: () => timer.cancel() };
    },
    onRecord: ({ arrivalMs }) => seen.arrivalsMs.push(arrivalMs),
    onFloodEnded: (ended) => seen.floods.push(ended),
    onFinished: () => {
      seen.finished++;
    },
  });
  run.start(0);
  return { clock, run, seen };
};

describe('a flood that nobody planned', () => {
  const FLOOD = {
    ...{ method: 'GET', path: '/', headers: {}, bodyBytes: 0 },
    ...{ atMs: 0, durationMs: 1_000, rateRps: 100, identities: 4, maxConnections: 100, maxRequests: 1_000 },
  } as unknown as FloodPlan;

  it('begins when it is asked for and ends in time, from addresses that clients do not have', () => {
    const { clock, run, seen } = start(PLAN);
    clock.advance(3_000);
    run.flood(FLOOD);
    run.flood(FLOOD);
    clock.advance(1_100);
    expect(seen.floods).toEqual([
      { plan: FLOOD, counts: expect.objectContaining({ sent: 99, ok: 99, skipped: 0 }) },
      { plan: FLOOD, counts: expect.objectContaining({ sent: 99, ok: 99, skipped: 0 }) },
    ]);
    expect(seen.addresses.size).toBe(5);
    expect(run.floods).toHaveLength(2);
    clock.advance(10_000);
    expect(seen).toMatchObject({ finished: 1 });
    expect(seen.arrivalsMs).toHaveLength(100);
  });

  it('is none before the load and after it', () => {
    const { clock, run, seen } = start(PLAN);
    clock.advance(11_000);
    run.flood(FLOOD);
    clock.advance(5_000);
    expect(seen.floods).toEqual([]);
  });

  it('goes with the load', () => {
    const { clock, run, seen } = start({ ...PLAN, endless: true });
    clock.advance(1_000);
    run.flood(FLOOD);
    clock.advance(500);
    run.stop();
    expect(seen.floods).toHaveLength(1);
  });
});

describe('a load that is changed while it is sent', () => {
  it('sends more from then on, and ends when its plan does', () => {
    const { clock, run, seen } = start(PLAN);
    clock.advance(5_000);
    run.changeLoad({ scale: 3, rateRps: null });
    clock.advance(5_100);
    expect(seen).toMatchObject({ finished: 1 });
    expect(seen.arrivalsMs).toHaveLength(50 + 150);
  });

  it('may be nothing for a while, and is not over for that', () => {
    const { clock, run, seen } = start(PLAN);
    clock.advance(2_000);
    run.changeLoad({ scale: 0, rateRps: null });
    clock.advance(3_000);
    expect(seen).toMatchObject({ finished: 0 });
    expect(seen.arrivalsMs).toHaveLength(20);
    run.changeLoad({ scale: 1, rateRps: 20 });
    clock.advance(5_100);
    expect(seen.finished).toBe(1);
    expect(seen.arrivalsMs).toHaveLength(20 + 100);
  });

  it('that stays nothing is over when its plan is', () => {
    const { clock, run, seen } = start(PLAN);
    clock.advance(1_000);
    run.changeLoad({ scale: 1, rateRps: 0 });
    clock.advance(8_900);
    expect(seen.finished).toBe(0);
    clock.advance(200);
    expect(seen.finished).toBe(1);
  });

  it('cannot be changed any more when it is over', () => {
    const { clock, run, seen } = start(PLAN);
    clock.advance(11_000);
    run.changeLoad({ scale: 5, rateRps: null });
    clock.advance(5_000);
    expect(seen).toMatchObject({ finished: 1 });
    expect(seen.arrivalsMs).toHaveLength(100);
  });

  it('without an end goes on until it is stopped', () => {
    const { clock, run, seen } = start({ ...PLAN, endless: true });
    clock.advance(60_000);
    expect(seen.arrivalsMs).toHaveLength(600);
    run.stop();
    clock.advance(10_000);
    expect(seen.arrivalsMs).toHaveLength(600);
    expect(seen.finished).toBe(0);
  });
});
