/**
 * gRPC's retry throttling (proposal A6): tokens, full at first; an attempt that fails takes one, one that succeeds
 * gives a tenth of one back, and while no more than half of them are left there are no retries. Only successes fill it,
 * so in an outage there are a few retries and then none, whatever the load.
 */
import type { Outcome } from '../outcome.js';
import { TokenLedger } from './token-ledger.js';

export interface ThrottleBudgetOptions {
  /** Tokens at first and at most. */
  readonly maxTokens: number;
  /** Tokens for an attempt that succeeded. */
  readonly tokenRatio: number;
}

/** The example of A6. */
export const THROTTLE_BUDGET_DEFAULTS: ThrottleBudgetOptions = { maxTokens: 10, tokenRatio: 0.1 };

export class ThrottleBudget extends TokenLedger {
  constructor({ maxTokens, tokenRatio }: ThrottleBudgetOptions) {
    super(maxTokens, tokenRatio);
  }

  firstEnded(outcome: Outcome): void {
    if (outcome === 'success') this.refund();
    else if (outcome === 'failure') this.take();
  }

  tryBeginRetry(): boolean {
    return this.leftRatio > 0.5 && this.beginRetry();
  }

  shortage(): string {
    return `${this.leftText}, and there are none without more than half of them`;
  }
}
