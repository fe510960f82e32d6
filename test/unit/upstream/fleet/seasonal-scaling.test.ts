/** Scaling by a forecast, decided and enacted in virtual time: whether the workers are there when a peak comes again. */
import { describe, expect, it } from 'vitest';
import { type Event, EventStream } from '../../../../src/core/events.js';
import { VirtualClock } from '../../../../src/core/virtual-clock.js';
import { type FleetSection, resolveFleetConfig } from '../../../../src/upstream/config.js';
import { type ScalePlace, Scaling } from '../../../../src/upstream/fleet/scaling.js';
import { versionOf } from '../../../../src/upstream/fleet/versions.js';
import { Waits } from '../../../../src/upstream/fleet/waits.js';

/** A worker that boots in virtual time and is gone at once. */
class FakePlace implements ScalePlace {
  readonly use = { take: () => 0.5 };
  readonly leaving = false;
  readonly #clock: VirtualClock;
  wanted: boolean;
  up: boolean;

  constructor(clock: VirtualClock, running: boolean) {
    this.#clock = clock;
    this.wanted = running;
    this.up = running;
  }

  get active(): boolean {
    return this.wanted;
  }

  get booting(): boolean {
    return this.wanted && !this.up;
  }

  start(_version: unknown, bootMs: number): Promise<void> {
    this.wanted = true;
    this.#clock.after(bootMs, () => {
      this.up = this.wanted;
    });
    return Promise.resolve();
  }

  retire(): Promise<void> {
    this.wanted = false;
    this.up = false;
    return Promise.resolve();
  }

  park(): Promise<void> {
    return Promise.resolve();
  }
}

const PERIOD_MS = 20_000;
const PEAK_FROM_MS = 12_000;
const STEP_MS = 10;

const offeredRps = (atMs: number): number => (atMs % PERIOD_MS < PEAK_FROM_MS ? 80 : 200);

/** Of a period: how long there was more load than the workers could take, and what they cost. */
interface Period {
  lateMs: number;
  workerSeconds: number;
}

/** Workers of 40 requests a second that take 3 s to boot, and a load of which a peak is 8 of 20 seconds. */
const run = (autoscale: FleetSection['autoscale'], periods: number) => {
  const clock = new VirtualClock();
  const config = resolveFleetConfig({
    ...{ workers: 3, maxWorkers: 8, slots: 4, serviceTime: { mean: '100ms' }, bootDelay: '3s' },
    autoscale: { strategy: 'predictive', target: '80%', stabilisation: { down: '2s' }, ...autoscale },
  });
  const events: Event<'fleet.scaled'>[] = [];
  const stream = new EventStream(() => clock.nowMs());
  stream.subscribe((event) => {
    if (event.type === 'fleet.scaled') events.push(event);
  });
  const places = Array.from({ length: 8 }, (_, index) => new FakePlace(clock, index < 3));
  let offered = 0;
  const scaling = new Scaling({
    ...{ config, clock, places, emit: stream.emit, waits: new Waits(clock) },
    ...{ isDeploying: () => false, version: () => versionOf(config), offered: () => offered },
  });
  scaling.start();
  const seen = Array.from({ length: periods }, (): Period => ({ lateMs: 0, workerSeconds: 0 }));
  for (let atMs = 0; atMs < periods * PERIOD_MS; atMs += STEP_MS) {
    const rps = offeredRps(atMs);
    const period = seen[Math.floor(atMs / PERIOD_MS)]!;
    if (places.filter(({ up }) => up).length * 40 < rps) period.lateMs += STEP_MS;
    period.workerSeconds += (places.filter(({ wanted }) => wanted).length * STEP_MS) / 1_000;
    offered += (rps * STEP_MS) / 1_000;
    clock.advance(STEP_MS);
  }
  return { events, periods: seen };
};

describe('a peak that has come in every period', () => {
  const THIRD_PEAK_MS = 2 * PERIOD_MS + PEAK_FROM_MS;
  const grownBefore = (events: readonly Event<'fleet.scaled'>[], fromMs: number) =>
    events.filter(({ atMs, from, to }) => atMs >= fromMs && atMs < THIRD_PEAK_MS && to > from);

  it('finds the workers there the third time, where the trend alone is late every time', () => {
    const trend = run({}, 4);
    const season = run({ season: '20s' }, 4);
    const late = (one: typeof trend): number[] => one.periods.map(({ lateMs }) => lateMs);
    // It sees the peak within an interval and a worker boots in three; until the season is known, both do.
    expect(late(season)).toEqual([...late(trend).slice(0, 2), 0, 0]);
    expect(Math.min(...late(trend))).toBeGreaterThan(3_000);
    expect(grownBefore(trend.events, 2 * PERIOD_MS)).toEqual([]);
    expect(grownBefore(season.events, 2 * PERIOD_MS)).toMatchObject([
      { atMs: THIRD_PEAK_MS - 3_000, to: 7, reason: expect.stringContaining('earlier periods') },
    ]);
  });

  it('keeps the workers to its end, and takes them away afterwards', () => {
    const { events, periods } = run({ season: '20s' }, 4);
    const shrunk = events.filter(({ atMs, from, to }) => atMs > THIRD_PEAK_MS && to < from);
    expect(shrunk[0]!.atMs).toBeGreaterThanOrEqual(3 * PERIOD_MS);
    // Three workers all the time, seven for the eight seconds and the three before them, and the window to shrink.
    expect(periods[3]!.workerSeconds).toBeLessThan(3 * 20 + 4 * (8 + 3 + 4));
  });
});
