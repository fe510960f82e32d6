/**
 * Outlier ejection: an upstream that behaves unlike the others, or fails time after time, is left out for a while, and
 * for longer each time. Envoy's (documentation, "Outlier detection"), with its names, defaults and formulas.
 *
 * Failures in a row are noticed as they come; the two statistical detectors look at whole intervals. Counts are kept in
 * two buckets, one filling and one full, changed over at each sweep (gRPC proposal A50), and the full one is judged.
 *
 * Two of the bounds surprise in a small pool. Of n upstreams one can be √(n−1) standard deviations below the mean at
 * most, so with fewer than five Envoy's 1.9 is never reached. And with ten or fewer, its 10 % lets one be ejected,
 * however many fail: the others go on getting requests, because a gateway that ejects them all has nothing left.
 */
import type { Clock } from '../core/clock.js';
import { GatewayError } from '../core/errors.js';
import type { Random } from '../core/random.js';
import {
  type ConsecutiveOptions,
  type Detection,
  type OutlierDecision,
  type OutlierOptions,
  type OutlierResult,
  outlierResultOf,
  type RowDetectorName,
  type Unejected,
} from './outlier-options.js';
import type { Layer } from './service.js';

const NOTHING: readonly OutlierDecision[] = [];

const ROW_DETECTORS = [
  'consecutive-gateway-failure',
  'consecutive-5xx',
  'consecutive-local-origin-failure',
] as const satisfies readonly RowDetectorName[];

interface Bucket {
  total: number;
  good: number;
}

class Host {
  readonly id: string;
  readonly rows: Record<RowDetectorName, number> = {
    'consecutive-gateway-failure': 0,
    'consecutive-5xx': 0,
    'consecutive-local-origin-failure': 0,
  };
  /** Of the interval under way, and of the one before it. */
  filling: Bucket = { total: 0, good: 0 };
  full: Bucket = { total: 0, good: 0 };
  /** `null`: it is in. */
  ejectedMs: number | null = null;
  ejectedUntilMs = 0;
  /** Ejections that count for the length of the next; each sweep that finds it in forgives one. */
  ejections = 0;

  constructor(id: string) {
    this.id = id;
  }

  changeOver(): void {
    const { filling, full } = this;
    full.total = 0;
    full.good = 0;
    this.full = filling;
    this.filling = full;
  }

  forget(): void {
    for (const name of ROW_DETECTORS) this.rows[name] = 0;
    for (const bucket of [this.filling, this.full]) {
      bucket.total = 0;
      bucket.good = 0;
    }
  }
}

export class OutlierDetector {
  readonly #options: OutlierOptions;
  readonly #random: Random;
  readonly #rowOptions: Readonly<Record<RowDetectorName, ConsecutiveOptions | null>>;
  readonly #hosts = new Map<string, Host>();
  #ejected = 0;

  /** @param random for detectors that are enforced in part, and for the jitter. */
  constructor(options: OutlierOptions, random: Random) {
    this.#options = options;
    this.#random = random;
    this.#rowOptions = {
      'consecutive-gateway-failure': options.consecutiveGatewayFailures,
      'consecutive-5xx': options.consecutive5xx,
      'consecutive-local-origin-failure': options.consecutiveLocalOriginFailures,
    };
  }

  /** How many are ejected. */
  get ejected(): number {
    return this.#ejected;
  }

  isEjected(id: string): boolean {
    const host = this.#hosts.get(id);
    return host !== undefined && host.ejectedMs !== null;
  }

  /** When its ejection may end, by the clock; `null`: it is in. The next sweep after that brings it back. */
  ejectedUntilMs(id: string): number | null {
    const host = this.#hosts.get(id);
    return host === undefined || host.ejectedMs === null ? null : host.ejectedUntilMs;
  }

  /** Does nothing when it is there already. */
  add(id: string): void {
    if (!this.#hosts.has(id)) this.#hosts.set(id, new Host(id));
  }

  remove(id: string): void {
    if (this.isEjected(id)) this.#ejected--;
    this.#hosts.delete(id);
  }

  /** @returns what was noticed: almost always nothing. The late result of one that has been removed is nothing. */
  onResult(id: string, result: OutlierResult, nowMs: number): readonly OutlierDecision[] {
    const host = this.#hosts.get(id);
    if (host === undefined) return NOTHING;
    const { rows, filling } = host;
    if (this.#options.splitLocalOrigin) {
      if (result === 'local-origin-failure') {
        rows['consecutive-local-origin-failure']++;
        return this.#judgeRows(host, nowMs);
      }
      rows['consecutive-local-origin-failure'] = 0;
    }
    filling.total++;
    if (result === 'success') {
      filling.good++;
      rows['consecutive-5xx'] = 0;
      rows['consecutive-gateway-failure'] = 0;
      return NOTHING;
    }
    rows['consecutive-5xx']++;
    if (result === '5xx') rows['consecutive-gateway-failure'] = 0;
    else rows['consecutive-gateway-failure']++;
    return this.#judgeRows(host, nowMs);
  }

  /** The end of an interval: brings back whose time is over, then looks at what the others did in it. */
  sweep(nowMs: number): readonly OutlierDecision[] {
    const decisions: OutlierDecision[] = [];
    for (const host of this.#hosts.values()) {
      host.changeOver();
      if (host.ejectedMs === null) host.ejections = Math.max(0, host.ejections - 1);
      else if (nowMs >= host.ejectedUntilMs) decisions.push(this.#uneject(host, 'time-over', nowMs));
    }
    this.#judgeSuccessRates(nowMs, decisions);
    this.#judgeFailureRatios(nowMs, decisions);
    return decisions;
  }

  /** An active health check was good. */
  onHealthCheckPassed(id: string, nowMs: number): Unejected | null {
    const host = this.#hosts.get(id);
    if (host === undefined || host.ejectedMs === null || !this.#options.healthCheckUnejects) return null;
    return this.#uneject(host, 'health-check', nowMs);
  }

  /** An operator wants it back, whatever it did. */
  uneject(id: string, nowMs: number): Unejected | null {
    const host = this.#hosts.get(id);
    if (host === undefined || host.ejectedMs === null) return null;
    return this.#uneject(host, 'by-hand', nowMs);
  }

  #judgeRows(host: Host, nowMs: number): readonly OutlierDecision[] {
    let decisions: OutlierDecision[] | undefined;
    for (const detector of ROW_DETECTORS) {
      const options = this.#rowOptions[detector];
      const observed = host.rows[detector];
      // What was on its way to an upstream that is out by now comes to nothing.
      if (options === null || observed < options.failures || host.ejectedMs !== null) continue;
      // A row begins anew once it was noticed, or each further failure would be noticed again.
      host.rows[detector] = 0;
      const detection: Detection = { detector, observed, threshold: options.failures };
      decisions ??= [];
      decisions.push(this.#decide(host, detection, options.enforcedRatio, nowMs));
    }
    return decisions ?? NOTHING;
  }

  #judgeSuccessRates(nowMs: number, decisions: OutlierDecision[]): void {
    const options = this.#options.successRate;
    if (options === null) return;
    const hosts = this.#judgeable(options);
    const rates = hosts.map(({ full }) => full.good / full.total);
    const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
    const variance = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length;
    const threshold = mean - options.deviations * Math.sqrt(variance);
    for (const [index, host] of hosts.entries()) {
      const observed = rates[index]!;
      if (observed >= threshold) continue;
      const detection: Detection = { detector: 'success-rate', observed, threshold };
      decisions.push(this.#decide(host, detection, options.enforcedRatio, nowMs));
    }
  }

  #judgeFailureRatios(nowMs: number, decisions: OutlierDecision[]): void {
    const options = this.#options.failureRatio;
    if (options === null) return;
    for (const host of this.#judgeable(options)) {
      const observed = (host.full.total - host.full.good) / host.full.total;
      if (observed < options.ratio) continue;
      const detection: Detection = { detector: 'failure-ratio', observed, threshold: options.ratio };
      decisions.push(this.#decide(host, detection, options.enforcedRatio, nowMs));
    }
  }

  /** Those that are in and had enough requests; nobody when they are too few to compare. */
  #judgeable({ minHosts, minRequests }: { minHosts: number; minRequests: number }): readonly Host[] {
    const hosts = [...this.#hosts.values()].filter(
      ({ ejectedMs, full }) => ejectedMs === null && full.total > 0 && full.total >= minRequests,
    );
    return hosts.length < minHosts ? [] : hosts;
  }

  #decide(host: Host, detection: Detection, enforcedRatio: number, nowMs: number): OutlierDecision {
    const { id } = host;
    const { baseEjectionMs, maxEjectionMs, jitterMs, maxEjectedRatio } = this.#options;
    if (this.#random.next() >= enforcedRatio)
      return { type: 'spared', id, reason: 'not-enforced', ...detection };
    if (this.#ejected > 0 && this.#ejected / this.#hosts.size >= maxEjectedRatio)
      return { type: 'spared', id, reason: 'max-ejected', ...detection };
    host.ejections++;
    const longestMs = Math.max(baseEjectionMs, maxEjectionMs);
    const forMs = Math.min(baseEjectionMs * host.ejections, longestMs) + jitterMs * this.#random.next();
    host.ejectedMs = nowMs;
    host.ejectedUntilMs = nowMs + forMs;
    this.#ejected++;
    return { type: 'ejected', id, forMs, ...detection };
  }

  #uneject(host: Host, reason: Unejected['reason'], nowMs: number): Unejected {
    const afterMs = nowMs - host.ejectedMs!;
    host.ejectedMs = null;
    this.#ejected--;
    // What it did while it was out, or was about to be, is not held against it a second time.
    host.forget();
    return { type: 'unejected', id: host.id, reason, afterMs };
  }
}

export interface OutlierWatchParts {
  readonly detector: OutlierDetector;
  /** The upstream's, as it was added. */
  readonly id: string;
  readonly clock: Clock;
  readonly onDecision: (decision: OutlierDecision) => void;
}

/** Tells the detector how every attempt at one upstream went, by its headers or its failure. */
export const watchOutliers = ({ detector, id, clock, onDecision }: OutlierWatchParts): Layer => {
  const tell = (result: number | GatewayError): void => {
    const seen = outlierResultOf(result);
    if (seen === null) return;
    for (const decision of detector.onResult(id, seen, clock.nowMs())) onDecision(decision);
  };
  return (next) => (request, call) =>
    next(request, call).then(
      (response) => {
        tell(response.statusCode);
        return response;
      },
      (error) => {
        if (error instanceof GatewayError) tell(error);
        throw error;
      },
    );
};
