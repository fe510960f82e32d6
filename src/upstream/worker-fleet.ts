/**
 * The fleet: a machine's process per worker, always on the port it had at first. This file puts the parts together: places (`fleet/worker-place.ts`), what watches them (`fleet/supervision.ts`), what adds and takes away
 * (`fleet/scaling.ts`), deploys (`fleet/deployer.ts`) and quarantine.
 */
import type { Clock } from '../core/clock.js';
import { UserError } from '../core/errors.js';
import type { Emit } from '../core/events.js';
import type { Random } from '../core/random.js';
import type { Trial } from '../delivery/trial.js';
import type { Injection } from './active-faults.js';
import type { FleetConfig, WorkerConfig } from './config.js';
import { ConfigTrial } from './config-trial.js';
import type { DependencyTarget } from './dependencies/messages.js';
import type { WorkerFaultName } from './faults/worker-faults.js';
import { Deployer } from './fleet/deployer.js';
import type { Deployment } from './fleet/deployment.js';
import { LifeSpans } from './fleet/life-spans.js';
import type { PlaceParts } from './fleet/place-parts.js';
import { Quarantine } from './fleet/quarantine.js';
import { Scaling } from './fleet/scaling.js';
import { Supervision } from './fleet/supervision.js';
import { versionOf } from './fleet/versions.js';
import { Waits } from './fleet/waits.js';
import { argumentOf } from './fleet/worker-life.js';
import { WorkerPlace } from './fleet/worker-place.js';
import {
  type Fleet,
  type Traffic,
  type WorkerAddress,
  type WorkerSample,
  type WorkerStatus,
  workerIds,
} from './fleet.js';
import type { Machine } from './machine.js';

export interface WorkerFleetOptions {
  readonly config: FleetConfig;
  readonly host: string;
  /** Where the places listen, in their order; where there is none, at a free one. Default: none. */
  readonly ports?: readonly number[];
  readonly clock: Clock;
  readonly random: Random;
  /** What the workers run on. */
  readonly machine: Machine;
  readonly emit: Emit;
  readonly onSample: (sample: WorkerSample) => void;
  /** Told which workers get nothing; default: nobody. */
  readonly traffic?: Traffic;
  /** Where what workers depend on is to be found, when one starts; default: they depend on nothing. */
  readonly dependencies?: () => readonly DependencyTarget[];
  /** Requests that clients have offered since the start, for a forecast; default: none are known. */
  readonly offered?: () => number;
}

/** What is in flight may take so long to end, as with recycling. */
const RESTART_DRAIN_MS = 1_000;

const NOBODY: Traffic = { setDrained: () => Promise.resolve() };

export class WorkerFleet implements Fleet {
  readonly #options: WorkerFleetOptions;
  readonly #places: readonly WorkerPlace[];
  readonly #waits: Waits;
  readonly #spans = new LifeSpans();
  readonly #quarantine: Quarantine | null;
  readonly #supervision: Supervision;
  readonly #deployer: Deployer;
  readonly #scaling: Scaling;
  readonly #parts: PlaceParts;
  readonly #trials = new Set<ConfigTrial>();

  constructor(options: WorkerFleetOptions) {
    const { config, random, clock, emit } = options;
    this.#options = options;
    this.#waits = new Waits(clock);
    this.#quarantine = config.quarantine && new Quarantine(config.quarantine);
    const parts = this.#placeParts();
    this.#parts = parts;
    this.#places = workerIds(config.maxWorkers).map(
      (id, index) => new WorkerPlace(id, random.fork(id), parts, options.ports?.[index]),
    );
    const shared = { config, clock, emit, waits: this.#waits, places: this.#places };
    this.#deployer = new Deployer({
      ...shared,
      first: versionOf(config),
      bootMs: config.bootDelayMs,
      makeVersion: ({ version, changes }) => versionOf(config, version, changes),
    });
    const isDeploying = (): boolean => this.#deployer.busy;
    this.#supervision = new Supervision({ ...shared, isDeploying });
    this.#scaling = new Scaling({
      ...shared,
      isDeploying,
      version: () => this.#deployer.current,
      offered: options.offered ?? (() => 0),
    });
  }

  async start(): Promise<readonly WorkerAddress[]> {
    const { config, host } = this.#options;
    await Promise.all(
      this.#places.map((place, index) =>
        (index < config.workers ? place.start(versionOf(config), 0) : place.reserve()).catch(
          (error: Error) => {
            throw new UserError('couldNotStart', `${place.id} could not start: ${error.message}`);
          },
        ),
      ),
    );
    this.#supervision.start();
    return this.#places.map(({ id, port }) => ({ id, host, port }));
  }

  assignConfig(id: string, version: number, config: WorkerConfig): void {
    this.#find(id).assignConfig({ version, config });
  }

  async tryConfig(config: WorkerConfig, running: WorkerConfig, trial: Trial): Promise<string | null> {
    const { machine, clock, random } = this.#options;
    const { heapLimitBytes, openFiles } = this.#parts.config;
    const underTrial = new ConfigTrial(config, trial, {
      ...{ heapLimitBytes, openFiles, machine, clock },
      argument: argumentOf({
        ...{ id: 'trial', port: 0, bootMs: 0, parts: this.#parts },
        version: this.#deployer.current,
        config: { version: 1, config: running },
        seed: random.fork('trial').seed,
      }),
    });
    this.#trials.add(underTrial);
    const problem = await underTrial.outcome;
    this.#trials.delete(underTrial);
    return problem;
  }

  inject(id: string, injection: Injection): boolean {
    return this.#find(id).inject(injection);
  }

  heal(id: string, fault: WorkerFaultName | null): void {
    this.#find(id).heal(fault);
  }

  status(): readonly WorkerStatus[] {
    return this.#places.map(({ status }) => status);
  }

  kill(id: string): boolean {
    const place = this.#find(id);
    const { up } = place;
    place.kill('operator', 'ordered');
    return up;
  }

  restart(id: string): boolean {
    const { config } = this.#options;
    const place = this.#find(id);
    if (!place.wanted) return false;
    // Its first try to boot may fail; then it comes back as after a death, and events tell of it.
    place.replace(RESTART_DRAIN_MS, config.bootDelayMs, 'restart').catch(() => {});
    return true;
  }

  beginScaling(): void {
    this.#scaling.start();
  }

  scale(workers: number, reason: string): void {
    this.#scaling.scale(workers, 'ordered', reason);
  }

  deploy(deployment: Deployment): void {
    void this.#deployer.deploy(deployment);
  }

  rollbackDeploy(): void {
    void this.#deployer.rollback('ordered');
  }

  workerSeconds(fromMs: number, toMs: number): number {
    return this.#spans.seconds(fromMs, toMs);
  }

  async stop(): Promise<void> {
    this.#waits.stop();
    this.#supervision.stop();
    const trials = [...this.#trials];
    for (const trial of trials) trial.stop();
    await Promise.all(trials.map(({ outcome }) => outcome));
    await Promise.all([...this.#places.map((place) => place.stop()), this.#options.machine.ports.stop()]);
  }

  #placeParts(): PlaceParts {
    const {
      config,
      host,
      clock,
      machine,
      emit,
      onSample,
      traffic = NOBODY,
      dependencies = () => [],
    } = this.#options;
    return {
      ...{ config, host, clock, machine, emit, traffic, dependencies },
      spans: this.#spans,
      waits: this.#waits,
      onSample: (place, sample) => {
        this.#supervision.beat(place);
        onSample(sample);
      },
      onUp: (place) => this.#supervision.up(place),
      onDown: (place, ordered) => {
        this.#supervision.down(place, ordered);
        if (ordered) this.#quarantine?.left(place.id);
        else this.#blame(place);
      },
      onRequest: (place, message) => {
        if (message.type === 'began') this.#quarantine?.began(place.id, message.fingerprint);
        else this.#quarantine?.ended(place.id, message.fingerprint, message.answered);
      },
      quarantined: () => this.#quarantine?.held(clock.nowMs()) ?? [],
    };
  }

  /** A worker died: what it had in hand may have killed it. */
  #blame(place: WorkerPlace): void {
    const { clock, config, emit } = this.#options;
    if (this.#quarantine === null || config.quarantine === null) return;
    const caught = this.#quarantine.died(place.id, clock.nowMs());
    if (caught.length === 0) return;
    for (const { fingerprint, deaths } of caught) {
      emit('request.quarantined', { fingerprint, deaths, forMs: config.quarantine.forMs });
    }
    this.#tellQuarantine();
    void this.#waits.wait(config.quarantine.forMs).then(() => this.#tellQuarantine());
  }

  #tellQuarantine(): void {
    const fingerprints = this.#quarantine!.held(this.#options.clock.nowMs());
    for (const place of this.#places) place.send({ type: 'quarantine', fingerprints });
  }

  #find(id: string): WorkerPlace {
    const place = this.#places.find((candidate) => candidate.id === id);
    if (place === undefined) throw new Error(`no worker is called ${id}`);
    return place;
  }
}
