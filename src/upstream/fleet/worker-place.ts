/**
 * One worker's place: an id and a port that stay, and the processes that stand there one after another. It starts them,
 * restarts them with a growing delay when they die, and ends them when that is wanted.
 */
import type { ChildExit } from '../../core/child.js';
import type { Timer } from '../../core/clock.js';
import type { Killer } from '../../core/event-map.js';
import type { Random } from '../../core/random.js';
import { ActiveFaults, type Injection } from '../active-faults.js';
import type { WorkerFaultName } from '../faults/worker-faults.js';
import type { WorkerStatus } from '../fleet.js';
import type { ToWorker, VersionedWorkerConfig } from '../messages.js';
import { RestartBackoff } from '../restart-backoff.js';
import { Aside, untilReady } from './aside.js';
import type { Tally } from './canary.js';
import type { PlaceParts } from './place-parts.js';
import { Turns } from './turns.js';
import { Use } from './use.js';
import { versionOf, type WorkerVersion } from './versions.js';
import { WorkerLife } from './worker-life.js';

const FIRST_CONFIG_VERSION = 1;

/** One that does not answer is not waited for for ever; it is the deploy's own checks that find it. */
const WARM_UP_TIMEOUT_MS = 5_000;

export class WorkerPlace {
  readonly id: string;
  readonly aside: Aside;
  readonly use = new Use();
  readonly #parts: PlaceParts;
  readonly #random: Random;
  readonly #backoff: RestartBackoff;
  readonly #faults: ActiveFaults;
  readonly #turns = new Turns();
  #port: number;
  #version: WorkerVersion;
  #assigned: VersionedWorkerConfig;
  /** The process that stands here, or that stood here last. */
  #life: WorkerLife | null = null;
  #running = false;
  /** A process shall stand here, by what was ordered last. */
  #wanted = false;
  /** One that dies is followed by another. */
  #comesBack = false;
  #stopped = false;
  #exits = 0;
  #lives = 0;
  #restart: Timer | null = null;

  /** @param port 0: any free one. */
  constructor(id: string, random: Random, parts: PlaceParts, port = 0) {
    this.id = id;
    this.#port = port;
    this.#parts = parts;
    this.#random = random;
    this.#backoff = new RestartBackoff(parts.config.restart);
    this.#faults = new ActiveFaults(id, parts.clock, parts.emit);
    this.#version = versionOf(parts.config);
    this.#assigned = { version: FIRST_CONFIG_VERSION, config: parts.config.initialConfig };
    this.aside = new Aside(id, parts.traffic);
  }

  get port(): number {
    return this.#port;
  }

  /** A process stands here or is to come back. */
  get wanted(): boolean {
    return this.#wanted;
  }

  /** Its process is on its way out, and no other is to come. */
  get leaving(): boolean {
    return !this.#wanted && (this.#running || this.aside.has('leaving'));
  }

  /** Its process serves. */
  get up(): boolean {
    return this.#life?.up ?? false;
  }

  /** Its process serves, and the gateway may send it requests. */
  get serving(): boolean {
    return this.up && !this.aside.any;
  }

  /** A process is there, and does not serve yet. */
  get booting(): boolean {
    return this.#running && !this.up;
  }

  /** A process stands here or is to come back, and it is of the colour in use. */
  get active(): boolean {
    return this.#wanted && !this.aside.has('standby');
  }

  get version(): number {
    return this.#version.number;
  }

  get heapRatio(): number {
    return (this.#life?.heapBytes ?? 0) / this.#version.heapLimitBytes;
  }

  get tally(): Tally {
    const none = { answered: 0, failed: 0, latencyTotalMs: 0, heapBytes: 0 };
    return { ...(this.#life?.tally ?? none), exits: this.#exits };
  }

  get status(): WorkerStatus {
    return {
      worker: this.id,
      up: this.up,
      active: this.active,
      exits: this.#exits,
      heapBytes: this.#life?.heapBytes ?? 0,
      heapLimitBytes: this.#version.heapLimitBytes,
      requests: this.#life?.requests ?? null,
      slots: this.#version.slots,
      configVersion: this.#life?.appliedVersion ?? 0,
      faults: this.#faults.list,
      version: this.#version.number,
      drained: this.aside.any,
    };
  }

  assignConfig(assigned: VersionedWorkerConfig): void {
    this.#assigned = assigned;
    this.send({ type: 'config', config: assigned });
  }

  send(message: ToWorker): void {
    if (this.#running) this.#life?.child.send(message);
  }

  inject(injection: Injection): boolean {
    return this.#faults.inject(injection);
  }

  heal(fault: WorkerFaultName | null): void {
    this.#faults.heal(fault);
  }

  /** Takes a port for a worker that does not run yet. */
  async reserve(): Promise<void> {
    void this.aside.hold('idle');
    this.#port = await this.#parts.machine.ports.keep(this.#port);
  }

  /**
   * Puts a process here. It comes back for as long as it is not ended by `retire`, whatever this returns.
   * @returns when it serves and may get requests; rejects with why its first try failed.
   */
  start(version: WorkerVersion, bootMs: number): Promise<void> {
    this.#wanted = true;
    return this.#turns.take(() => this.#begin(version, bootMs));
  }

  /**
   * Ends the process for good.
   * @param drainMs the gateway is told, and what is in flight may take so long; `null`: it is ended at once, and nobody
   * is told.
   */
  retire(drainMs: number | null, reason: string): Promise<void> {
    this.#wanted = false;
    return this.#turns.take(() => this.#end(drainMs, reason));
  }

  /**
   * Puts a fresh process of the same version here.
   * @returns as `start`; `false`: there was none to replace, or none is wanted any more.
   */
  replace(drainMs: number, bootMs: number, reason: string): Promise<boolean> {
    return this.#turns.take(async () => {
      if (!this.#wanted) return false;
      await this.#end(drainMs, reason);
      if (!this.#wanted) return false;
      await this.#begin(this.#version, bootMs);
      return true;
    });
  }

  /** After `retire`: nobody is to come back here for now, unless one has been started meanwhile. */
  park(): Promise<void> {
    return this.#turns.take(async () => {
      if (this.#wanted) return;
      await this.aside.hold('idle');
      await this.aside.release('leaving');
      // Somebody who has it now has to let it go before the next start, which tries for a while.
      await this.#parts.machine.ports.keep(this.#port).catch(() => {});
    });
  }

  standBy(aside: boolean): Promise<void> {
    return aside ? this.aside.hold('standby') : this.aside.release('standby');
  }

  /** Has it serve so many requests, as many at once as it has slots; what comes back does not matter. */
  async warmUp(requests: number): Promise<void> {
    let left = requests;
    const slot = async (): Promise<void> => {
      while (left-- > 0 && this.up) await this.ask('/', WARM_UP_TIMEOUT_MS);
    };
    await Promise.all(Array.from({ length: this.#version.slots }, slot));
  }

  /** @returns `null` for a good answer in time, else what was wrong. */
  ask(path: string, timeoutMs: number): Promise<string | null> {
    const { host, machine } = this.#parts;
    return machine.ask({ host, port: this.#port, path }, timeoutMs);
  }

  /** Ends the process as a death, from which it comes back. */
  kill(by: Killer, reason: string): void {
    if (!this.up) return;
    this.#parts.emit('worker.killed', { worker: this.id, by, reason });
    this.#life?.kill();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wanted = false;
    this.#comesBack = false;
    this.#restart?.cancel();
    this.#faults.stop();
    if (this.#running) await this.#life?.end();
  }

  async #begin(version: WorkerVersion, bootMs: number): Promise<void> {
    this.#version = version;
    this.#comesBack = true;
    this.#restart?.cancel();
    await this.#parts.machine.ports.release(this.#port);
    this.#spawn(bootMs);
    await this.#life?.ready;
    await untilReady(this.aside, this.#parts.waits);
    // It was let in when it was ready; here it is waited for until the gateway knows.
    await this.aside.settled;
  }

  async #end(drainMs: number | null, reason: string): Promise<void> {
    const { clock, emit } = this.#parts;
    this.#comesBack = false;
    this.#restart?.cancel();
    if (drainMs !== null) await this.aside.hold('leaving');
    const life = this.#life;
    if (life === null || !this.#running) return;
    const fromMs = clock.nowMs();
    if (drainMs !== null) await life.drained(drainMs);
    // It may have died meanwhile, and told of it itself.
    if (!this.#running) return;
    const drainedMs = clock.nowMs() - fromMs;
    const lost = life.open;
    await life.end();
    emit('worker.stopped', { worker: this.id, pid: life.child.pid, reason, drainedMs, lost });
  }

  #spawn(bootMs: number): void {
    if (this.#stopped) return;
    this.#running = true;
    this.#life = new WorkerLife({
      id: this.id,
      port: this.#port,
      version: this.#version,
      config: this.#assigned,
      bootMs,
      // Every life draws its own service times, in an order that the seed decides.
      seed: this.#random.fork(`life-${this.#lives++}`).seed,
      parts: this.#parts,
      onReady: (life) => {
        this.#port = life.port;
        this.#faults.started(life.child);
        this.#parts.onUp(this);
        void this.aside.release('idle', 'leaving');
      },
      onSample: (life, sample) => {
        this.use.add(life.inHand / life.version.slots);
        this.#parts.onSample(this, sample);
      },
      onRequest: (message) => this.#parts.onRequest(this, message),
      onExit: (life, exit) => this.#onExit(life, exit),
    });
  }

  #onExit(life: WorkerLife, exit: ChildExit): void {
    const { clock, config, emit, onDown } = this.#parts;
    this.#running = false;
    this.#faults.died();
    onDown(this, life.ordered);
    if (life.ordered) return;
    const restartInMs = this.#comesBack ? this.#backoff.onExit(life.uptimeMs) : null;
    this.#exits++;
    emit('worker.exited', { ...life.deathOf(exit), restartInMs });
    if (restartInMs !== null) this.#restart = clock.after(restartInMs, () => this.#spawn(config.bootDelayMs));
  }
}
