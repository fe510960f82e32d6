/**
 * A retry costs a token, an attempt that succeeds earns a tenth of one: the adaptive retries of the AWS SDKs, as Brooker
 * describes them ("Fixing retries with token buckets and circuit breakers", 2022). Below ten percent of failures it
 * never runs dry; when everything fails, the retries end with what was saved.
 */
import type { Outcome } from '../outcome.js';
import { TokenLedger } from './token-ledger.js';

export interface TokenBucketBudgetOptions {
  /** Tokens at first and at most: retries in a row that no success pays for. */
  readonly capacity: number;
  /** Tokens for an attempt that succeeded. */
  readonly refundRatio: number;
}

/** Brooker's tenth, and the hundred retries that the AWS SDKs save up (500 tokens at 5 a retry). */
export const TOKEN_BUCKET_BUDGET_DEFAULTS: TokenBucketBudgetOptions = { capacity: 100, refundRatio: 0.1 };

export class TokenBucketBudget extends TokenLedger {
  constructor({ capacity, refundRatio }: TokenBucketBudgetOptions) {
    super(capacity, refundRatio);
  }

  firstEnded(outcome: Outcome): void {
    if (outcome === 'success') this.refund();
  }

  tryBeginRetry(): boolean {
    if (this.tokens < 1) return false;
    this.take();
    return this.beginRetry();
  }

  shortage(): string {
    return `${this.leftText}, and each takes one`;
  }
}
