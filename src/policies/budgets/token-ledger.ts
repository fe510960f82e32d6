/** What the two budgets that successes fill have in common: tokens, full at first, of which a success gives some back. */
import type { Outcome } from '../outcome.js';
import type { RetryBudget } from './retry-budget.js';

/** Tokens are counted in thousandths, as gRPC does: ten times 0.1 is then 1. */
const WHOLE = 1000;

export abstract class TokenLedger implements RetryBudget {
  readonly #max: number;
  readonly #refund: number;
  #left: number;
  #retries = 0;

  /**
   * @param max tokens at first and at most.
   * @param refund tokens for an attempt that succeeded.
   */
  constructor(max: number, refund: number) {
    this.#max = max * WHOLE;
    this.#refund = Math.round(refund * WHOLE);
    this.#left = this.#max;
  }

  get retries(): number {
    return this.#retries;
  }

  get tokens(): number {
    return this.#left / WHOLE;
  }

  /** Such as `0.9 of 100 tokens are left`. */
  protected get leftText(): string {
    return `${Number(this.tokens.toFixed(1))} of ${this.#max / WHOLE} tokens are left`;
  }

  /** How much of it is left, from 0 to 1. */
  protected get leftRatio(): number {
    return this.#left / this.#max;
  }

  firstBegan(): void {}

  abstract firstEnded(outcome: Outcome): void;

  abstract tryBeginRetry(): boolean;

  abstract shortage(): string;

  retryEnded(outcome: Outcome): void {
    this.#retries--;
    this.firstEnded(outcome);
  }

  protected refund(): void {
    this.#left = Math.min(this.#max, this.#left + this.#refund);
  }

  /** Takes a token, or what is left of one. */
  protected take(): void {
    this.#left = Math.max(0, this.#left - WHOLE);
  }

  protected beginRetry(): true {
    this.#retries++;
    return true;
  }
}
