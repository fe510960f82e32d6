/** All workers of a run, as the runner sees them: processes, models of them, or upstreams of the user's own. */
import type { Trial } from '../delivery/trial.js';
import type { Injection } from './active-faults.js';
import type { WorkerConfig } from './config.js';
import type { WorkerFaultName } from './faults/worker-faults.js';
import type { Deployment } from './fleet/deployment.js';

export interface WorkerAddress {
  readonly id: string;
  readonly host: string;
  readonly port: number;
}

/** `worker-1`, `worker-2` and so on. */
export const workerIds = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `worker-${index + 1}`);

/** What a worker tells of itself. */
export interface WorkerReading {
  readonly heapBytes: number;
  /** Slots in use. */
  readonly busy: number;
  readonly queued: number;
  /** Requests that had their slot to the end, and whose sender was still there, since this process began. */
  readonly served: number;
  /** Requests worked on although their sender had left. */
  readonly wasted: number;
  /** Requests whose sender left before the answer, in a slot or in the queue. */
  readonly abandoned: number;
}

/** The same with what its fleet judges it by. */
export interface WorkerReport extends WorkerReading {
  /** Requests whose answer has gone out whole, with a status below 500, since this process began. */
  readonly answered: number;
  /** Answers with a status of 500 and above, and requests whose connection was gone before a whole answer. */
  readonly failed: number;
  /** How long those that were answered took in all, from their arrival to their answer. */
  readonly latencyTotalMs: number;
  /** Requests taken and not over, whether in a slot, in the queue or in the hands of a fault. */
  readonly open: number;
}

/** A worker at one moment. */
export interface WorkerSample extends WorkerReading {
  readonly worker: string;
  readonly atMs: number;
}

/** One worker's record, for health gates and results. */
export interface WorkerStatus {
  readonly worker: string;
  readonly up: boolean;
  /** A process serves in its place or is to come back, and it is not of the colour that stands by. */
  readonly active: boolean;
  readonly exits: number;
  /** `null`: nobody tells, and so is its limit. */
  readonly heapBytes: number | null;
  readonly heapLimitBytes: number | null;
  /** What it told last of its requests; `null`: nobody tells, or not yet. */
  readonly requests: Pick<WorkerReading, 'busy' | 'queued' | 'served' | 'wasted'> | null;
  /** Requests that it serves at once; `null`: nobody tells. */
  readonly slots: number | null;
  readonly configVersion: number;
  /** Faults at work on it. */
  readonly faults: readonly Injection[];
  /** Of the worker itself, as deploys count them. */
  readonly version: number;
  /** The gateway was told to send it nothing. */
  readonly drained: boolean;
}

/** How full its heap is, from 0 to 1; of one that tells nothing of it, 0. */
export const heapRatioOf = ({
  heapBytes,
  heapLimitBytes,
}: Pick<WorkerStatus, 'heapBytes' | 'heapLimitBytes'>): number =>
  heapBytes === null || heapLimitBytes === null ? 0 : heapBytes / heapLimitBytes;

/** Who sends requests to workers, and can be told not to. */
export interface Traffic {
  /** @returns when it is so. */
  setDrained(worker: string, drained: boolean): Promise<void>;
}

export interface Fleet {
  /**
   * Starts the workers there are at first, and takes the ports of those that may come.
   * @returns the addresses of all. @throws UserError when one cannot start, or cannot be reached.
   */
  start(): Promise<readonly WorkerAddress[]>;
  /** Gives one worker a config: at once when it is up, at its next start in any case. */
  assignConfig(worker: string, version: number, config: WorkerConfig): void;
  /**
   * Has a worker beside the fleet, which serves nobody, take a config over.
   * @returns what is wrong with it; `null`: nothing that was seen.
   */
  tryConfig(config: WorkerConfig, running: WorkerConfig, trial: Trial): Promise<string | null>;
  /** @returns whether it was: a worker that is down cannot get what would be wrong with its process alone. */
  inject(worker: string, injection: Injection): boolean;
  /** @param fault `null`: whatever it has. */
  heal(worker: string, fault: WorkerFaultName | null): void;
  status(): readonly WorkerStatus[];
  /** Ends a worker's process as a death, in whatever state it is. @returns `false`: none is up there. */
  kill(worker: string): boolean;
  /** Puts a fresh process in a worker's place, after what is in flight has ended. @returns `false`: none is to be there. */
  restart(worker: string): boolean;
  /** Scales by itself from now on, where its config says so: the load begins. */
  beginScaling(): void;
  /** @param workers how many there are to be; at most as many as there are places. */
  scale(workers: number, reason: string): void;
  deploy(deployment: Deployment): void;
  /** Back to the version of the worker before the present one. */
  rollbackDeploy(): void;
  /** Seconds that worker processes ran within that time of the clock, all together. */
  workerSeconds(fromMs: number, toMs: number): number;
  /** Ends every worker; their exits are no longer reported. */
  stop(): Promise<void>;
}
