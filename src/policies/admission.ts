/**
 * Admission control: when too many of the last requests have failed, new ones are refused at once, with a probability
 * that grows with the failures. It costs next to nothing to refuse here, and something to refuse further down.
 *
 * Two formulas, each a synchronous core: the client throttle of the SRE book, and Envoy's. Around them a layer, which
 * draws, and which lets the least critical bear the refusals first.
 */
import type { Clock } from '../core/clock.js';
import { GatewayError } from '../core/errors.js';
import type { Random } from '../core/random.js';
import { RollingWindow } from '../core/rolling-window.js';
import { formatRatio } from '../core/units.js';
import { outcomeOfError, outcomeOfStatus } from './outcome.js';
import type { Layer } from './service.js';

export interface AdmissionCore {
  /** Of the requests that come now, how many should be refused, in [0, 1). */
  rejectProbability(nowMs: number): number;
  /** A request that was let in has been answered well, or has failed. */
  onResult(success: boolean, nowMs: number): void;
  /** A request was refused here. */
  onRejected(nowMs: number): void;
}

export interface SreThrottleOptions {
  /** Requests for each one accepted that are still let in. 2 lets the upstream refuse about as many as it accepts. */
  readonly k: number;
  readonly windowMs: number;
}

/** The book's. A smaller k reacts sooner; but the upstream's refusals are all there is to see that it recovers. */
export const SRE_THROTTLE_DEFAULTS: SreThrottleOptions = { k: 2, windowMs: 120_000 };

/**
 * The client throttle ("Site Reliability Engineering", 2016, chapter 21): `max(0, (requests − k · accepts) / (requests
 * + 1))`. What is refused here counts as a request too; so the more that come, the more are refused.
 */
export class SreThrottle implements AdmissionCore {
  readonly #k: number;
  readonly #requests: RollingWindow;
  readonly #accepts: RollingWindow;

  constructor(options: SreThrottleOptions = SRE_THROTTLE_DEFAULTS) {
    this.#k = options.k;
    this.#requests = new RollingWindow(options.windowMs);
    this.#accepts = new RollingWindow(options.windowMs);
  }

  rejectProbability(nowMs: number): number {
    const requests = this.#requests.sumAt(nowMs);
    return Math.max(0, (requests - this.#k * this.#accepts.sumAt(nowMs)) / (requests + 1));
  }

  onResult(success: boolean, nowMs: number): void {
    this.#requests.add(1, nowMs);
    if (success) this.#accepts.add(1, nowMs);
  }

  onRejected(nowMs: number): void {
    this.#requests.add(1, nowMs);
  }
}

export interface EnvoyAdmissionOptions {
  readonly windowMs: number;
  /** With a success ratio of this or more, none is refused; in (0, 1]. */
  readonly threshold: number;
  /** At least 1; the higher, the sooner many are refused. */
  readonly aggression: number;
  /** With fewer results a second than this, none is refused. */
  readonly minRps: number;
  readonly maxProbability: number;
}

/** Envoy's (its documentation, "Admission Control"). */
export const ENVOY_ADMISSION_DEFAULTS: EnvoyAdmissionOptions = {
  windowMs: 30_000,
  threshold: 0.95,
  aggression: 1,
  minRps: 0,
  maxProbability: 0.8,
};

/**
 * Envoy's admission control: `max(0, (results − successes / threshold) / (results + 1)) ^ (1 / aggression)`, but
 * `maxProbability` at most, so that some get through to see that the upstream recovers. What is refused here does not
 * count: a refusal is no result.
 */
export class EnvoyAdmission implements AdmissionCore {
  readonly #options: EnvoyAdmissionOptions;
  readonly #results: RollingWindow;
  readonly #successes: RollingWindow;

  constructor(options: EnvoyAdmissionOptions = ENVOY_ADMISSION_DEFAULTS) {
    this.#options = options;
    this.#results = new RollingWindow(options.windowMs);
    this.#successes = new RollingWindow(options.windowMs);
  }

  rejectProbability(nowMs: number): number {
    const { windowMs, threshold, aggression, minRps, maxProbability } = this.#options;
    const results = this.#results.sumAt(nowMs);
    if (results < (minRps * windowMs) / 1000) return 0;
    const excess = (results - this.#successes.sumAt(nowMs) / threshold) / (results + 1);
    return Math.min(maxProbability, Math.max(0, excess) ** (1 / aggression));
  }

  onResult(success: boolean, nowMs: number): void {
    this.#results.add(1, nowMs);
    if (success) this.#successes.add(1, nowMs);
  }

  onRejected(): void {}
}

/**
 * Who bears the refusals. Of `probability` of all requests that have come lately, the least critical class bears as
 * many as it has sent, the next one what is left, and so on: a class is refused only when all below it are refused
 * whole. With one class everybody bears the same; with any mix of classes, as many are refused as without them.
 */
export class Relief {
  readonly #counts: readonly RollingWindow[];

  /** @param windowMs how far back the mix of the classes is known. */
  constructor(classes: number, windowMs: number) {
    this.#counts = Array.from({ length: classes }, () => new RollingWindow(windowMs));
  }

  /** The class of a criticality: whoever is less critical than the last class belongs to it. */
  classOf(criticality: number): number {
    return Math.min(criticality, this.#counts.length - 1);
  }

  /** A request of that class has come, whatever becomes of it. */
  onRequest(kind: number, nowMs: number): void {
    this.#counts[kind]!.add(1, nowMs);
  }

  /** @returns the probability for a request of that class, which has been counted. */
  probabilityFor(kind: number, probability: number, nowMs: number): number {
    let total = 0;
    for (const count of this.#counts) total += count.sumAt(nowMs);
    let left = probability * total;
    for (let lower = this.#counts.length - 1; lower > kind; lower--)
      left -= this.#counts[lower]!.sumAt(nowMs);
    return Math.max(0, Math.min(1, left / this.#counts[kind]!.sumAt(nowMs)));
  }
}

/** The mix of the classes is looked at over this: longer than a burst, short enough to follow a change of the traffic. */
const MIX_WINDOW_MS = 10_000;

export interface AdmissionParts {
  readonly core: AdmissionCore;
  /** Classes of criticality; 1: they are not told apart. */
  readonly classes: number;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly random: Random;
  /** Called for each request that was refused. */
  readonly onReject?: (criticality: number) => void;
}

/** An upstream's own 429 is no failure of it, but it is a refusal, and that is what is counted here. */
const isSuccess = (statusCode: number): boolean =>
  statusCode !== 429 && outcomeOfStatus(statusCode) === 'success';

/** Refuses with BGW_ERR_SHED. What ended `ignored` says nothing about the upstream, and is not counted. */
export const admission = ({ core, classes, clock, random, onReject }: AdmissionParts): Layer => {
  const relief = new Relief(classes, MIX_WINDOW_MS);
  const refusalRatio = (kind: number, nowMs: number): number => {
    relief.onRequest(kind, nowMs);
    const probability = core.rejectProbability(nowMs);
    return probability === 0 ? 0 : relief.probabilityFor(kind, probability, nowMs);
  };
  return (next) => (request, call) => {
    const nowMs = clock.nowMs();
    const ratio = refusalRatio(relief.classOf(call.criticality), nowMs);
    if (ratio > 0 && random.next() < ratio) {
      core.onRejected(nowMs);
      onReject?.(call.criticality);
      const why = `${formatRatio(ratio)} of the requests of its criticality are refused for now`;
      return Promise.reject(new GatewayError('BGW_ERR_SHED', why));
    }
    return next(request, call).then(
      (response) => {
        core.onResult(isSuccess(response.statusCode), clock.nowMs());
        return response;
      },
      (error) => {
        if (outcomeOfError(error) !== 'ignored') core.onResult(false, clock.nowMs());
        throw error;
      },
    );
  };
};
