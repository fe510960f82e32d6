/** What the runner and its helpers, the load generator and the starvation probe, say to each other. */
import type { ClientBehaviour, RequestRecord } from './clients.js';
import type { LoadPlan } from './workload.js';

export interface GeneratorArgument {
  readonly origin: string;
  readonly load: LoadPlan;
  readonly clients: ClientBehaviour;
  readonly seed: number;
}

/** `start` names the moment, on the wall clock, at which the load begins. */
export type ToGenerator = { readonly type: 'start'; readonly atMs: number } | { readonly type: 'stop' };

export type FromGenerator =
  | { readonly type: 'ready' }
  | { readonly type: 'records'; readonly records: readonly RequestRecord[]; readonly sent: number }
  | { readonly type: 'finished' };

export interface ProbeArgument {
  readonly intervalMs: number;
  /** Processor time used at each interval. */
  readonly workMs: number;
}

export type ToProbe = { readonly type: 'stop' };

/** How long each piece of the probe's work had to wait for a processor. */
export type FromProbe = {
  readonly type: 'waits';
  readonly atMs: number;
  readonly waitsMs: readonly number[];
};
