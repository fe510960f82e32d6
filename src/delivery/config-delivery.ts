/**
 * Config delivery: numbered versions, pushed to their readers by a strategy, and rolled back by a push of the last
 * version that was good. Rolling back needs nothing from the readers: a reader that is down gets the version it is
 * meant to have when it starts.
 */
import type { Clock, Timer } from '../core/clock.js';
import type { Emit } from '../core/events.js';
import { type ConfigChange, ConfigLock } from './config-lock.js';
import { type ReaderHealth, Rollout } from './rollout.js';
import type { RollbackStrategy, Strategy } from './strategy.js';

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

/** What is on its way to the readers. */
interface Change {
  readonly version: number;
  readonly from: number;
  /** A rollback. */
  readonly back: boolean;
}

export class ConfigDelivery<Config> {
  readonly lock = new ConfigLock();
  readonly #options: ConfigDeliveryOptions<Config>;
  readonly #versions: Config[];
  /** Versions that reached every reader, oldest first: the last is the stable one, a rollback goes to the one before. */
  readonly #good: number[] = [1];
  #ticking: Timer | null = null;
  /** The version each reader was given last; a reader that is not in it has the first. */
  readonly #assigned = new Map<string, number>();
  #underWay: Change | null = null;

  constructor(options: ConfigDeliveryOptions<Config>) {
    this.#options = options;
    this.#versions = [options.initial];
  }

  /** The version all readers are meant to have. */
  get version(): number {
    return this.#good.at(-1)!;
  }

  get config(): Config {
    return this.#versions[this.version - 1]!;
  }

  /** The version on its way; `null` when none is. */
  get underWay(): number | null {
    return this.#underWay?.version ?? null;
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
    this.#begin({ version, from: this.version, back: false }, strategy, () => this.#good.push(version));
    return { accepted: true, status: 202, version };
  }

  /**
   * Goes back to the last good version: out of a rollout under way, or from the present version. Ordered again while it
   * is under way, it goes on by the new strategy. A lock does not stop it.
   */
  rollback(strategy: RollbackStrategy, by: string, reason: string): ChangeOutcome {
    const { emit, clock } = this.#options;
    const underWay = this.#underWay;
    const from = underWay === null ? this.version : underWay.back ? underWay.from : underWay.version;
    const version = underWay === null ? this.#good.at(-2) : this.version;
    if (version === undefined) {
      return this.#refuse(409, `nothing to roll back: version ${from} is the last good one`);
    }
    // The version left is not good any more from the moment that is decided.
    if (underWay === null) this.#good.pop();
    this.lock.noteRollback(by, clock.nowMs());
    emit('config.rolled-back', { from, version, reason });
    this.#begin({ version, from, back: true }, strategy, () => emit('config.rollback-finished', { version }));
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

  #begin(change: Change, strategy: Strategy, onDone: () => void): void {
    const { readers, health, clock } = this.#options;
    this.stop();
    this.#underWay = change;
    const rollout = new Rollout(readers, strategy, clock.nowMs(), health);
    this.#tick(rollout, change.version, onDone);
    if (this.#underWay === change) {
      this.#ticking = clock.every(TICK_MS, () => this.#tick(rollout, change.version, onDone));
    }
  }

  #tick(rollout: Rollout, version: number, onDone: () => void): void {
    const { clock, health, emit } = this.#options;
    const step = rollout.next(clock.nowMs(), health);
    if (step.kind === 'wait') return;
    if (step.kind === 'fail') {
      this.#abandon(version, step.reason);
      return;
    }
    for (const reader of step.readers) this.#assign(reader, version);
    if (step.promoted) emit('config.promoted', { version });
    if (step.done) {
      this.#finish();
      onDone();
    }
  }

  /** The gate has failed: whoever has another version than the stable one gets the stable one back, at once. */
  #abandon(from: number, reason: string): void {
    const { readers, emit } = this.#options;
    this.#finish();
    emit('config.rolled-back', { from, version: this.version, reason });
    for (const reader of readers) {
      if ((this.#assigned.get(reader) ?? 1) !== this.version) this.#assign(reader, this.version);
    }
    emit('config.rollback-finished', { version: this.version });
  }

  #assign(reader: string, version: number): void {
    const { assign, emit } = this.#options;
    this.#assigned.set(reader, version);
    assign(reader, version, this.#versions[version - 1]!);
    emit('config.assigned', { version, reader });
  }

  #finish(): void {
    this.stop();
    this.#underWay = null;
  }
}
