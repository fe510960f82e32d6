/**
 * What bounds retries, and hedges, when everything fails. A budget decides and knows neither time nor timers; who
 * enforces it tells it of every attempt, first ones and others, and each that began it ends once.
 *
 * The great difference is what fills it. One that *requests* fill (`concurrent`, `deposit`) goes on adding its share of
 * load for as long as clients ask; one that *successes* fill (`throttle`, `token-bucket`) runs dry in an outage, and the
 * retries with it. Whether an overload ends when its cause does may hang on that.
 */
import { GatewayError } from '../../core/errors.js';
import { type Outcome, outcomeOfError, outcomeOfStatus } from '../outcome.js';
import type { ProxyResponse } from '../service.js';

export interface RetryBudget {
  /** Retries, or hedges, under way: in their wait or sent. */
  readonly retries: number;
  /** A request's first attempt begins. @param nowMs may be a little behind what another call said. */
  firstBegan(nowMs: number): void;
  firstEnded(outcome: Outcome): void;
  /** @returns whether a retry may begin; one that does is under way until `retryEnded`. */
  tryBeginRetry(nowMs: number): boolean;
  /** Why none may begin, on which numbers; to be asked when `tryBeginRetry` has said no. */
  shortage(nowMs: number): string;
  retryEnded(outcome: Outcome): void;
}

/** How an attempt ended for its budget: whatever calls for a retry is a failure, a 429 and our own refusals too. */
export const budgetOutcome = (result: ProxyResponse | GatewayError, cause: string | null): Outcome => {
  if (cause !== null) return 'failure';
  return result instanceof GatewayError ? outcomeOfError(result) : outcomeOfStatus(result.statusCode);
};
