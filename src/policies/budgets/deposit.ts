/**
 * Every request pays a share of a retry into an account, every retry takes a whole one out, and what was paid in is
 * forgotten after a while. A reserve lets a gateway with little traffic retry too. Finagle's `RetryBudget`, and
 * Linkerd's: over `ttlMs`, retries are at most `ratio` of the requests plus `minRetriesRps` a second.
 */
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
  readonly #sliceMs: number;
  /** In payments of one request, which are whole numbers for the usual shares, so that no rounding adds up. */
  readonly #price: number;
  readonly #payment: number;
  readonly #reserve: number;
  /** What each slice of time left in the account, by the number of the slice modulo `SLICES`. */
  readonly #slices = new Float64Array(SLICES);
  #balance = 0;
  #slice = 0;
  #retries = 0;

  constructor({ ratio, ttlMs, minRetriesRps }: DepositBudgetOptions) {
    this.#sliceMs = ttlMs / SLICES;
    this.#payment = ratio > 0 ? 1 : 0;
    this.#price = ratio > 0 ? 1 / ratio : 1;
    this.#reserve = minRetriesRps * (ttlMs / 1000) * this.#price;
  }

  get retries(): number {
    return this.#retries;
  }

  firstBegan(nowMs: number): void {
    this.#add(this.#payment, nowMs);
  }

  firstEnded(): void {}

  tryBeginRetry(nowMs: number): boolean {
    this.#forget(nowMs);
    if (this.#reserve + this.#balance < this.#price) return false;
    this.#add(-this.#price, nowMs);
    this.#retries++;
    return true;
  }

  retryEnded(): void {
    this.#retries--;
  }

  #add(amount: number, nowMs: number): void {
    this.#forget(nowMs);
    this.#slices[this.#slice % SLICES]! += amount;
    this.#balance += amount;
  }

  /** Goes on to the slice of `nowMs`, and never back: what is late by a little counts for the slice of the latest. */
  #forget(nowMs: number): void {
    const slice = Math.floor(nowMs / this.#sliceMs);
    if (slice <= this.#slice) return;
    const passed = Math.min(SLICES, slice - this.#slice);
    for (let step = 0; step < passed; step++) {
      const old = (slice - step) % SLICES;
      this.#balance -= this.#slices[old]!;
      this.#slices[old] = 0;
    }
    this.#slice = slice;
  }
}
