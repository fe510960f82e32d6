/** What outlier ejection is told, what it sees and what it says: see `outlier.ts`. */
import type { GatewayError } from '../core/errors.js';

/** Failures in a row. */
export interface ConsecutiveOptions {
  readonly failures: number;
  /** Share of the detections that eject; the others are only told. */
  readonly enforcedRatio: number;
}

export interface SuccessRateOptions {
  /** With fewer upstreams that had enough requests there is no telling what is usual. */
  readonly minHosts: number;
  /** Requests of one interval that are enough. */
  readonly minRequests: number;
  /** How many standard deviations below the mean are too many. */
  readonly deviations: number;
  readonly enforcedRatio: number;
}

export interface FailureRatioOptions {
  readonly minHosts: number;
  readonly minRequests: number;
  /** Failures, of one interval's requests. */
  readonly ratio: number;
  readonly enforcedRatio: number;
}

export interface OutlierOptions {
  /** `null` in these: the detector is not there. */
  readonly consecutive5xx: ConsecutiveOptions | null;
  readonly consecutiveGatewayFailures: ConsecutiveOptions | null;
  /** Sees something with `splitLocalOrigin` only. */
  readonly consecutiveLocalOriginFailures: ConsecutiveOptions | null;
  readonly successRate: SuccessRateOptions | null;
  readonly failureRatio: FailureRatioOptions | null;
  /** Failures without an answer (refused, reset, timed out) are counted apart; else they count as a 502 would. */
  readonly splitLocalOrigin: boolean;
  /** From one sweep to the next. */
  readonly intervalMs: number;
  /** How long the first ejection lasts, the k-th k times as long. */
  readonly baseEjectionMs: number;
  /** No ejection lasts longer, or than `baseEjectionMs` where that is more; jitter comes on top. */
  readonly maxEjectionMs: number;
  /** So much is added at most, at random, so that those ejected together do not come back together. */
  readonly jitterMs: number;
  /** With this share of the upstreams ejected, no more are; one always may be. */
  readonly maxEjectedRatio: number;
  /** Whether a good active health check brings an upstream back at once. */
  readonly healthCheckUnejects: boolean;
}

/** Envoy's. */
export const OUTLIER_DEFAULTS = {
  consecutive5xx: { failures: 5, enforcedRatio: 1 },
  consecutiveGatewayFailures: { failures: 5, enforcedRatio: 0 },
  consecutiveLocalOriginFailures: { failures: 5, enforcedRatio: 1 },
  successRate: { minHosts: 5, minRequests: 100, deviations: 1.9, enforcedRatio: 1 },
  failureRatio: { minHosts: 5, minRequests: 50, ratio: 0.85, enforcedRatio: 0 },
  splitLocalOrigin: false,
  intervalMs: 10_000,
  baseEjectionMs: 30_000,
  maxEjectionMs: 300_000,
  jitterMs: 0,
  maxEjectedRatio: 0.1,
  healthCheckUnejects: true,
} as const satisfies OutlierOptions;

/** An attempt's result, as detectors see it. */
export type OutlierResult = 'success' | '5xx' | 'gateway-failure' | 'local-origin-failure';

/** Answers that gateways give for an upstream: what they say is of something further behind. */
const GATEWAY_STATUSES: ReadonlySet<number> = new Set([502, 503, 504]);

/**
 * @param result the response's status, or why there was none.
 * @returns `null`: it says nothing about the upstream, because a policy of ours refused or the client left.
 */
export const outlierResultOf = (result: number | GatewayError): OutlierResult | null => {
  if (typeof result === 'number') {
    if (result < 500) return 'success';
    return GATEWAY_STATUSES.has(result) ? 'gateway-failure' : '5xx';
  }
  if (result.spec.blame !== 'upstream') return null;
  // It did answer, only with something for which a client gets a 502.
  const answered = result.code === 'BGW_ERR_PROTOCOL' || result.code === 'BGW_ERR_HEADERS_TOO_LARGE';
  return answered ? 'gateway-failure' : 'local-origin-failure';
};

/** Detectors of failures in a row. */
export type RowDetectorName =
  | 'consecutive-gateway-failure'
  | 'consecutive-5xx'
  | 'consecutive-local-origin-failure';

export type OutlierDetectorName = RowDetectorName | 'success-rate' | 'failure-ratio';

/** What a detector saw: so many failures in a row, or such a share, and from where on it is too many or too few. */
export interface Detection {
  readonly detector: OutlierDetectorName;
  readonly observed: number;
  readonly threshold: number;
}

export interface Ejected extends Detection {
  readonly type: 'ejected';
  readonly id: string;
  readonly forMs: number;
}

/** Noticed and left in: the detector is not enforced, or too many are out already. */
export interface Spared extends Detection {
  readonly type: 'spared';
  readonly id: string;
  readonly reason: 'not-enforced' | 'max-ejected';
}

export interface Unejected {
  readonly type: 'unejected';
  readonly id: string;
  readonly reason: 'time-over' | 'health-check' | 'by-hand';
  /** How long it was out. */
  readonly afterMs: number;
}

export type OutlierDecision = Ejected | Spared | Unejected;
