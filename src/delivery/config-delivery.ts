/**
 * Config delivery: numbered versions, pushed to their readers by a strategy, and rolled back by a push of the last
 * version that was good. Rolling back needs nothing from the readers: a reader that is down gets the version it is
 * meant to have when it starts.
 *
 * A version keeps its number when it comes back by a rollback. So that a reader can tell that from an assignment that
 * was overtaken on its way, each carries the number of its order, which only grows.
 */
import type { Clock, Timer } from '../core/clock.js';
import type { Emit } from '../core/events.js';
import { ChangeGate, type ChangeOutcome } from './change-gate.js';
import type { ConfigChange, ConfigLock } from './config-lock.js';
import type { Guard } from './guards.js';
import { ReaderRegister } from './readers.js';
import { type ReaderHealth, Rollout } from './rollout.js';
import type { RollbackStrategy, Strategy } from './strategy.js';
import type { Trial, TryOut } from './trial.js';
import { type Versioned, VersionHistory } from './version-history.js';

export type { ChangeOutcome } from './change-gate.js';

/** How often a rollout under way is looked at. */
const TICK_MS = 50;

export interface ConfigDeliveryOptions<Config> {
  /** What the readers are, in a word. */
  readonly to: string;
  readonly readers: readonly string[];
  /** Whether a rollout counts on it now. One that it does not gets the config silently, at the end; default: it does. */
  readonly isReading?: (reader: string) => boolean;
  readonly initial: Config;
  /** @param order grows with every push and every rollback: one that is lower than the last was overtaken. */
  readonly assign: (reader: string, version: number, config: Config, order: number) => void;
  readonly health: (reader: string) => ReaderHealth;
  /** What is wrong with a config; `null` when nothing is. */
  readonly check: (config: Config) => string | null;
  /** What a change may not do without approval; default: nothing. */
  readonly guards?: readonly Guard<Config>[];
  /** Has one that serves nobody take a config over; default: nobody can. */
  readonly tryOut?: TryOut<Config>;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** What is on its way to the readers. */
interface Change<Config> {
  readonly target: Versioned<Config>;
  readonly from: number;
  /** A rollback. */
  readonly back: boolean;
}

export class ConfigDelivery<Config> {
  /** Which version each reader is meant to have and, where it is told so, runs. */
  readonly register: ReaderRegister;
  readonly #options: ConfigDeliveryOptions<Config>;
  readonly #gate: ChangeGate<Config>;
  readonly #history: VersionHistory<Config>;
  #order = 0;
  #ticking: Timer | null = null;
  /** The version each reader was given last; a reader that is not in it has the first. */
  readonly #assigned = new Map<string, number>();
  #underWay: Change<Config> | null = null;

  constructor(options: ConfigDeliveryOptions<Config>) {
    const { to, initial, readers, check, guards = [], clock, emit } = options;
    this.#options = options;
    this.#gate = new ChangeGate({ to, check, guards, clock, emit });
    this.#history = new VersionHistory(initial);
    // Nobody that reads is left out for want of room.
    this.register = new ReaderRegister({ maxReaders: Math.max(1_000, readers.length) });
    for (const reader of readers) this.register.expect(reader, this.version, clock.nowMs());
  }

  get lock(): ConfigLock {
    return this.#gate.lock;
  }

  /** The version all readers are meant to have. */
  get version(): number {
    return this.#history.stable.version;
  }

  get config(): Config {
    return this.#history.stable.config;
  }

  /** The version on its way; `null` when none is. */
  get underWay(): number | null {
    return this.#underWay?.target.version ?? null;
  }

  /** Whether it is one of the readers. */
  reads(reader: string): boolean {
    return this.#options.readers.includes(reader);
  }

  /** Sends a new version out. A config that is refused goes nowhere, and the running one stays. */
  push(config: Config, strategy: Strategy, change: ConfigChange): ChangeOutcome {
    const { emit, to } = this.#options;
    const refusal = this.#gate.admit(config, change, this.#history.stable);
    if (refusal !== null) return refusal;
    const target = this.#history.number(config);
    const { version } = target;
    emit('config.pushed', { version, to, strategy: strategy.name, readers: this.#reading.length });
    this.#begin({ target, from: this.version, back: false }, strategy, () => this.#history.promote(target));
    return { accepted: true, status: 202, version };
  }

  /**
   * Has one that serves nobody take it over first, and pushes it when nothing is wrong with it. What would be refused
   * without a trial gets none; and what another order has overtaken meanwhile does not go out.
   */
  async pushTried(
    config: Config,
    strategy: Strategy,
    change: ConfigChange,
    trial: Trial,
  ): Promise<ChangeOutcome> {
    const { tryOut } = this.#options;
    const order = this.#order;
    if (tryOut === undefined || this.#gate.wouldRefuse(config, change, this.#history.stable)) {
      return this.push(config, strategy, change);
    }
    const problem = await tryOut(config, this.config, trial);
    if (problem !== null) return this.#gate.refuseInvalid(change.by, problem);
    if (order !== this.#order) {
      return this.#gate.refuse(409, 'while it was tried out, another config was ordered; send it again');
    }
    return this.push(config, strategy, change);
  }

  /** Somebody sent what is no config: nothing changes, and it is told and written down. @param reason in a line. */
  refuseInvalid(by: string, reason: string): ChangeOutcome {
    return this.#gate.refuseInvalid(by, reason);
  }

  /**
   * Goes back to the last good version: out of a rollout under way, or from the present version. Ordered again while it
   * is under way, it goes on by the new strategy. A lock does not stop it.
   */
  rollback(strategy: RollbackStrategy, by: string, reason: string): ChangeOutcome {
    const { emit, clock } = this.#options;
    const underWay = this.#underWay;
    const from = underWay === null ? this.version : underWay.back ? underWay.from : underWay.target.version;
    const target = underWay === null ? this.#history.previous : this.#history.stable;
    if (target === null) {
      return this.#gate.refuse(409, `nothing to roll back: version ${from} is the last good one`);
    }
    // The version left is not good any more from the moment that is decided.
    if (underWay === null) this.#history.leave();
    this.lock.noteRollback(by, clock.nowMs());
    const { version } = target;
    emit('config.rolled-back', { from, version, reason, to: this.#options.to });
    this.#begin({ target, from, back: true }, strategy, () =>
      emit('config.rollback-finished', { version, to: this.#options.to }),
    );
    return { accepted: true, status: 202, version };
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

  #begin(change: Change<Config>, strategy: Strategy, onDone: () => void): void {
    const { health, clock } = this.#options;
    this.stop();
    this.#underWay = change;
    this.#order++;
    const rollout = new Rollout(this.#reading, strategy, clock.nowMs(), health);
    this.#tick(rollout, change.target, onDone);
    if (this.#underWay === change) {
      this.#ticking = clock.every(TICK_MS, () => this.#tick(rollout, change.target, onDone));
    }
  }

  #tick(rollout: Rollout, target: Versioned<Config>, onDone: () => void): void {
    const { clock, health, emit } = this.#options;
    const step = rollout.next(clock.nowMs(), health);
    if (step.kind === 'wait') return;
    if (step.kind === 'fail') {
      this.#abandon(target.version, step.reason);
      return;
    }
    for (const reader of step.readers) this.#assign(reader, target);
    if (step.promoted) emit('config.promoted', { version: target.version, to: this.#options.to });
    if (step.done) {
      for (const reader of this.#options.readers) {
        if (this.#versionOf(reader) !== target.version) this.#assign(reader, target);
      }
      this.#finish();
      onDone();
    }
  }

  /** The gate has failed: whoever has another version than the stable one gets the stable one back, at once. */
  #abandon(from: number, reason: string): void {
    const { readers, emit } = this.#options;
    this.#finish();
    this.#order++;
    emit('config.rolled-back', { from, version: this.version, reason, to: this.#options.to });
    for (const reader of readers) {
      if (this.#versionOf(reader) !== this.version) this.#assign(reader, this.#history.stable);
    }
    emit('config.rollback-finished', { version: this.version, to: this.#options.to });
  }

  #assign(reader: string, { version, config }: Versioned<Config>): void {
    const { assign, clock, emit } = this.#options;
    this.#assigned.set(reader, version);
    this.register.expect(reader, version, clock.nowMs());
    assign(reader, version, config, this.#order);
    if (this.#isReading(reader)) emit('config.assigned', { version, reader });
  }

  #versionOf(reader: string): number {
    return this.#assigned.get(reader) ?? 1;
  }

  #isReading(reader: string): boolean {
    return this.#options.isReading?.(reader) ?? true;
  }

  /** Whom a rollout goes through; where nobody reads, it goes through all. */
  get #reading(): readonly string[] {
    const { readers } = this.#options;
    const reading = readers.filter((reader) => this.#isReading(reader));
    return reading.length === 0 ? readers : reading;
  }

  #finish(): void {
    this.stop();
    this.#underWay = null;
  }
}
