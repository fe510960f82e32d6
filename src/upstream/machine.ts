/** What workers run on: this machine with its processes and ports, or a model of one in virtual time. */
import { Child } from '../core/child.js';
import type { Clock } from '../core/clock.js';
import { askHealth } from '../core/health.js';
import type { Reaper } from '../core/reaper.js';
import { PortKeeper } from './fleet/port-keeper.js';
import type { FromWorker, ToWorker, WorkerArgument } from './messages.js';

/** One life of a worker, seen from outside. */
export type WorkerChild = Pick<
  Child<ToWorker, FromWorker>,
  'name' | 'pid' | 'running' | 'stderr' | 'exited' | 'send' | 'kill'
>;

export interface WorkerSpawn {
  readonly argument: WorkerArgument;
  readonly heapLimitBytes: number;
  /** Files that it may have open. */
  readonly openFiles: number;
  readonly onMessage: (message: FromWorker) => void;
}

export interface Machine {
  spawn(options: WorkerSpawn): WorkerChild;
  /** Of workers that do not run. */
  readonly ports: Pick<PortKeeper, 'keep' | 'release' | 'stop'>;
  /** Asks a worker from beside it. @returns `null` for a good answer in time, else what was wrong. */
  ask(
    asked: { readonly host: string; readonly port: number; readonly path: string },
    timeoutMs: number,
  ): Promise<string | null>;
}

/**
 * Workers give way to the gateway and the load generator, which must keep time. Measured with eight crash-looping
 * workers on two cores: nice 5 brought the generator's lag from 66 to 13 ms.
 */
export const WORKER_NICE = 5;

/** A process for each. */
export class RealMachine implements Machine {
  readonly ports: PortKeeper;
  readonly #reaper: Reaper;
  readonly #clock: Clock;

  constructor(host: string, reaper: Reaper, clock: Clock) {
    this.ports = new PortKeeper(host);
    this.#reaper = reaper;
    this.#clock = clock;
  }

  spawn({ argument, heapLimitBytes, openFiles, onMessage }: WorkerSpawn): WorkerChild {
    return new Child<ToWorker, FromWorker>({
      name: argument.id,
      entry: 'upstream/worker.js',
      argument,
      reaper: this.#reaper,
      nice: WORKER_NICE,
      heapLimitBytes,
      openFiles,
      onMessage,
    });
  }

  ask(
    asked: { readonly host: string; readonly port: number; readonly path: string },
    timeoutMs: number,
  ): Promise<string | null> {
    return askHealth(asked, timeoutMs, this.#clock);
  }
}
