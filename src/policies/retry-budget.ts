/**
 * The retry budget: retries under way may be at most a share of the requests under way, or a small number where there
 * are few. Envoy's (`retry_budget`: 20 %, at least 3). Retries are requests under way too, so the load is at most
 * 1 / (1 − ratio) of what clients ask for: 1.25 at 20 %.
 */

export interface RetryBudgetOptions {
  /** Retries under way, of the requests under way. */
  readonly ratio: number;
  /** So many retries under way are always fine. */
  readonly minConcurrent: number;
}

export class RetryBudget {
  readonly #options: RetryBudgetOptions;
  #requests = 0;
  #retries = 0;

  constructor(options: RetryBudgetOptions) {
    this.#options = options;
  }

  get retries(): number {
    return this.#retries;
  }

  requestBegan(): void {
    this.#requests++;
  }

  requestEnded(): void {
    this.#requests--;
  }

  /** @returns whether a retry may begin; one that did must be ended. */
  beginRetry(): boolean {
    const { ratio, minConcurrent } = this.#options;
    // The retry itself is one more request under way.
    const allowed = Math.max(minConcurrent, ratio * (this.#requests + this.#retries + 1));
    if (this.#retries + 1 > allowed) return false;
    this.#retries++;
    return true;
  }

  endRetry(): void {
    this.#retries--;
  }
}
