/**
 * What a new config has to pass before it goes out, in the order in which it is asked: it is valid; it was made from the
 * version that is in force; it does not change too much at once; the config is not locked. Whoever may pass one of the
 * later ones by says why, and it is written down.
 */
import type { Clock } from '../core/clock.js';
import type { Emit } from '../core/events.js';
import { type ConfigChange, ConfigLock } from './config-lock.js';
import { type Guard, guardChange } from './guards.js';
import type { Versioned } from './version-history.js';

/** What became of a push or a rollback; the status is the one an HTTP client gets. */
export type ChangeOutcome =
  | { readonly accepted: true; readonly status: 202; readonly version: number }
  | Refusal;

export interface Refusal {
  readonly accepted: false;
  readonly status: 409 | 422 | 423;
  readonly reason: string;
}

export interface ChangeGateOptions<Config> {
  /** Who gets what passes, as events say it: `workers` or `gateway`. */
  readonly to: string;
  /** What is wrong with a config; `null` when nothing is. */
  readonly check: (config: Config) => string | null;
  readonly guards: readonly Guard<Config>[];
  readonly clock: Clock;
  readonly emit: Emit;
}

export class ChangeGate<Config> {
  readonly lock = new ConfigLock();
  readonly #options: ChangeGateOptions<Config>;

  constructor(options: ChangeGateOptions<Config>) {
    this.#options = options;
  }

  /** @returns why the config may not go out; `null` when it may. */
  admit(config: Config, change: ConfigChange, stable: Versioned<Config>): Refusal | null {
    const { check, clock, emit } = this.#options;
    const { by, approve = '', breakGlass } = change;
    const problem = check(config);
    if (problem !== null) return this.refuseInvalid(by, problem);
    const objection = this.#object(config, change, stable);
    if (objection !== null && approve === '') {
      this.lock.note({ atMs: clock.nowMs(), by, action: 'push', allowed: false, reason: objection });
      return this.refuse(409, `${objection}; to send it out all the same, approve it with a reason`);
    }
    const permission = this.lock.mayPush(change, clock.nowMs());
    if (!permission.allowed) return this.refuse(423, permission.reason);
    if (objection !== null) {
      const reason = `${approve} (although ${objection})`;
      this.lock.note({ atMs: clock.nowMs(), by, action: 'approve', allowed: true, reason });
    }
    if (permission.glassBroken) emit('config.glass-broken', { by, reason: breakGlass });
    return null;
  }

  /** Whether it would be refused now, for whoever wants to know before anything is done for it: nothing is told. */
  wouldRefuse(config: Config, change: ConfigChange, stable: Versioned<Config>): boolean {
    const { approve = '', breakGlass } = change;
    if (this.#options.check(config) !== null) return true;
    if (this.lock.locked && breakGlass === '') return true;
    return approve === '' && this.#object(config, change, stable) !== null;
  }

  /** A config that is not valid, or of which no config could be read: that somebody tried is told and written down. */
  refuseInvalid(by: string, reason: string): Refusal {
    this.lock.note({ atMs: this.#options.clock.nowMs(), by, action: 'push', allowed: false, reason });
    return this.refuse(422, reason);
  }

  refuse(status: Refusal['status'], reason: string): Refusal {
    this.#options.emit('config.refused', { status, reason });
    return { accepted: false, status, reason };
  }

  /** Nothing goes out from now on, but by breaking the glass. */
  close(by: string, reason: string): void {
    const { to, clock, emit } = this.#options;
    this.lock.lock(by, reason, clock.nowMs());
    emit('config.locked', { by, reason, to });
  }

  open(by: string): void {
    const { to, clock, emit } = this.#options;
    this.lock.unlock(by, clock.nowMs());
    emit('config.unlocked', { by, to });
  }

  /** What speaks against it, and may be approved. */
  #object(config: Config, { basedOn }: ConfigChange, stable: Versioned<Config>): string | null {
    const objections: string[] = [];
    if (basedOn !== undefined && basedOn !== stable.version) {
      objections.push(`it was made from version ${basedOn}, and version ${stable.version} is in force`);
    }
    const guarded = guardChange(this.#options.guards, stable.config, config);
    if (guarded !== null) objections.push(guarded);
    return objections.length === 0 ? null : objections.join('; ');
  }
}
