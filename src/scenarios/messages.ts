/** What the runner and its helpers, the load generator and the starvation probe, say to each other. */
import type { LoadChange } from './clients/arrivals.js';
import type { ClientBehaviour } from './clients/behaviour.js';
import type { ClientClass } from './clients/classes.js';
import type { RequestRecord } from './clients/clients.js';
import type { FloodCounts, FloodPlan } from './clients/flood.js';
import type { PopulationCounts } from './clients/population.js';
import type { LoadPlan } from './clients/workload.js';

/** Whom clients believe, and what they ask for. */
export interface ClientTls {
  /** Certificate of the authority, PEM. */
  readonly authority: string;
  readonly name: string;
}

export interface GeneratorArgument {
  /** Where clients go: the first tier, and the next when nobody of it takes connections. */
  readonly origins: readonly (readonly string[])[];
  /** `null`: clients speak plain HTTP. */
  readonly tls: ClientTls | null;
  readonly load: LoadPlan;
  readonly clients: readonly ClientClass[];
  readonly floods: readonly FloodPlan[];
  readonly seed: number;
}

export type ToGenerator =
  /** The moment, on the wall clock, at which the load begins. */
  | { readonly type: 'start'; readonly atMs: number }
  /** What clients do from now on, in the order of the classes. */
  | { readonly type: 'update'; readonly behaviours: readonly ClientBehaviour[] }
  /** How much the stages of the load send from now on. */
  | { readonly type: 'load'; readonly change: LoadChange }
  /** A flood that was not planned begins now; its number is the next after the argument's. */
  | { readonly type: 'flood'; readonly plan: FloodPlan }
  | { readonly type: 'stop' };

export type FromGenerator =
  | { readonly type: 'ready' }
  /** What it cannot do on this machine, in words; nothing is sent. */
  | { readonly type: 'unable'; readonly message: string }
  | {
      readonly type: 'records';
      readonly records: readonly RequestRecord[];
      readonly sent: number;
      /** Of the users of each class, so far; left out without a population. */
      readonly population?: Readonly<Record<string, PopulationCounts>>;
      /** So far, in the order of the argument, then those that were not planned; left out without floods. */
      readonly floods?: readonly FloodCounts[];
    }
  | { readonly type: 'flood-ended'; readonly plan: FloodPlan; readonly counts: FloodCounts }
  /** The last client is done; floods may go on. */
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
