/** What a worker process and the fleet say to each other. */

import type { CircuitState } from '../policies/breaker.js';
import type { Injection } from './active-faults.js';
import type { Abandoned, WorkerConfig } from './config.js';
import type { DependencyTarget } from './dependencies/messages.js';
import type { WorkerFaultName } from './faults/worker-faults.js';
import type { WorkerReport } from './fleet.js';
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
  readonly abandoned: Abandoned;
  readonly seed: number;
  readonly config: VersionedWorkerConfig;
  readonly dependencies: readonly DependencyTarget[];
  /** How long it takes to boot before it listens, milliseconds. */
  readonly bootDelayMs: number;
  /** Faults that its version has by birth. */
  readonly faults: readonly Pick<Injection, 'fault' | 'options'>[];
  /** Whether it tells of each request as it begins and ends: who looks for those that kill needs it. */
  readonly tellsRequests: boolean;
  /** Fingerprints that are not served. */
  readonly quarantined: readonly string[];
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
  | { readonly type: 'heal'; readonly id: number }
  /** Fingerprints that are not served, all of them. */
  | { readonly type: 'quarantine'; readonly fingerprints: readonly string[] };

export type FromWorker =
  | { readonly type: 'ready'; readonly port: number }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'applied'; readonly version: number }
  | ({ readonly type: 'sample' } & WorkerReport)
  /** Of its breaker for a dependency. */
  | { readonly type: 'circuit'; readonly dependency: string; readonly state: CircuitState }
  | { readonly type: 'began'; readonly fingerprint: string }
  | { readonly type: 'ended'; readonly fingerprint: string; readonly answered: boolean };
