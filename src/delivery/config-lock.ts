/**
 * The config lock: while it is on, no new config goes out. Rolling back stays possible, because a lock that keeps a bad
 * config in place would be worse than none; and there is a way through it for an emergency, the breaking of glass, which
 * needs a reason. Every decision is written down with who, what, when and why.
 */

export interface AuditLine {
  readonly atMs: number;
  readonly by: string;
  readonly action: 'push' | 'approve' | 'rollback' | 'lock' | 'unlock';
  readonly allowed: boolean;
  readonly reason: string;
}

export interface ConfigChange {
  readonly by: string;
  /** Why the lock is to be passed by; empty: it is not. */
  readonly breakGlass: string;
  /** The version the config was made from; left out: whichever is in force. */
  readonly basedOn?: number;
  /** Why it is to go out although a guard, or the version it was made from, speaks against it. */
  readonly approve?: string;
}

export type Permission =
  | { readonly allowed: true; readonly glassBroken: boolean }
  | { readonly allowed: false; readonly reason: string };

/** Audit lines kept; the oldest go first. A year of a few changes a day fits. */
export const MAX_AUDIT_LINES = 1_000;

export class ConfigLock {
  #lockedBy: { readonly by: string; readonly reason: string } | null = null;
  readonly #audit: AuditLine[] = [];

  get locked(): boolean {
    return this.#lockedBy !== null;
  }

  /** What was asked for and what was decided, the oldest first. */
  get audit(): readonly AuditLine[] {
    return this.#audit;
  }

  lock(by: string, reason: string, nowMs: number): void {
    this.#lockedBy = { by, reason };
    this.note({ atMs: nowMs, by, action: 'lock', allowed: true, reason });
  }

  unlock(by: string, nowMs: number): void {
    this.#lockedBy = null;
    this.note({ atMs: nowMs, by, action: 'unlock', allowed: true, reason: '' });
  }

  /** Whether a new config may go out. */
  mayPush(change: ConfigChange, nowMs: number): Permission {
    const { by, breakGlass } = change;
    if (this.#lockedBy === null || breakGlass !== '') {
      this.note({ atMs: nowMs, by, action: 'push', allowed: true, reason: breakGlass });
      return { allowed: true, glassBroken: this.#lockedBy !== null };
    }
    const reason = `the config is locked by ${this.#lockedBy.by}: ${this.#lockedBy.reason}`;
    this.note({ atMs: nowMs, by, action: 'push', allowed: false, reason });
    return { allowed: false, reason };
  }

  /** A rollback is always allowed, and written down all the same. */
  noteRollback(by: string, nowMs: number): void {
    this.note({ atMs: nowMs, by, action: 'rollback', allowed: true, reason: '' });
  }

  /** Writes down what was asked for and decided elsewhere. */
  note(line: AuditLine): void {
    this.#audit.push(line);
    if (this.#audit.length > MAX_AUDIT_LINES) this.#audit.shift();
  }
}
