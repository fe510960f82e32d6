/**
 * What a page that is open while a run goes on is told, in the order in which it happens. One message is one event of a
 * stream of server-sent events, its `type` the event's name. Of a run that has begun already a page first gets
 * everything there was, as the same messages.
 *
 * Times are seconds from the start of the load; before it they are below zero.
 */
import type { Result, VariantResult } from '../result.js';

/** How often there is a tick: fine enough that a heap is seen to climb, and a page has 60 frames for fifteen of them. */
export const TICK_MS = 250;

/** Who is between a client and an answer, and does not change while a variant runs. */
export interface Topology {
  readonly classes: readonly { readonly name: string; readonly share: number; readonly route: string }[];
  /** An edge stands before the gateways. */
  readonly edge: boolean;
  readonly gateways: readonly string[];
  /** What stands in the gateway's place: `gateway` is the built-in one. */
  readonly target: string;
  /** All places there are, also those in which nobody is yet. */
  readonly workers: readonly {
    readonly id: string;
    /** `null`: a server of the user's own, which tells nothing of itself. */
    readonly slots: number | null;
    /** Requests that may wait; `null`: nobody knows, or there is no limit. */
    readonly queue: number | null;
    readonly heapLimitBytes: number | null;
  }[];
  readonly links: boolean;
  readonly dependencies: readonly string[];
}

/** A variant begins: whatever a page shows of the one before is over. */
export interface VariantBegin {
  readonly type: 'begin';
  /** `lab`: it goes on until somebody ends it, and takes orders; `run`: a scenario, which takes them too. */
  readonly mode: 'lab' | 'run';
  readonly engine: 'real' | 'virtual';
  readonly scenario: { readonly name: string; readonly title: string; readonly story: string };
  readonly variant: string;
  /** All that this run has, in their order. */
  readonly variants: readonly string[];
  /** `null`: it has no end. */
  readonly durationS: number | null;
  readonly windows: readonly { readonly name: string; readonly fromS: number; readonly toS: number }[];
  readonly topology: Topology;
  /** Where a page about the state of the service is, in a process of its own; `null`: there is none. */
  readonly statusPage: string | null;
}

export interface WorkerTick {
  readonly id: string;
  readonly up: boolean;
  /** A process serves there or is to come back. */
  readonly active: boolean;
  readonly drained: boolean;
  readonly heapBytes: number | null;
  readonly busy: number | null;
  readonly queued: number | null;
  readonly exits: number;
  readonly configVersion: number;
  /** Names of the faults at work on it. */
  readonly faults: readonly string[];
  /** As the gateways see it; `null`: nobody tells. Of several gateways that differ: the worst. */
  readonly healthy: boolean | null;
  readonly ejected: boolean | null;
  readonly circuit: 'closed' | 'half-open' | 'open' | null;
  /** Attempts sent to it by the gateways and not yet done; `null`: nobody tells. */
  readonly inFlight: number | null;
}

/** Something that was done to the run and is at work, until its time is over or somebody ends it. */
export interface AtWork {
  readonly kind:
    | 'worker'
    | 'name'
    | 'link'
    | 'dependency'
    | 'gateway'
    | 'certificate'
    | 'clients'
    | 'load'
    | 'lock';
  /** Such as `leak`. */
  readonly what: string;
  /** Whom it is on, such as worker-2; several that have the same are one. Empty: nobody in particular. */
  readonly on: readonly string[];
  /** With what it was given, in words: ` (perSecond 8MiB)`; empty: nothing. */
  readonly how: string;
  /** When the first of them was seen. */
  readonly sinceS: number;
  /** When the last of them is over by itself; `null`: never. */
  readonly untilS: number | null;
  /** What the API is told to end it; `null`: nothing does. */
  readonly heal: {
    readonly method: 'POST' | 'PUT' | 'DELETE';
    readonly path: string;
    readonly body: Readonly<Record<string, unknown>>;
  } | null;
}

/** What happened since the tick before. */
export interface Tick {
  readonly type: 'tick';
  readonly t: number;
  /** How long this tick is; more than `TICK_MS` where the command was busy. */
  readonly spanMs: number;
  /** Requests that were meant to be sent. */
  readonly offered: number;
  /** Ended with a good answer that came in time. */
  readonly ok: number;
  /** Ended, by status; `none`: without an answer. */
  readonly status: Readonly<Record<string, number>>;
  /** Failed, by cause as `Proxy-Status` names it. */
  readonly cause: Readonly<Record<string, number>>;
  /** Of those that were answered; `null`: there were none. */
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number } | null;
  /** Tries of clients sent for each request that ended, and attempts of gateways for each try where known. */
  readonly amplification: number | null;
  /** Requests waiting in the gateways for a slot; `null`: nobody tells. */
  readonly gatewayQueued: number | null;
  readonly gateways: readonly { readonly id: string; readonly up: boolean }[];
  readonly workers: readonly WorkerTick[];
  readonly dependencies: readonly { readonly id: string; readonly state: string }[];
  readonly atWork: readonly AtWork[];
}

/** Something that is worth a line: what `run` tells on stderr. */
export interface FeedEvent {
  readonly t: number;
  /** As in `docs/`: `config.pushed`, `worker.exited`. */
  readonly eventType: string;
  readonly text: string;
  /** Further fields of the event. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface Happened {
  readonly type: 'happened';
  readonly events: readonly FeedEvent[];
}

/** A variant is over, and measured; its thresholds are checked when all variants are, so in `end`. */
export interface VariantEnd {
  readonly type: 'measured';
  readonly result: VariantResult;
}

/** The whole run is; a page can show it as a report from now on. */
export interface RunEnd {
  readonly type: 'end';
  /** `null`: it came to nothing, for this reason. */
  readonly result: Result | null;
  /** What a page shows of it, as in the page of a report (`web/app/source.ts`, `packed`): it needs nobody any more. */
  readonly report: string | null;
  readonly reason: string | null;
  /** Nothing comes after it, for whoever streams ends: the stream is not to be asked for again. */
  readonly final: boolean;
}

/** Nothing runs: the next `begin` is awaited. */
export interface Idle {
  readonly type: 'idle';
}

export type FeedMessage = VariantBegin | Tick | Happened | VariantEnd | RunEnd | Idle;
