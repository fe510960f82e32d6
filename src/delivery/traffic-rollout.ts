/**
 * One config on its way to a growing share of the requests: the decisions, without time or transport. Results come in
 * by version; asked at intervals what to do now, it answers with the next share, that it is done, or that the version
 * has to go and why.
 *
 * A new version is blamed when it burns the error budget and the stable one, which serves the rest of the same traffic
 * at the same time, fares better. In a general outage both burn alike, and a version that is no worse must not be
 * blamed for it: the rollout stands still until that is over. This is the comparison that Kayenta (Netflix and Google,
 * 2018) makes, with a test of two proportions, which a stream of good and bad results allows.
 */
import { formatRatio } from '../core/units.js';
import { type Burning, BurnRate, type Counts, describeBurning } from './burn-rate.js';
import type { StagedStrategy, TrafficStage } from './traffic-strategy.js';

export type Side = 'stable' | 'candidate';

export type TrafficStep =
  | { readonly kind: 'wait'; readonly why: WaitReason }
  | { readonly kind: 'advance'; readonly shareRatio: number }
  | { readonly kind: 'done' }
  | { readonly kind: 'roll-back'; readonly reason: string };

/** Not watched long enough, too few results to judge by, or an outage that says nothing about the new version. */
export type WaitReason = 'bake' | 'too-few-results' | 'outage';

const WAIT: Readonly<Record<WaitReason, TrafficStep>> = {
  bake: { kind: 'wait', why: 'bake' },
  'too-few-results': { kind: 'wait', why: 'too-few-results' },
  outage: { kind: 'wait', why: 'outage' },
};

const DONE: TrafficStep = { kind: 'done' };

/**
 * Standard errors that two shares of failures must lie apart. Three, because the question is asked at every look: by
 * chance alone one look in 740 would say so, and only where the budget burns already.
 */
const STANDARD_ERRORS = 3;

export class TrafficRollout {
  readonly #strategy: StagedStrategy;
  #burnRates: Readonly<Record<Side, BurnRate>>;
  #stage = 0;
  /** When the watch of this stage began. */
  #watchedMs: number;
  /** The candidate's results since then. */
  #results = 0;

  /** The first stage begins at once. */
  constructor(strategy: StagedStrategy, nowMs: number) {
    this.#strategy = strategy;
    this.#watchedMs = nowMs;
    this.#burnRates = emptyRates(strategy);
  }

  /** Which stage it is in, from 1. */
  get stage(): number {
    return this.#stage + 1;
  }

  /** Share of the requests that get the candidate. */
  get shareRatio(): number {
    return this.#present.shareRatio;
  }

  get #present(): TrafficStage {
    return this.#strategy.stages[this.#stage]!;
  }

  onResult(side: Side, good: boolean, nowMs: number): void {
    this.onResults(side, 1, good ? 0 : 1, nowMs);
  }

  /** @param failures how many of the results were not good. */
  onResults(side: Side, results: number, failures: number, nowMs: number): void {
    this.#burnRates[side].onResults(results, failures, nowMs);
    if (side === 'candidate') this.#results += results;
  }

  /** What to do at `nowMs`. Never asked again after a step that is done or rolls back. */
  next(nowMs: number): TrafficStep {
    const burning = this.#burnRates.candidate.burning(nowMs);
    if (burning !== null) {
      const reason = this.#blame(burning, nowMs);
      if (reason !== null) return { kind: 'roll-back', reason };
      // What is seen in an outage is no evidence: the watch begins anew when it is over.
      this.#beginWatch(nowMs);
      return WAIT.outage;
    }
    if (nowMs - this.#watchedMs < this.#present.bakeMs) return WAIT.bake;
    if (this.#results < this.#strategy.burnRate.minResults) return WAIT['too-few-results'];
    if (this.#stage === this.#strategy.stages.length - 1) return DONE;
    this.#stage++;
    this.#burnRates = emptyRates(this.#strategy);
    this.#beginWatch(nowMs);
    return { kind: 'advance', shareRatio: this.shareRatio };
  }

  #beginWatch(nowMs: number): void {
    this.#watchedMs = nowMs;
    this.#results = 0;
  }

  /** Why the candidate has to go; `null` when it is no worse than the stable version at the same time. */
  #blame(burning: Burning, nowMs: number): string | null {
    const { burnRate, worseByRatio } = this.#strategy;
    const stable = this.#burnRates.stable.countsOf(burning.window, nowMs);
    // With nothing to compare with, as at a share of 100 %, what burns has to go: going back is cheap.
    if (stable.results < burnRate.minResults) {
      return `${describeBurning(burning)}; the stable version had too few requests to compare with`;
    }
    const stableBurns = this.#burnRates.stable.burning(nowMs) !== null;
    if (!isWorse(burning, stable, stableBurns ? worseByRatio : 0)) return null;
    const stableRatio = formatRatio(stable.failures / stable.results);
    return `${describeBurning(burning)}; of the stable version's requests ${stableRatio} failed at the same time`;
  }
}

/**
 * Both sides begin empty at every stage. Only over the same time and at the same share are they comparable: a good past
 * would make the stable version look better, and an outage across two stages would weigh more for the version that got
 * more requests in the second.
 */
const emptyRates = ({ burnRate }: StagedStrategy): Readonly<Record<Side, BurnRate>> => ({
  stable: new BurnRate(burnRate),
  candidate: new BurnRate(burnRate),
});

/** Whether one share of failures is larger than the other by `byRatio`, and by more than chance. */
export const isWorse = (one: Counts, other: Counts, byRatio: number): boolean => {
  const difference = one.failures / one.results - other.failures / other.results;
  const pooledRatio = (one.failures + other.failures) / (one.results + other.results);
  const variance = pooledRatio * (1 - pooledRatio) * (1 / one.results + 1 / other.results);
  return difference > byRatio && difference > STANDARD_ERRORS * Math.sqrt(variance);
};
