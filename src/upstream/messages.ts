/** What a worker process and the fleet say to each other. */
import type { WorkerConfig } from './config.js';
import type { WorkerFaultName } from './faults/worker-faults.js';
import type { WorkerReading } from './fleet.js';
import type { ServiceTime } from './service-time.js';

export interface VersionedWorkerConfig {
  readonly version: number;
  readonly config: WorkerConfig;
}

export interface WorkerArgument {
  readonly id: string;
  readonly host: string;
  /** 0 asks for any free port: the first start only. */
  readonly port: number;
  readonly slots: number;
  readonly serviceTime: ServiceTime;
  readonly abandoned: 'finish' | 'cancel';
  readonly seed: number;
  readonly config: VersionedWorkerConfig;
}

export type ToWorker =
  | { readonly type: 'config'; readonly config: VersionedWorkerConfig }
  | {
      readonly type: 'inject';
      /** By which it is healed. */
      readonly id: number;
      readonly fault: WorkerFaultName;
      readonly options: Readonly<Record<string, unknown>>;
      /** `null`: until it is healed. */
      readonly forMs: number | null;
    }
  | { readonly type: 'heal'; readonly id: number };

export type FromWorker =
  | { readonly type: 'ready'; readonly port: number }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'applied'; readonly version: number }
  | ({ readonly type: 'sample' } & WorkerReading);
