/**
 * gRPC's retry throttling (proposal A6): tokens, full at first; an attempt that fails takes one, one that succeeds
 * gives a tenth of one back, and while no more than half of them are left there are no retries. Only successes fill it,
 * so in an outage there are a few retries and then none, whatever the load.
 */
import type { Outcome } from '../outcome.js';
import type { RetryBudget } from './retry-budget.js';

export interface ThrottleBudgetOptions {
  /** Tokens at first and at most. */
  readonly maxTokens: number;
  /** Tokens for an attempt that succeeded. */
  readonly tokenRatio: number;
}

/** The example of A6. */
export const THROTTLE_BUDGET_DEFAULTS: ThrottleBudgetOptions = { maxTokens: 10, tokenRatio: 0.1 };

/** Tokens are counted in thousandths, as gRPC does: ten times 0.1 is then 1. */
const WHOLE = 1000;

export class ThrottleBudget implements RetryBudget {
  readonly #max: number;
  readonly #refund: number;
  #tokens: number;
  #retries = 0;

  constructor({ maxTokens, tokenRatio }: ThrottleBudgetOptions) {
    this.#max = maxTokens * WHOLE;
    this.#refund = Math.round(tokenRatio * WHOLE);
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
    else if (outcome === 'failure') this.#tokens = Math.max(0, this.#tokens - WHOLE);
  }

  tryBeginRetry(): boolean {
    if (this.#tokens <= this.#max / 2) return false;
    this.#retries++;
    return true;
  }

  retryEnded(outcome: Outcome): void {
    this.#retries--;
    this.firstEnded(outcome);
  }
}
