/**
 * Config delivery: numbered versions, pushed to their readers by a strategy, and rolled back by a push of the last
 * version that was good. Rolling back needs nothing from the readers: a reader that is down gets the version it is
 * meant to have when it starts.
 */
import type { Clock, Timer } from '../core/clock.js';
import type { Emit } from '../core/events.js';
import { type ConfigChange, ConfigLock } from './config-lock.js';
import { type ReaderHealth, Rollout } from './rollout.js';
import type { Strategy } from './strategy.js';

/** How often a rollout under way is looked at. */
const TICK_MS = 50;

export interface ConfigDeliveryOptions<Config> {
  /** What the readers are, in a word. */
  readonly to: string;
  readonly readers: readonly string[];
  readonly initial: Config;
  readonly assign: (reader: string, version: number, config: Config) => void;
  readonly health: (reader: string) => ReaderHealth;
  /** What is wrong with a config; `null` when nothing is. */
  readonly check: (config: Config) => string | null;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** What became of a push or a rollback; the status is the one an HTTP client gets. */
export type ChangeOutcome =
  | { readonly accepted: true; readonly status: 202; readonly version: number }
  | { readonly accepted: false; readonly status: 409 | 422 | 423; readonly reason: string };

export class ConfigDelivery<Config> {
  readonly lock = new ConfigLock();
  readonly #options: ConfigDeliveryOptions<Config>;
  readonly #versions: Config[];
  /** The version every reader is meant to have when nothing is under way. */
  #stable = 1;
  /** The version before that one, which a rollback goes back to. */
  #lastGood = 1;
  #ticking: Timer | null = null;
  /** The version on its way, while a rollout is under way. */
  #underWay: number | null = null;

  constructor(options: ConfigDeliveryOptions<Config>) {
    this.#options = options;
    this.#versions = [options.initial];
  }

  /** The version all readers are meant to have. */
  get version(): number {
    return this.#stable;
  }

  get config(): Config {
    return this.#versions[this.#stable - 1]!;
  }

  /** The version on its way; `null` when none is. */
  get underWay(): number | null {
    return this.#underWay;
  }

  /** Sends a new version out. A config that fails the check goes nowhere, and the running one stays. */
  push(config: Config, strategy: Strategy, change: ConfigChange): ChangeOutcome {
    const { emit, check, to, readers, clock } = this.#options;
    const problem = check(config);
    if (problem !== null) return this.#refuse(422, problem);
    const permission = this.lock.mayPush(change, clock.nowMs());
    if (!permission.allowed) return this.#refuse(423, permission.reason);
    if (permission.glassBroken) emit('config.glass-broken', { by: change.by, reason: change.breakGlass });
    this.#versions.push(config);
    const version = this.#versions.length;
    emit('config.pushed', { version, to, strategy: strategy.name, readers: readers.length });
    this.#begin(version, strategy, () => {
      this.#lastGood = this.#stable;
      this.#stable = version;
    });
    return { accepted: true, status: 202, version };
  }

  /**
   * Goes back to the last good version: out of a rollout under way, or from the present version. Ordered again while it
   * is under way, it goes on by the new strategy. A lock does not stop it.
   */
  rollback(strategy: Strategy, by: string, reason: string): ChangeOutcome {
    const { emit, clock } = this.#options;
    const newer = this.#underWay !== null && this.#underWay > this.#stable;
    const from = newer ? this.#underWay! : this.#stable;
    const version = newer ? this.#stable : this.#lastGood;
    if (version === from) {
      return this.#refuse(409, `nothing to roll back: version ${version} is the last good one`);
    }
    this.lock.noteRollback(by, clock.nowMs());
    emit('config.rolled-back', { from, version, reason });
    this.#begin(version, strategy, () => {
      this.#stable = version;
      this.#lastGood = version;
      emit('config.rollback-finished', { version });
    });
    return { accepted: true, status: 202, version };
  }

  lockConfig(by: string, reason: string): void {
    this.lock.lock(by, reason, this.#options.clock.nowMs());
    this.#options.emit('config.locked', { by, reason });
  }

  unlockConfig(by: string): void {
    this.lock.unlock(by, this.#options.clock.nowMs());
    this.#options.emit('config.unlocked', { by });
  }

  #refuse(status: 409 | 422 | 423, reason: string): ChangeOutcome {
    this.#options.emit('config.refused', { status, reason });
    return { accepted: false, status, reason };
  }

  stop(): void {
    this.#ticking?.cancel();
    this.#ticking = null;
  }

  #begin(version: number, strategy: Strategy, onDone: () => void): void {
    const { readers, health, clock } = this.#options;
    this.stop();
    this.#underWay = version;
    const rollout = new Rollout(readers, strategy, clock.nowMs(), health);
    this.#tick(rollout, version, onDone);
    if (this.#underWay === version) {
      this.#ticking = clock.every(TICK_MS, () => this.#tick(rollout, version, onDone));
    }
  }

  #tick(rollout: Rollout, version: number, onDone: () => void): void {
    const { clock, health, assign, emit } = this.#options;
    const step = rollout.next(clock.nowMs(), health);
    if (step.kind === 'wait') return;
    if (step.kind === 'fail') {
      this.#abandon(rollout, version, step.reason);
      return;
    }
    for (const reader of step.readers) {
      assign(reader, version, this.#versions[version - 1]!);
      emit('config.assigned', { version, reader });
    }
    if (step.promoted) emit('config.promoted', { version });
    if (step.done) {
      this.#finish();
      onDone();
    }
  }

  /** The gate has failed: whoever got the version gets the stable one back, at once. */
  #abandon(rollout: Rollout, from: number, reason: string): void {
    const { assign, emit } = this.#options;
    this.#finish();
    emit('config.rolled-back', { from, version: this.#stable, reason });
    for (const reader of rollout.assigned) {
      assign(reader, this.#stable, this.#versions[this.#stable - 1]!);
      emit('config.assigned', { version: this.#stable, reader });
    }
    emit('config.rollback-finished', { version: this.#stable });
  }

  #finish(): void {
    this.stop();
    this.#underWay = null;
  }
}
