/**
 * What a report shows: a result, told. Everything that takes knowledge of scenarios is text already, made when the page
 * is; the browser draws it and lets a reader choose.
 */
import type { Engine } from '../../../scenarios/engines.js';
import type { Elsewhere } from '../../../scenarios/explain/elsewhere.js';
import type { Verdict } from '../../../scenarios/result.js';
import type { Mark, TimeSpan } from '../parts/plot-data.js';

/** The first row is the head, and the first cell of each what it is about. */
export type Rows = readonly (readonly string[])[];

export interface MomentData {
  /** Seconds from the start of the load. */
  readonly t: number;
  readonly text: string;
}

export interface WorkerCurves {
  readonly id: string;
  /** Bytes; `null`: it was down. */
  readonly heap: readonly (number | null)[];
  /** Requests in its slots. */
  readonly busy: readonly number[];
  readonly queued: readonly number[];
}

export interface Curves {
  /** Seconds: the middle of each point. */
  readonly times: readonly number[];
  /** How long a point is. */
  readonly pointS: number;
  readonly offered: readonly number[];
  /** Requests of each point by outcome, in the order of `OUTCOMES`. */
  readonly outcomes: readonly (readonly number[])[];
  /** Milliseconds; `null`: nothing was answered. */
  readonly p50: readonly (number | null)[];
  readonly p99: readonly (number | null)[];
  /** Per request; `null`: there were none, or the result is too old to know. */
  readonly tries: readonly (number | null)[] | null;
  readonly workers: readonly WorkerCurves[];
  /** `null`: nobody knows of a limit. */
  readonly heapLimitBytes: number | null;
}

export type LaneKind = 'up' | 'down' | 'unhealthy' | 'ejected' | 'open' | 'half-open' | 'fault';

export interface LaneSpan {
  readonly fromS: number;
  readonly toS: number;
  readonly kind: LaneKind;
  /** Short: it stands in the lane where there is room. */
  readonly text: string;
}

/** What one worker went through. */
export interface Lane {
  readonly worker: string;
  /** Its process: up with which config, or down. */
  readonly process: readonly LaneSpan[];
  /** What the gateway thinks of it, where that is not good. */
  readonly rotation: readonly LaneSpan[];
  readonly faults: readonly LaneSpan[];
}

export interface RequestData {
  /** What a link to it ends with: its Ray ID, unless it has none or another variant has the same. */
  readonly id: string;
  /** Of each of its tries; empty: nobody answered. */
  readonly rayIds: readonly string[];
  readonly arrivalMs: number;
  readonly tookMs: number;
  /** 0: no answer. */
  readonly status: number;
  readonly cause: string;
  readonly tries: number;
  readonly because: string;
  /** Milliseconds of the run, and what happened then. */
  readonly steps: readonly (readonly [atMs: number, text: string])[];
  readonly elsewhere: Elsewhere | null;
  /** Lines of the log of a proxy in the gateway's place. */
  readonly log: readonly string[];
}

export interface AlertData {
  readonly rule: string;
  readonly raised: string;
  /** Against the moment at which users were first hurt. */
  readonly lead: string;
  readonly cleared: string;
  readonly reason: string;
}

export interface VariantData {
  readonly name: string;
  readonly verdict: Verdict;
  /** Empty: the built-in gateway. */
  readonly target: string;
  readonly isPartial: boolean;
  readonly headline: string;
  readonly durationS: number;
  readonly windows: readonly TimeSpan[];
  readonly marks: readonly Mark[];
  readonly story: readonly MomentData[];
  readonly curves: Curves;
  readonly lanes: readonly Lane[];
  /** Empty: users were not hurt. */
  readonly incident: Rows;
  readonly suspects: string;
  readonly alerts: readonly AlertData[];
  /** What clients got, by window. */
  readonly byWindow: Rows;
  /** Failed requests by cause and window. */
  readonly causes: Rows;
  /** By class of clients and the like; empty where there are none. */
  readonly groups: Rows;
  readonly populations: Rows;
  readonly floods: Rows;
  readonly machine: Rows;
  readonly upstreams: Rows;
  /** What its target does not do, or does otherwise. */
  readonly losses: Rows;
  readonly requests: readonly RequestData[];
  /** How many there were to choose from. */
  readonly sampled: number;
}

export interface ThresholdData {
  readonly variant: string;
  readonly expression: string;
  readonly observed: string;
  readonly expected: string;
  /** `null`: it was not checked, for the reason in `observed`. */
  readonly pass: boolean | null;
}

export interface ReplicationData {
  readonly title: string;
  readonly rows: Rows;
  readonly thresholds: Rows;
  readonly found: readonly string[];
  readonly notes: readonly string[];
}

export interface ReportData {
  readonly title: string;
  readonly name: string;
  readonly text: string;
  readonly engine: Engine;
  readonly verdict: Verdict;
  readonly isPartial: boolean;
  /** Why the verdict is not pass. */
  readonly reasons: readonly string[];
  /** One sentence of all variants at one target, and one of each. */
  readonly conclusions: readonly { readonly sentence: string; readonly lines: readonly string[] }[];
  readonly summary: Rows;
  readonly thresholds: readonly ThresholdData[];
  readonly replications: ReplicationData | null;
  readonly variants: readonly VariantData[];
  readonly skipped: readonly {
    readonly name: string;
    readonly target: string;
    readonly reasons: readonly string[];
  }[];
  /** In a few words each: how it was run. */
  readonly run: readonly string[];
  readonly about: Rows;
  /** What of the result is not in the page, to keep it small. */
  readonly thinned: readonly string[];
}
