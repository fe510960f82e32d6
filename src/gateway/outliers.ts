/**
 * Outlier ejection under one version of the config: its detector, its sweeps, and what becomes of its decisions.
 *
 * A pool is shared by all versions that run, so only the version that serves whatever no rollout takes may take upstreams
 * out of it. What a candidate's detector notices is told as spared: one that ejects too eagerly would otherwise take the
 * upstreams away from the requests that never got its config. Versions with the same options share one detector, which
 * sees the attempts of both.
 */
import type { Clock } from '../core/clock.js';
import type { Emit } from '../core/events.js';
import type { Random } from '../core/random.js';
import { OutlierDetector, type OutlierWatchParts } from '../policies/outlier.js';
import type { OutlierDecision, OutlierOptions, Unejected } from '../policies/outlier-options.js';
import type { UpstreamPool } from './upstream-pool.js';

export interface OutliersParts {
  readonly options: OutlierOptions;
  readonly pool: UpstreamPool;
  readonly clock: Clock;
  /** For detectors that are enforced in part, and for the jitter. */
  readonly random: Random;
  readonly emit: Emit;
}

export class Outliers implements Omit<OutlierWatchParts, 'id'> {
  readonly detector: OutlierDetector;
  readonly clock: Clock;
  readonly #pool: UpstreamPool;
  readonly #emit: Emit;
  readonly #sweeping: { cancel(): void };
  #inForce = false;

  constructor({ options, pool, clock, random, emit }: OutliersParts) {
    this.detector = new OutlierDetector(options, random);
    this.clock = clock;
    this.#pool = pool;
    this.#emit = emit;
    for (const { id } of pool.upstreams) this.detector.add(id);
    this.#sweeping = clock.every(options.intervalMs, () => {
      for (const decision of this.detector.sweep(clock.nowMs())) this.onDecision(decision);
    });
  }

  readonly onDecision = (decision: OutlierDecision): void => {
    const { type, id: upstream, ...why } = decision;
    if (!this.#inForce) {
      if (type !== 'ejected') return;
      const { detector, observed, threshold } = decision;
      this.#emit('upstream.spared', { upstream, detector, observed, threshold, reason: 'not-in-force' });
      return;
    }
    if (type !== 'spared') {
      this.#pool.find(upstream)?.setEjected('outliers', type === 'ejected', this.clock.nowMs());
    }
    this.#emit(`upstream.${type}`, { upstream, ...why } as never);
  };

  /** From now on the pool is as this detector sees it: whoever was out under other rules is in again. */
  enforce(): void {
    this.#inForce = true;
    const nowMs = this.clock.nowMs();
    for (const upstream of this.#pool.upstreams) {
      upstream.setEjected('outliers', this.detector.isEjected(upstream.id), nowMs);
    }
  }

  /** Other rules hold from now on, or none. Who is out stays so until those say otherwise. */
  suspend(): void {
    this.#inForce = false;
  }

  onGoodCheck(id: string): void {
    this.#bringBack(this.detector.onHealthCheckPassed(id, this.clock.nowMs()));
  }

  /** An operator wants it back. */
  uneject(id: string): void {
    this.#bringBack(this.detector.uneject(id, this.clock.nowMs()));
  }

  close(): void {
    this.#sweeping.cancel();
  }

  #bringBack(decision: Unejected | null): void {
    if (decision !== null) this.onDecision(decision);
  }
}

/** Hands the pool over from the rules of one version to those of the next; `null`: it has none. */
export const handOver = (
  before: Outliers | null,
  after: Outliers | null,
  { upstreams }: UpstreamPool,
  nowMs: number,
): void => {
  if (before === after) return;
  before?.suspend();
  if (after !== null) after.enforce();
  else for (const upstream of upstreams) upstream.setEjected('outliers', false, nowMs);
};
