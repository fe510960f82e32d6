/**
 * Config delivery to a reader that serves the requests itself, as a gateway does: a new version gets a growing share of
 * them, is judged by how they fare, and goes back by itself.
 *
 * What the reader is to run goes out as a plan of the whole (`live-versions.ts`). Going back is a plan like any other: the
 * stable version has been running all the time, so nothing is built and nobody is waited for. It depends on no timer
 * either: an overloaded process fires its timers late, so results drive the decisions as well.
 */
import type { Clock, Timer } from '../core/clock.js';
import type { Emit } from '../core/events.js';
import { ChangeGate, type ChangeOutcome } from './change-gate.js';
import type { ConfigChange, ConfigLock } from './config-lock.js';
import type { Guard } from './guards.js';
import type { TrafficPlan } from './live-versions.js';
import type { SmokeCheck, SmokeTest } from './smoke-test.js';
import { TrafficRollout, type WaitReason } from './traffic-rollout.js';
import type { StagedStrategy, TrafficStrategy } from './traffic-strategy.js';
import { type HistoryRecord, type Versioned, VersionHistory } from './version-history.js';

/** How often a rollout under way is looked at: twenty times within the second in which it has to be back. */
const TICK_MS = 50;

export interface TrafficDeliveryOptions<Config> {
  /** What the reader is, in a word. */
  readonly to: string;
  readonly initial: Config;
  /** What was kept of a delivery before this one, in place of `initial`. */
  readonly history?: HistoryRecord<Config> | undefined;
  /** Hands a plan over. @returns why it was refused, in which case nothing has changed; `null` when it is followed. */
  readonly apply: (plan: TrafficPlan<Config>) => string | null;
  /** What is wrong with a config; `null` when nothing is. */
  readonly check: (config: Config) => string | null;
  /** What a change may not do without approval; default: nothing. */
  readonly guards?: readonly Guard<Config>[];
  /** Has a config that serves nobody yet answer requests; default: nobody can. */
  readonly smokeTest?: SmokeTest<Config>;
  /** Called whenever the share of a version changes, with 1 when it got everything, with 0 when it was taken back. */
  readonly onShare?: (version: number, shareRatio: number) => void;
  /** Called with what is to be kept whenever another version is the stable one. */
  readonly onSettled?: (history: HistoryRecord<Config>) => void;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** A rollout, to somebody who looks on. */
export interface TrafficStatus {
  readonly version: number;
  /** From 1. */
  readonly stage: number;
  readonly shareRatio: number;
  /** Why it did not go on when it was last looked at. */
  readonly waitsFor: WaitReason;
}

/** What is on its way to the requests. */
interface Candidate<Config> {
  readonly target: Versioned<Config>;
  readonly rollout: TrafficRollout;
  waitsFor: WaitReason;
}

export class TrafficDelivery<Config> {
  readonly #options: TrafficDeliveryOptions<Config>;
  readonly #gate: ChangeGate<Config>;
  readonly #history: VersionHistory<Config>;
  /** Of the last plan. */
  #order = 0;
  /** Pushes and rollbacks that somebody asked for, and that were taken. */
  #asked = 0;
  #candidate: Candidate<Config> | null = null;
  #ticking: Timer | null = null;
  #lookedMs = 0;

  constructor(options: TrafficDeliveryOptions<Config>) {
    const { initial, history, check, guards = [], clock, emit } = options;
    this.#options = options;
    this.#gate = new ChangeGate({ to: 'gateway', check, guards, clock, emit });
    this.#history = new VersionHistory(initial, history);
  }

  get lock(): ConfigLock {
    return this.#gate.lock;
  }

  /** The version that serves whatever no rollout takes. */
  get version(): number {
    return this.#history.stable.version;
  }

  get config(): Config {
    return this.#history.stable.config;
  }

  /** The version on its way; `null` when none is. */
  get underWay(): number | null {
    return this.#candidate?.target.version ?? null;
  }

  get status(): TrafficStatus | null {
    if (this.#candidate === null) return null;
    const { target, rollout, waitsFor } = this.#candidate;
    return { version: target.version, stage: rollout.stage, shareRatio: rollout.shareRatio, waitsFor };
  }

  /**
   * Sends a new version out; takes the place of one that is on its way. A config that is refused, or of which the reader
   * can make nothing, goes nowhere, and whatever runs goes on.
   */
  push(config: Config, strategy: TrafficStrategy, change: ConfigChange): ChangeOutcome {
    const refusal = this.#gate.admit(config, change, this.#history.stable);
    if (refusal !== null) return refusal;
    const target = this.#history.number(config);
    const { version } = target;
    const problem =
      strategy.name === 'all-at-once' ? this.#settle(target) : this.#beginStages(target, strategy);
    if (problem !== null) return this.#gate.refuse(422, problem);
    this.#asked++;
    this.#options.emit('config.pushed', {
      version,
      to: this.#options.to,
      strategy: strategy.name,
      readers: 1,
    });
    this.#tellShare(version, this.status?.shareRatio ?? 1);
    return { accepted: true, status: 202, version };
  }

  /**
   * Pushes a config once it has answered some requests as it should. What would be refused without a test gets none; and
   * what another order has overtaken meanwhile does not go out.
   * @param checks none: it is pushed as it is.
   */
  async pushTested(
    config: Config,
    strategy: TrafficStrategy,
    change: ConfigChange,
    checks: readonly SmokeCheck[],
  ): Promise<ChangeOutcome> {
    const { smokeTest, to } = this.#options;
    if (checks.length === 0 || this.#gate.wouldRefuse(config, change, this.#history.stable)) {
      return this.push(config, strategy, change);
    }
    if (smokeTest === undefined) {
      return this.#gate.refuse(
        409,
        `the ${to} cannot test a config before it serves; send it without a smoke test`,
      );
    }
    const asked = this.#asked;
    const failure = await smokeTest(config, checks);
    if (failure?.status === 422) return this.#gate.refuseInvalid(change.by, failure.reason);
    if (failure !== null) return this.#gate.refuse(failure.status, failure.reason);
    // What a rollout does by itself meanwhile is nobody's order.
    if (asked !== this.#asked) {
      return this.#gate.refuse(409, 'while it was tested, another config was ordered; send it again');
    }
    return this.push(config, strategy, change);
  }

  /** Somebody sent what is no config: nothing changes, and it is told and written down. @param reason in a line. */
  refuseInvalid(by: string, reason: string): ChangeOutcome {
    return this.#gate.refuseInvalid(by, reason);
  }

  /** Goes back at once: out of a rollout under way, or from the stable version. A lock does not stop it. */
  rollback(by: string, reason: string): ChangeOutcome {
    const { clock } = this.#options;
    const from = this.underWay ?? this.version;
    const back = this.#candidate === null ? this.#history.previous : this.#history.stable;
    if (back === null) {
      return this.#gate.refuse(409, `nothing to roll back: version ${from} is the last good one`);
    }
    this.lock.noteRollback(by, clock.nowMs());
    const problem = this.#goBack(back, reason);
    if (problem !== null) return this.#gate.refuse(409, problem);
    this.#asked++;
    return { accepted: true, status: 202, version: back.version };
  }

  /** A reader could not serve the version on its way; does nothing when it is not on its way any more. */
  failed(version: number, reason: string): void {
    if (this.underWay === version) this.#abandon(reason);
  }

  /**
   * How requests of a version fared; those of a version that is neither stable nor on its way do not count.
   * @param failures how many of the results were not good. One whose client left is no result.
   */
  onResults(version: number, results: number, failures: number): void {
    const candidate = this.#candidate;
    if (candidate === null) return;
    const nowMs = this.#options.clock.nowMs();
    if (version === candidate.target.version) {
      candidate.rollout.onResults('candidate', results, failures, nowMs);
    } else if (version === this.version) candidate.rollout.onResults('stable', results, failures, nowMs);
    if (nowMs - this.#lookedMs >= TICK_MS) this.#look();
  }

  lockConfig(by: string, reason: string): void {
    this.#gate.close(by, reason);
  }

  unlockConfig(by: string): void {
    this.#gate.open(by);
  }

  stop(): void {
    this.#ticking?.cancel();
    this.#ticking = null;
  }

  #look(): void {
    const candidate = this.#candidate;
    if (candidate === null) return;
    const { clock, emit } = this.#options;
    const { target, rollout } = candidate;
    this.#lookedMs = clock.nowMs();
    const step = rollout.next(this.#lookedMs);
    switch (step.kind) {
      case 'wait':
        candidate.waitsFor = step.why;
        return;
      case 'advance': {
        const problem = this.#share(target, step.shareRatio);
        if (problem !== null) this.#abandon(problem);
        else this.#tellShare(target.version, step.shareRatio);
        return;
      }
      case 'done': {
        const problem = this.#settle(target);
        if (problem !== null) {
          this.#abandon(problem);
          return;
        }
        if (rollout.shareRatio < 1) this.#tellShare(target.version, 1);
        emit('config.promoted', { version: target.version, to: this.#options.to });
        return;
      }
      case 'roll-back':
        this.#abandon(step.reason);
        return;
    }
  }

  /** @returns why it was refused. */
  #beginStages(target: Versioned<Config>, strategy: StagedStrategy): string | null {
    const { clock } = this.#options;
    const nowMs = clock.nowMs();
    const rollout = new TrafficRollout(strategy, nowMs);
    const problem = this.#share(target, rollout.shareRatio);
    if (problem !== null) return problem;
    this.stop();
    this.#candidate = { target, rollout, waitsFor: 'bake' };
    this.#lookedMs = nowMs;
    this.#ticking = clock.every(TICK_MS, () => this.#look());
    return null;
  }

  #share(target: Versioned<Config>, shareRatio: number): string | null {
    const { stable, previous } = this.#history;
    return this.#apply({ stable, candidate: { ...target, shareRatio }, standby: previous });
  }

  /** Everything goes to that version, and the one before stays ready. */
  #settle(target: Versioned<Config>): string | null {
    const problem = this.#apply({ stable: target, candidate: null, standby: this.#history.stable });
    if (problem !== null) return problem;
    this.#history.promote(target);
    this.#finish();
    this.#options.onSettled?.(this.#history.record);
    return null;
  }

  #abandon(reason: string): void {
    const problem = this.#goBack(this.#history.stable, reason);
    // Refused means that a newer order is in force, from elsewhere: this rollout is not ours to end any more.
    if (problem !== null) this.#gate.refuse(409, problem);
  }

  /** Everything goes to a version from before. @returns why not. */
  #goBack(back: Versioned<Config>, reason: string): string | null {
    const { emit } = this.#options;
    const from = this.underWay ?? this.version;
    const leaves = back !== this.#history.stable;
    const problem = this.#apply({
      stable: back,
      candidate: null,
      // Whoever left the stable version does not want it back; out of a rollout, the one before stays ready.
      standby: leaves ? null : this.#history.previous,
    });
    this.#finish();
    if (problem !== null) return problem;
    if (leaves) {
      this.#history.leave();
      this.#options.onSettled?.(this.#history.record);
    }
    emit('config.rolled-back', { from, version: back.version, reason, to: this.#options.to });
    this.#tellShare(from, 0);
    emit('config.rollback-finished', { version: back.version, to: this.#options.to });
    return null;
  }

  #apply(plan: Omit<TrafficPlan<Config>, 'order'>): string | null {
    this.#order++;
    return this.#options.apply({ order: this.#order, ...plan });
  }

  #tellShare(version: number, shareRatio: number): void {
    this.#options.onShare?.(version, shareRatio);
  }

  #finish(): void {
    this.stop();
    this.#candidate = null;
  }
}
