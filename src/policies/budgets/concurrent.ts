/**
 * Retries under way may be at most a share of all attempts under way, or a small number where there are few. Envoy's
 * (`retry_budget`). Retries are attempts too, so the load is at most 1 / (1 − ratio) of what clients ask for: 1.25 at
 * 20 %. A request whose first attempt has failed counts no more, only its retry does; counted for as long as its client
 * waits, it would count twice, and make it 1.33.
 */
import { formatRatio } from '../../core/units.js';
import type { RetryBudget } from './retry-budget.js';

export interface ConcurrentBudgetOptions {
  /** Retries under way, of the attempts under way; below 1. */
  readonly ratio: number;
  /** So many retries under way are always fine. */
  readonly minConcurrent: number;
}

/** Envoy's. */
export const CONCURRENT_BUDGET_DEFAULTS: ConcurrentBudgetOptions = { ratio: 0.2, minConcurrent: 3 };

export class ConcurrentBudget implements RetryBudget {
  readonly #options: ConcurrentBudgetOptions;
  #firsts = 0;
  #retries = 0;

  constructor(options: ConcurrentBudgetOptions) {
    this.#options = options;
  }

  get retries(): number {
    return this.#retries;
  }

  firstBegan(): void {
    this.#firsts++;
  }

  firstEnded(): void {
    this.#firsts--;
  }

  tryBeginRetry(): boolean {
    if (this.#retries + 1 > this.#allowed) return false;
    this.#retries++;
    return true;
  }

  shortage(): string {
    const { ratio, minConcurrent } = this.#options;
    const most = Math.floor(this.#allowed);
    const others = this.#firsts + this.#retries;
    return `${this.#retries} under way beside ${this.#firsts} first attempts, and ${most} may be: ${formatRatio(ratio)} of ${others + 1}, at least ${minConcurrent}`;
  }

  get #allowed(): number {
    const { ratio, minConcurrent } = this.#options;
    // The retry itself is one more attempt under way.
    return Math.max(minConcurrent, ratio * (this.#firsts + this.#retries + 1));
  }

  retryEnded(): void {
    this.#retries--;
  }
}
