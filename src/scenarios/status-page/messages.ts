/** What the command and the process of the status page say to each other. */
import type { ComponentState } from './states.js';

export interface StatusPageArgument {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  readonly title: string;
}

export type ComponentGroup = 'Clients' | 'Edge' | 'Gateway' | 'Workers' | 'Dependencies';

/** A component as somebody found it. */
export interface ComponentReading {
  readonly id: string;
  readonly name: string;
  readonly group: ComponentGroup;
  readonly state: ComponentState;
  /** In a few words; empty: there is nothing to say. */
  readonly detail: string;
}

/** What is watched from now on, and how strictly. */
export interface WatchBegin {
  readonly type: 'begin';
  /** What runs, as a reader knows it: the scenario's title. */
  readonly subject: string;
  /** Which variant of it; empty: there is but one. */
  readonly variant: string;
  /** Share of the requests that are to be good. */
  readonly sloRatio: number;
  /** What an hour of the alerts' windows is here, milliseconds. */
  readonly hourMs: number;
}

/** What was seen since the observation before. */
export interface Observed {
  readonly type: 'observed';
  /** On the clock of the wall, as every process of a run has it. */
  readonly atMs: number;
  /** Since the load began; below 0 before that. */
  readonly runMs: number;
  /** Requests that ended since then, and how many without a good answer. */
  readonly ended: number;
  readonly failed: number;
  /** All but the clients, who are told from their requests. */
  readonly components: readonly ComponentReading[];
  /** What is believed to be the cause, as soon as somebody does something about it or sees it; `null`: nothing. */
  readonly identified: string | null;
}

/** Nothing is watched any more: what is said of it is the last word. */
export interface WatchEnd {
  readonly type: 'end';
  readonly atMs: number;
}

export type ToStatusPage = WatchBegin | Observed | WatchEnd | { readonly type: 'stop' };

export type FromStatusPage =
  | { readonly type: 'ready'; readonly port: number }
  /** A user reported an error, for the first time. */
  | { readonly type: 'reported'; readonly rayId: string }
  | { readonly type: 'failed'; readonly message: string };
