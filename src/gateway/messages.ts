/** What the gateway's processes say to each other: the parent to the gateway, the primary to those that serve. */
import type { Event } from '../core/events.js';
import type { TrafficPlan } from '../delivery/live-versions.js';
import type { SmokeCheck, SmokeFailure } from '../delivery/smoke-test.js';
import type { HistoryRecord, Versioned } from '../delivery/version-history.js';
import type { CircuitState } from '../policies/breaker.js';
import type { PurgeTarget } from '../policies/cache/cache.js';
import type { Outcome } from '../policies/outcome.js';
import type { GatewayConfig } from './config.js';
import type { UpstreamChange } from './control.js';
import type { Tally } from './metrics/tallies.js';
import type { GlobalReading } from './metrics.js';
import type { MemoryUse } from './process-use.js';
import type { UpstreamAddress } from './upstream-pool.js';

/** In which the gateway's process is given its token: an argument can be read by every user of the machine. */
export const TOKEN_VARIABLE = 'BADGATEWAY_ADMIN_TOKEN';

export interface GatewayArgument {
  /** Where there is no history, the first version. */
  readonly config: GatewayConfig;
  /** Versions from a life before this one; it goes on with the last. */
  readonly history?: HistoryRecord<GatewayConfig> | undefined;
  readonly upstreams: readonly UpstreamAddress[];
  /** Who resolves their names, where the config does not say. */
  readonly resolver?: string | undefined;
  /** Upstreams that get nothing from the first moment on. Default: none. */
  readonly drained?: readonly string[];
  /** Where requests are taken; the admin API is where `adminHost` says. */
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  readonly adminPort: number;
  /** Default: loopback. */
  readonly adminHost?: string;
  /** Asked for by the admin API; without one it is on loopback only. Travels by `TOKEN_VARIABLE`. */
  readonly adminToken?: string;
  readonly seed: number;
}

/** What a gateway begins with. */
export const startingVersion = ({ config, history }: GatewayArgument): Versioned<GatewayConfig> =>
  history?.good.at(-1) ?? { version: 1, config };

export type ToGateway =
  | { readonly type: 'stop' }
  /** Burn the processor and do nothing else, for so long. */
  | { readonly type: 'block'; readonly forMs: number };

export type FromGateway =
  | {
      readonly type: 'ready';
      readonly port: number;
      readonly adminPort: number;
    }
  | { readonly type: 'failed'; readonly message: string }
  | {
      readonly type: 'report';
      readonly events: readonly Event[];
      readonly stallMs: number;
      /** How long the expressions of its rules took since the last report: of a stall, that was the config's doing. */
      readonly ruleMs: number;
    }
  /** Another config is stable now: for whoever starts the gateway anew. */
  | { readonly type: 'settled'; readonly history: HistoryRecord<GatewayConfig> }
  /** A process that serves for the gateway; whoever started the gateway answers for it too. */
  | { readonly type: 'process-started'; readonly pid: number }
  | { readonly type: 'process-exited'; readonly pid: number };

/** What a process that serves is told at its start: its own share of the config. */
export interface ServingArgument {
  readonly config: GatewayConfig;
  readonly version: number;
  readonly upstreams: readonly UpstreamAddress[];
  readonly resolver?: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly seed: number;
}

export type ToServing =
  /** The upstreams that are healthy, all others are not; nobody listens before the first of these. */
  | { readonly type: 'health'; readonly healthy: readonly string[] }
  /** A health check of it was good; said of each, because an ejection may end with it. */
  | { readonly type: 'good-check'; readonly id: string }
  /** Report now, and say this number. */
  | { readonly type: 'ask'; readonly number: number }
  /** The versions of the config to run from now on: this process's share of them. */
  | { readonly type: 'plan'; readonly plan: TrafficPlan<GatewayConfig> }
  /** To be answered with this number. */
  | {
      readonly type: 'smoke-test';
      readonly number: number;
      /** This process's share of it. */
      readonly config: GatewayConfig;
      readonly checks: readonly SmokeCheck[];
    }
  | { readonly type: 'change'; readonly id: string; readonly change: UpstreamChange }
  | { readonly type: 'purge'; readonly target: PurgeTarget; readonly soft: boolean }
  | { readonly type: 'stop' };

export interface UpstreamStatus {
  readonly id: string;
  readonly inFlight: number;
  readonly queued: number;
  readonly admits: boolean;
  readonly ejected: boolean;
  /** `null`: there is none. */
  readonly limit: number | null;
  readonly circuit: CircuitState | null;
  /** Since the process's start. */
  readonly counts: Readonly<Record<Outcome, number>>;
}

/** Where one process stands. */
export interface ProcessStatus {
  readonly pid: number;
  readonly upstreams: readonly UpstreamStatus[];
  /** Since its start. */
  readonly tally: Tally;
  /** Requests that have begun and not ended. */
  readonly open: number;
  /** Its share of the limit of the gateway as a whole; `null`: there is none. */
  readonly global: GlobalReading | null;
  /** Responses removed from its cache by command, or made stale, since its start. */
  readonly purged: number;
  /** The version of the config that serves most of its requests. */
  readonly version: number;
  readonly memory: MemoryUse;
}

export interface ServingReport {
  readonly type: 'report';
  readonly events: readonly Event[];
  readonly stallMs: number;
  /** How long the expressions of its rules took since the last report. */
  readonly ruleMs: number;
  readonly status: ProcessStatus;
  /** By version of the config: answers that reached their client since the last report, and how many were not good. */
  readonly results: readonly (readonly [version: number, results: number, failures: number])[];
  /** The last number it was asked with; 0: never. */
  readonly asked: number;
}

export type FromServing =
  /** It hears now; what was sent before is lost, because `node:cluster` listens from the start. */
  | { readonly type: 'up' }
  | ServingReport
  | { readonly type: 'listening' }
  /** @see ToServing, `smoke-test`. */
  | { readonly type: 'smoke-tested'; readonly number: number; readonly failure: SmokeFailure | null }
  /** It cannot follow a plan; what it ran before goes on. */
  | { readonly type: 'refused'; readonly version: number; readonly reason: string }
  | { readonly type: 'failed'; readonly message: string };

export const REPORT_INTERVAL_MS = 100;

/** Fine enough to see a stall of 250 ms for what it is. */
export const LOOP_INTERVAL_MS = 20;
