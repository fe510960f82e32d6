/**
 * Every request pays a share of a retry into an account, every retry takes a whole one out, and what was paid in is
 * forgotten after a while. A reserve lets a gateway with little traffic retry too. Finagle's `RetryBudget`, and
 * Linkerd's: over `ttlMs`, retries are at most `ratio` of the requests plus `minRetriesRps` a second.
 */
import { RollingWindow } from '../../core/rolling-window.js';
import { formatDuration, formatRatio } from '../../core/units.js';
import type { RetryBudget } from './retry-budget.js';

export interface DepositBudgetOptions {
  /** Retries for each request, from 0 to 1. */
  readonly ratio: number;
  /** How long a payment counts. */
  readonly ttlMs: number;
  /** Retries a second that are always fine, saved up over `ttlMs`. */
  readonly minRetriesRps: number;
}

/** Finagle's and Linkerd's. */
export const DEPOSIT_BUDGET_DEFAULTS: DepositBudgetOptions = { ratio: 0.2, ttlMs: 10_000, minRetriesRps: 10 };

/** Payments are forgotten in slices of `ttlMs`, Finagle's ten: each counts for nine tenths of it at least. */
const SLICES = 10;

export class DepositBudget implements RetryBudget {
  readonly #options: DepositBudgetOptions;
  /** In payments of one request, which are whole numbers for the usual shares, so that no rounding adds up. */
  readonly #price: number;
  readonly #payment: number;
  readonly #reserve: number;
  readonly #account: RollingWindow;
  #retries = 0;

  constructor(options: DepositBudgetOptions) {
    const { ratio, ttlMs, minRetriesRps } = options;
    this.#options = options;
    this.#account = new RollingWindow(ttlMs, SLICES);
    this.#payment = ratio > 0 ? 1 : 0;
    this.#price = ratio > 0 ? 1 / ratio : 1;
    this.#reserve = minRetriesRps * (ttlMs / 1000) * this.#price;
  }

  get retries(): number {
    return this.#retries;
  }

  firstBegan(nowMs: number): void {
    this.#account.add(this.#payment, nowMs);
  }

  firstEnded(): void {}

  tryBeginRetry(nowMs: number): boolean {
    if (this.#savedAt(nowMs) < this.#price) return false;
    this.#account.add(-this.#price, nowMs);
    this.#retries++;
    return true;
  }

  shortage(nowMs: number): string {
    const { ratio, ttlMs, minRetriesRps } = this.#options;
    const left = Math.max(0, this.#savedAt(nowMs) / this.#price).toFixed(1);
    return `${left} of one is left of the last ${formatDuration(ttlMs)}, which allow ${formatRatio(ratio)} of their requests and ${minRetriesRps}/s`;
  }

  retryEnded(): void {
    this.#retries--;
  }

  #savedAt(nowMs: number): number {
    return this.#reserve + this.#account.sumAt(nowMs);
  }
}
