/**
 * The fleet of the real engine: one forked process per worker, restarted with a growing delay when it dies, always on
 * the port it had at first. What a dead worker leaves behind is recorded as evidence: its exit state, V8's last line,
 * and its last heap sample.
 */
import { Child, type ChildExit } from '../core/child.js';
import type { Clock, Timer } from '../core/clock.js';
import { UserError } from '../core/errors.js';
import type { Emit } from '../core/events.js';
import type { Random } from '../core/random.js';
import type { Reaper } from '../core/reaper.js';
import { ActiveFaults, type Injection } from './active-faults.js';
import type { FleetConfig, WorkerConfig } from './config.js';
import type { WorkerFaultName } from './faults/worker-faults.js';
import type { Fleet, WorkerAddress, WorkerSample, WorkerStatus } from './fleet.js';
import type { FromWorker, ToWorker, VersionedWorkerConfig, WorkerArgument } from './messages.js';
import { RestartBackoff } from './restart-backoff.js';

/**
 * Workers give way to the gateway and the load generator, which must keep time. Measured with eight crash-looping
 * workers on two cores: nice 5 brought the generator's lag from 66 to 13 ms.
 */
export const WORKER_NICE = 5;

export const FIRST_CONFIG_VERSION = 1;

/** The line V8 writes before it aborts for want of memory. */
const FATAL_LINE = /^FATAL ERROR: .*$/m;

interface Worker {
  readonly id: string;
  readonly backoff: RestartBackoff;
  readonly random: Random;
  port: number;
  child: Child<ToWorker, FromWorker> | null;
  up: boolean;
  exits: number;
  startedMs: number;
  assigned: VersionedWorkerConfig;
  /** Version that the process has applied. */
  appliedVersion: number;
  lastSample: WorkerSample | null;
  restart: Timer | null;
  readonly faults: ActiveFaults;
}

export interface ProcessFleetOptions {
  readonly config: FleetConfig;
  readonly host: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly reaper: Reaper;
  readonly emit: Emit;
  readonly onSample: (sample: WorkerSample) => void;
}

export class ProcessFleet implements Fleet {
  readonly #options: ProcessFleetOptions;
  readonly #workers: Worker[];
  #stopping = false;

  constructor(options: ProcessFleetOptions) {
    this.#options = options;
    const { config, random } = options;
    this.#workers = Array.from({ length: config.workers }, (_, index) => {
      const id = `worker-${index + 1}`;
      return {
        id,
        backoff: new RestartBackoff(config.restart),
        random: random.fork(id),
        port: 0,
        child: null,
        up: false,
        exits: 0,
        startedMs: 0,
        assigned: { version: FIRST_CONFIG_VERSION, config: config.initialConfig },
        appliedVersion: 0,
        lastSample: null,
        restart: null,
        faults: new ActiveFaults(id, options.clock, options.emit),
      };
    });
  }

  async start(): Promise<readonly WorkerAddress[]> {
    const ready = this.#workers.map(
      (worker) =>
        new Promise<void>((resolve, reject) => {
          this.#spawn(worker, resolve, (reason) => {
            reject(new UserError('couldNotStart', `${worker.id} could not start: ${reason}`));
          });
        }),
    );
    await Promise.all(ready);
    return this.#workers.map(({ id, port }) => ({ id, host: this.#options.host, port }));
  }

  assignConfig(id: string, version: number, config: WorkerConfig): void {
    const worker = this.#find(id);
    worker.assigned = { version, config };
    if (worker.child?.running) worker.child.send({ type: 'config', config: worker.assigned });
  }

  inject(id: string, injection: Injection): boolean {
    return this.#find(id).faults.inject(injection);
  }

  heal(id: string, fault: WorkerFaultName | null): void {
    this.#find(id).faults.heal(fault);
  }

  status(): readonly WorkerStatus[] {
    return this.#workers.map((worker) => ({
      worker: worker.id,
      up: worker.up,
      exits: worker.exits,
      heapBytes: worker.lastSample?.heapBytes ?? 0,
      heapLimitBytes: this.#options.config.heapLimitBytes,
      configVersion: worker.appliedVersion,
      faults: worker.faults.list,
    }));
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(
      this.#workers.map((worker) => {
        worker.restart?.cancel();
        worker.faults.stop();
        worker.child?.kill();
        return worker.child?.exited;
      }),
    );
  }

  #find(id: string): Worker {
    const worker = this.#workers.find((candidate) => candidate.id === id);
    if (worker === undefined) throw new Error(`no worker is called ${id}`);
    return worker;
  }

  #spawn(worker: Worker, onReady?: () => void, onFailed?: (reason: string) => void): void {
    const { config, host, clock, reaper } = this.#options;
    const argument: WorkerArgument = {
      id: worker.id,
      host,
      port: worker.port,
      slots: config.slots,
      serviceTime: config.serviceTime,
      abandoned: config.abandoned,
      // Every life draws its own service times, in an order that the seed decides.
      seed: worker.random.fork(`life-${worker.exits}`).seed,
      config: worker.assigned,
    };
    worker.startedMs = clock.nowMs();
    worker.lastSample = null;
    worker.appliedVersion = 0;
    const child = new Child<ToWorker, FromWorker>({
      name: worker.id,
      entry: 'upstream/worker.js',
      argument,
      reaper,
      nice: WORKER_NICE,
      heapLimitBytes: config.heapLimitBytes,
      openFiles: config.openFiles,
      onMessage: (message) => {
        if (message.type === 'ready') {
          worker.port = message.port;
          worker.up = true;
          this.#options.emit('worker.started', {
            worker: worker.id,
            pid: child.pid,
            configVersion: argument.config.version,
          });
          worker.faults.started(child);
          onReady?.();
        } else if (message.type === 'failed') {
          onFailed?.(message.message);
          child.kill();
        } else this.#onMessage(worker, message);
      },
    });
    worker.child = child;
    child.exited.then((exit) => {
      onFailed?.(child.stderr || `exited with ${exit.signal ?? exit.code}`);
      if (!this.#stopping) this.#onExit(worker, child, exit);
    });
  }

  #onMessage(worker: Worker, message: Extract<FromWorker, { type: 'applied' | 'sample' }>): void {
    if (message.type === 'applied') {
      worker.appliedVersion = message.version;
      this.#options.emit('config.applied', { version: message.version, reader: worker.id });
      return;
    }
    const { type: _, ...sample } = message;
    worker.lastSample = { worker: worker.id, atMs: this.#options.clock.nowMs(), ...sample };
    this.#options.onSample(worker.lastSample);
  }

  #onExit(worker: Worker, child: Child<ToWorker, FromWorker>, exit: ChildExit): void {
    const { clock, config, emit } = this.#options;
    const nowMs = clock.nowMs();
    const uptimeMs = nowMs - worker.startedMs;
    const restartInMs = worker.backoff.onExit(uptimeMs);
    worker.up = false;
    worker.exits++;
    worker.faults.died();
    emit('worker.exited', {
      worker: worker.id,
      pid: child.pid,
      code: exit.code,
      signal: exit.signal,
      fatalLine: FATAL_LINE.exec(child.stderr)?.[0] ?? null,
      lastHeapBytes: worker.lastSample?.heapBytes ?? 0,
      lastSampleAgeMs: worker.lastSample === null ? uptimeMs : nowMs - worker.lastSample.atMs,
      heapLimitBytes: config.heapLimitBytes,
      uptimeMs,
      restartInMs,
      configVersion: worker.appliedVersion,
    });
    worker.restart = clock.after(restartInMs, () => this.#spawn(worker));
  }
}
