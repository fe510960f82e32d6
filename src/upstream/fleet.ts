/** All workers of a run, as the runner sees them; processes in the real engine. */
import type { Injection } from './active-faults.js';
import type { WorkerConfig } from './config.js';
import type { WorkerFaultName } from './faults/worker-faults.js';

export interface WorkerAddress {
  readonly id: string;
  readonly host: string;
  readonly port: number;
}

/** What a worker tells of itself. */
export interface WorkerReading {
  readonly heapBytes: number;
  /** Slots in use. */
  readonly busy: number;
  readonly queued: number;
  /** Requests answered since this process began. */
  readonly served: number;
  /** Requests worked on although their sender had left. */
  readonly wasted: number;
  /** Requests whose sender left before the answer, in a slot or in the queue. */
  readonly abandoned: number;
}

/** The same with what its fleet judges it by. */
export interface WorkerReport extends WorkerReading {
  /** Answers with a status of 500 and above. */
  readonly failed: number;
  /** How long the requests answered took in all, from their arrival to their answer. */
  readonly latencyTotalMs: number;
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
  readonly exits: number;
  readonly heapBytes: number;
  readonly heapLimitBytes: number;
  readonly configVersion: number;
  /** Faults at work on it. */
  readonly faults: readonly Injection[];
}

export interface Fleet {
  /** Starts every worker. @throws UserError when one cannot start. */
  start(): Promise<readonly WorkerAddress[]>;
  /** Gives one worker a config: at once when it is up, at its next start in any case. */
  assignConfig(worker: string, version: number, config: WorkerConfig): void;
  /** @returns whether it was: a worker that is down cannot get what would be wrong with its process alone. */
  inject(worker: string, injection: Injection): boolean;
  /** @param fault `null`: whatever it has. */
  heal(worker: string, fault: WorkerFaultName | null): void;
  status(): readonly WorkerStatus[];
  /** Ends every worker; their exits are no longer reported. */
  stop(): Promise<void>;
}
