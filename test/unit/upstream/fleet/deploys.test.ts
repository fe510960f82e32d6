/** Deploys by each strategy, in virtual time: which worker is replaced when, who serves meanwhile, and the way back. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Event, EventStream } from '../../../../src/core/events.js';
import { VirtualClock } from '../../../../src/core/virtual-clock.js';
import { resolveFleetConfig } from '../../../../src/upstream/config.js';
import type { Tally } from '../../../../src/upstream/fleet/canary.js';
import { Deployer, type DeployPlace } from '../../../../src/upstream/fleet/deployer.js';
import { type DeploySection, resolveDeployment } from '../../../../src/upstream/fleet/deployment.js';
import { versionOf, type WorkerVersion } from '../../../../src/upstream/fleet/versions.js';
import { Waits } from '../../../../src/upstream/fleet/waits.js';

const BOOT_MS = 1_000;
const DRAIN_MS = 300;
const STEP_MS = 50;

const NOTHING: Tally = { answered: 0, failed: 0, latencyTotalMs: 0, exits: 0, heapBytes: 0 };

/** A worker that boots and drains in virtual time, and answers a hundred requests a second. */
class FakePlace implements DeployPlace {
  readonly id: string;
  readonly #clock: VirtualClock;
  readonly #log: string[];
  version = 1;
  wanted: boolean;
  standingBy = false;
  leaving = false;
  up: boolean;
  drained = false;
  warmedUp = 0;
  /** Versions that do not start. */
  readonly broken = new Set<number>();
  /** How long an answer takes, by version. */
  latencyMs: Readonly<Record<number, number>> = {};
  #upSinceMs = 0;

  constructor(id: string, clock: VirtualClock, log: string[], running: boolean) {
    this.id = id;
    this.#clock = clock;
    this.#log = log;
    this.wanted = running;
    this.up = running;
  }

  get active(): boolean {
    return this.wanted && !this.standingBy;
  }

  get serving(): boolean {
    return this.up && !this.standingBy && !this.drained;
  }

  get tally(): Tally {
    const answered = this.serving ? (this.#clock.nowMs() - this.#upSinceMs) / 10 : 0;
    return { ...NOTHING, answered, latencyTotalMs: answered * (this.latencyMs[this.version] ?? 100) };
  }

  async retire(drainMs: number | null): Promise<void> {
    this.#log.push(`${this.id} retires`);
    this.wanted = false;
    if (drainMs !== null) {
      this.drained = true;
      await this.#wait(drainMs);
    }
    this.up = false;
  }

  async park(): Promise<void> {
    this.#log.push(`${this.id} parks`);
  }

  async start({ number }: WorkerVersion, bootMs: number): Promise<void> {
    this.version = number;
    this.wanted = true;
    await this.#wait(bootMs);
    if (this.broken.has(number)) throw new Error(`version ${number} does not start`);
    this.up = true;
    this.drained = false;
    this.#upSinceMs = this.#clock.nowMs();
    this.#log.push(`${this.id} runs ${number}`);
  }

  async standBy(aside: boolean): Promise<void> {
    this.standingBy = aside;
  }

  async warmUp(requests: number): Promise<void> {
    this.warmedUp += requests;
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.after(ms, resolve);
    });
  }
}

const advanced = (clock: VirtualClock, ms: number): Promise<void> =>
  new Promise((resolve) => {
    clock.after(ms, resolve);
  });

const make = (running = 4, places = running) => {
  const clock = new VirtualClock();
  const log: string[] = [];
  const events: Event[] = [];
  const stream = new EventStream(() => clock.nowMs());
  stream.subscribe((event) => events.push(event));
  const fakes = Array.from(
    { length: places },
    (_, index) => new FakePlace(`worker-${index + 1}`, clock, log, index < running),
  );
  const config = resolveFleetConfig({ workers: running, maxWorkers: places });
  const deployer = new Deployer({
    clock,
    emit: stream.emit,
    waits: new Waits(clock),
    places: fakes,
    makeVersion: ({ version, changes }) => versionOf(config, version, changes),
    bootMs: BOOT_MS,
    first: versionOf(config),
  });
  /** Goes on until it is over. @returns the fewest that served, at any step. */
  const run = async (done: Promise<void>): Promise<number> => {
    let over = false;
    void done.then(() => {
      over = true;
    });
    let fewest = Number.POSITIVE_INFINITY;
    for (let step = 0; !over && step < 2_000; step++) {
      // Everything that follows from what is settled happens at the same moment.
      for (let turn = 0; turn < 50; turn++) await Promise.resolve();
      fewest = Math.min(fewest, fakes.filter(({ serving }) => serving).length);
      if (!over) clock.advance(STEP_MS);
    }
    expect(over).toBe(true);
    return fewest;
  };
  const deploy = (section: DeploySection): Promise<number> =>
    run(deployer.deploy(resolveDeployment(section)));
  const rollback = (): Promise<number> => run(deployer.rollback('ordered'));
  const versions = (): number[] => fakes.filter(({ serving }) => serving).map(({ version }) => version);
  const told = (): string[] => events.map(({ type }) => type).filter((type) => type !== 'deploy.advanced');
  return { clock, log, events, fakes, deployer, run, deploy, rollback, versions, told };
};

describe('a deploy', () => {
  it('at once stops everybody, and then starts everybody', async () => {
    const { deploy, versions, clock } = make();
    expect(await deploy({ version: 2, strategy: 'big-bang' })).toBe(0);
    expect(versions()).toEqual([2, 2, 2, 2]);
    expect(clock.nowMs()).toBe(BOOT_MS);
  });

  it('that rolls takes one after another, each when the one before is back', async () => {
    const { deploy, versions, log, clock } = make(3);
    expect(await deploy({ version: 2, drain: `${DRAIN_MS}ms` })).toBe(2);
    expect(versions()).toEqual([2, 2, 2]);
    expect(log).toEqual([1, 2, 3].flatMap((id) => [`worker-${id} retires`, `worker-${id} runs 2`]));
    expect(clock.nowMs()).toBe(3 * (DRAIN_MS + BOOT_MS));
  });

  it('that rolls never has two away at once, however many there are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 9 }), fc.boolean(), async (workers, drains) => {
        const { deploy, versions } = make(workers);
        const section = { version: 2, ...(drains && { drain: '200ms' }) };
        expect(await deploy(section)).toBe(workers - 1);
        expect(versions()).toEqual(new Array(workers).fill(2));
      }),
      { numRuns: 20 },
    );
  });

  it('of blue and green switches when all green ones run and are warm, and nobody is missing for a moment', async () => {
    const { deploy, fakes, versions, told } = make(2, 4);
    expect(await deploy({ version: 2, strategy: 'blue-green', warmUp: 50 })).toBe(2);
    expect(versions()).toEqual([2, 2]);
    expect(fakes.map(({ up, warmedUp }) => [up, warmedUp])).toEqual([
      [true, 0],
      [true, 0],
      [true, 50],
      [true, 50],
    ]);
    expect(told()).toEqual(['deploy.began', 'deploy.switched', 'deploy.finished']);
  });

  it('of blue and green goes back at once, and forth again', async () => {
    const { deploy, rollback, versions, clock } = make(2, 4);
    await deploy({ version: 2, strategy: 'blue-green' });
    const switchedMs = clock.nowMs();
    for (const expected of [1, 2, 1]) {
      expect(await rollback()).toBeGreaterThanOrEqual(2);
      expect(versions()).toEqual([expected, expected]);
    }
    expect(clock.nowMs()).toBe(switchedMs);
  });

  it('of blue and green, the next one, takes the places of those that stood by', async () => {
    const { deploy, versions, fakes } = make(2, 4);
    await deploy({ version: 2, strategy: 'blue-green' });
    expect(await deploy({ version: 3, strategy: 'blue-green' })).toBe(2);
    expect(versions()).toEqual([3, 3]);
    expect(fakes.map(({ version }) => version)).toEqual([3, 3, 2, 2]);
  });

  it('with a canary goes on when it does as well as the others', async () => {
    const { deploy, versions, clock } = make();
    await deploy({ version: 2, strategy: 'canary', watch: '2s' });
    expect(versions()).toEqual([2, 2, 2, 2]);
    expect(clock.nowMs()).toBe(2_000 + 4 * BOOT_MS);
  });

  it('with a canary that is too slow is taken back, and nobody else got it', async () => {
    const { deploy, fakes, versions, events, told } = make();
    for (const fake of fakes) fake.latencyMs = { 1: 100, 2: 200 };
    await deploy({ version: 2, strategy: 'canary', watch: '2s' });
    expect(versions()).toEqual([1, 1, 1, 1]);
    expect(told()).toEqual(['deploy.began', 'deploy.failed', 'deploy.rolled-back']);
    expect(events.filter(({ type }) => type === 'deploy.advanced')).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({
      reason: 'the canary worker-1: its answers took 200ms, the others’ 100ms',
    });
  });

  it.each<[string, DeploySection]>([
    ['rolling', { version: 2 }],
    ['at once', { version: 2, strategy: 'big-bang' }],
    ['with a canary', { version: 2, strategy: 'canary' }],
    ['of blue and green', { version: 2, strategy: 'blue-green' }],
  ])('%s of a version that does not start goes back', async (_name, section) => {
    const { deploy, fakes, versions, told } = make(2, 4);
    for (const fake of fakes) fake.broken.add(2);
    await deploy(section);
    expect(versions()).toEqual([1, 1]);
    expect(told()).toEqual(['deploy.began', 'deploy.failed', 'deploy.rolled-back']);
  });

  it('that is ordered back half-way turns round', async () => {
    const { clock, deployer, rollback, versions, told } = make(3);
    void deployer.deploy(resolveDeployment({ version: 2 }));
    await Promise.resolve();
    clock.advance(STEP_MS);
    await rollback();
    expect(versions()).toEqual([1, 1, 1]);
    expect(told()).toEqual(['deploy.began', 'deploy.failed', 'deploy.rolled-back']);
    expect(deployer.current.number).toBe(1);
  });

  it('at once of which one does not start is taken back at once as well', async () => {
    const { deploy, fakes, versions, clock } = make();
    fakes[3]!.broken.add(2);
    await deploy({ version: 2, strategy: 'big-bang' });
    expect(versions()).toEqual([1, 1, 1, 1]);
    expect(clock.nowMs()).toBe(2 * BOOT_MS);
  });

  it('of blue and green does not take places that others are about to leave', async () => {
    const { deploy, fakes, versions, events } = make(2, 4);
    fakes[2]!.leaving = true;
    await deploy({ version: 2, strategy: 'blue-green' });
    expect(versions()).toEqual([1, 1]);
    expect(events).toContainEqual(
      expect.objectContaining({ reason: 'there are only 1 places for 2 new workers' }),
    );
  });

  it('whose canary is watched is ordered back without waiting for the end of the watch', async () => {
    const { clock, deployer, rollback, run, versions } = make();
    const deployed = deployer.deploy(resolveDeployment({ version: 2, strategy: 'canary', watch: '60s' }));
    await run(Promise.race([deployed, advanced(clock, BOOT_MS + STEP_MS)]));
    await rollback();
    expect(versions()).toEqual([1, 1, 1, 1]);
    expect(clock.nowMs()).toBeLessThan(3 * BOOT_MS);
  });

  it('ordered back twice, when it cannot turn round any more, goes back once', async () => {
    const { deployer, run, versions, told, events } = make();
    void deployer.deploy(resolveDeployment({ version: 2, strategy: 'big-bang' }));
    await run(Promise.all([deployer.rollback('ordered'), deployer.rollback('ordered')]).then(() => {}));
    expect(told()).toEqual(['deploy.began', 'deploy.finished', 'deploy.refused', 'deploy.rolled-back']);
    expect(events).toContainEqual(expect.objectContaining({ reason: 'a rollback is under way' }));
    expect(versions()).toEqual([1, 1, 1, 1]);
  });

  it('that cannot be gone back from stays, and says so', async () => {
    const { deploy, rollback, fakes, deployer, told, events } = make(2);
    await deploy({ version: 2 });
    for (const fake of fakes) fake.broken.add(1);
    await rollback();
    expect(deployer.current.number).toBe(2);
    expect(told()).toEqual(['deploy.began', 'deploy.finished', 'deploy.failed']);
    expect(events.at(-1)).toMatchObject({ reason: 'the way back: version 1 does not start' });
    for (const fake of fakes) fake.broken.clear();
    await rollback();
    expect(deployer.current.number).toBe(1);
  });

  it('that is over is gone back from as it came', async () => {
    const { deploy, rollback, versions, deployer } = make(3);
    await deploy({ version: 2 });
    expect(await rollback()).toBe(2);
    expect(versions()).toEqual([1, 1, 1]);
    expect(deployer.current.number).toBe(1);
  });

  it.each<[string, (parts: ReturnType<typeof make>) => Promise<unknown>, string]>([
    ['of the version that runs', ({ deploy }) => deploy({ version: 1 }), 'it is the one that runs'],
    ['back from nothing', ({ rollback }) => rollback(), 'there is no version before it'],
    [
      'while another is under way',
      ({ deployer, deploy }) => {
        void deployer.deploy(resolveDeployment({ version: 2 }));
        return deploy({ version: 3 });
      },
      'another deploy is under way',
    ],
  ])('%s is refused', async (_name, order, reason) => {
    const parts = make();
    await order(parts);
    const refusals = parts.events.filter(({ type }) => type === 'deploy.refused');
    expect(refusals).toMatchObject([{ reason }]);
  });
});
