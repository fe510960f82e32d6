/** No budget: every retry may begin. What a retry storm is made of, and what the others are measured against. */
import type { RetryBudget } from './retry-budget.js';

export class UnlimitedBudget implements RetryBudget {
  #retries = 0;

  get retries(): number {
    return this.#retries;
  }

  firstBegan(): void {}

  firstEnded(): void {}

  tryBeginRetry(): boolean {
    this.#retries++;
    return true;
  }

  /** Never asked: there is always one more. */
  shortage(): string {
    return 'there is no limit';
  }

  retryEnded(): void {
    this.#retries--;
  }
}
