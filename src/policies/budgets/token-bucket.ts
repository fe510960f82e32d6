/**
 * A retry costs a token, an attempt that succeeds earns a tenth of one: the adaptive retries of the AWS SDKs, as Brooker
 * describes them ("Fixing retries with token buckets and circuit breakers", 2022). Below ten percent of failures it
 * never runs dry; when everything fails, the retries end with what was saved.
 */
import type { Outcome } from '../outcome.js';
import type { RetryBudget } from './retry-budget.js';

export interface TokenBucketBudgetOptions {
  /** Tokens at first and at most: retries in a row that no success pays for. */
  readonly capacity: number;
  /** Tokens for an attempt that succeeded. */
  readonly refundRatio: number;
}

/** Brooker's tenth, and the hundred retries that the AWS SDKs save up (500 tokens at 5 a retry). */
export const TOKEN_BUCKET_BUDGET_DEFAULTS: TokenBucketBudgetOptions = { capacity: 100, refundRatio: 0.1 };

/** Tokens are counted in thousandths: ten times 0.1 is then 1. */
const WHOLE = 1000;

export class TokenBucketBudget implements RetryBudget {
  readonly #max: number;
  readonly #refund: number;
  #tokens: number;
  #retries = 0;

  constructor({ capacity, refundRatio }: TokenBucketBudgetOptions) {
    this.#max = capacity * WHOLE;
    this.#refund = Math.round(refundRatio * WHOLE);
    this.#tokens = this.#max;
  }

  get retries(): number {
    return this.#retries;
  }

  get tokens(): number {
    return this.#tokens / WHOLE;
  }

  firstBegan(): void {}

  firstEnded(outcome: Outcome): void {
    if (outcome === 'success') this.#tokens = Math.min(this.#max, this.#tokens + this.#refund);
  }

  tryBeginRetry(): boolean {
    if (this.#tokens < WHOLE) return false;
    this.#tokens -= WHOLE;
    this.#retries++;
    return true;
  }

  retryEnded(outcome: Outcome): void {
    this.#retries--;
    this.firstEnded(outcome);
  }
}
