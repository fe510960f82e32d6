/** What a dependency's process, the workers that call it and the fleet say to each other. */
import type { BreakerOptions } from '../../policies/breaker.js';
import type { ServiceTime } from '../service-time.js';
import type { DependencyFaultName } from './faults/dependency-faults.js';

export const DEPENDENCY_KINDS = ['database', 'third-party'] as const;

export type DependencyKind = (typeof DEPENDENCY_KINDS)[number];

/** What its own process does. */
export interface DependencyServing {
  /** Connections at once; `null`: as many as come. */
  readonly connections: number | null;
  readonly time: ServiceTime;
  readonly abandoned: 'finish' | 'cancel';
}

/** How a worker calls it. `null` of a policy: it is not there. */
export interface DependencyUse {
  /** Of the requests, in (0, 1]. */
  readonly share: number;
  /** Only requests whose path begins with this; empty: all of them. */
  readonly path: string;
  /** Connections of one worker; `null`: as many as it needs. */
  readonly pool: number | null;
  /** Wait for one of them; `null`: for ever. */
  readonly acquireTimeoutMs: number | null;
  /** Of a call, the wait for a connection included. */
  readonly timeoutMs: number | null;
  readonly breaker: BreakerOptions | null;
  /** Calls of one worker under way at once, those included that wait for a connection. */
  readonly bulkhead: number | null;
  readonly fallback: FallbackName;
  /** What a request is answered with when its call failed and there is no fallback. */
  readonly status: number;
}

export const FALLBACKS = ['none', 'cached', 'reduced'] as const;

export type FallbackName = (typeof FALLBACKS)[number];

export interface DependencyConfig extends DependencyServing {
  readonly name: string;
  readonly kind: DependencyKind;
  readonly use: DependencyUse;
}

/** A dependency as a worker knows it. */
export interface DependencyTarget {
  readonly name: string;
  readonly kind: DependencyKind;
  readonly host: string;
  readonly port: number;
  readonly use: DependencyUse;
}

export interface DependencyArgument extends DependencyServing {
  readonly kind: DependencyKind;
  readonly host: string;
  /** 0 asks for any free port: the first start only. */
  readonly port: number;
  readonly seed: number;
}

export type ToDependency =
  | {
      readonly type: 'disturb';
      /** By which it recovers. */
      readonly id: number;
      readonly fault: DependencyFaultName;
      readonly options: Readonly<Record<string, unknown>>;
    }
  | { readonly type: 'recover'; readonly id: number };

export type FromDependency =
  | { readonly type: 'ready'; readonly port: number }
  | { readonly type: 'failed'; readonly message: string };
