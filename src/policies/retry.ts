/**
 * Retries: another attempt, above the balancer and so on another upstream where there is one, when the first failed in
 * a way that another may not (`retry-conditions.ts`), when sending the request again does no harm (`replay.ts`), when
 * the budget allows it (`budgets/`), and when the wait before it (`backoff.ts`, `retry-after.ts`) ends before the
 * request's deadline.
 */
import type { Clock } from '../core/clock.js';
import { GatewayError } from '../core/errors.js';
import type { Random } from '../core/random.js';
import { formatDuration } from '../core/units.js';
import { type BackoffOptions, backoffMs } from './backoff.js';
import { budgetOutcome, type RetryBudget } from './budgets/retry-budget.js';
import type { Outcome } from './outcome.js';
import { maySendAgain, whyNotAgain } from './replay.js';
import { type RetryAfterOptions, retryAfterMs, spreadRetryAfterMs } from './retry-after.js';
import { compileConditions, type RetryCause, type RetryCondition } from './retry-conditions.js';
import type { Call, Layer, ProxyRequest, ProxyResponse, Service } from './service.js';

export interface RetryOptions {
  /** Attempts in all, the first included. */
  readonly attempts: number;
  readonly conditions: readonly RetryCondition[];
  /** Statuses of the upstream that call for a retry, besides those of the conditions. */
  readonly statuses: readonly number[];
  readonly backoff: BackoffOptions;
  /** `null`: what an upstream asks for in `Retry-After` is not looked at; another upstream may be fine at once. */
  readonly retryAfter: RetryAfterOptions | null;
}

/**
 * Why a retry that was due did not come: the budget was spent, the wait before it would have been too long, sending the
 * request again might do harm, or it has been sent as often as it may be.
 */
export type RetryRefusal = 'budget' | 'deadline' | 'retry-after' | 'not-repeatable' | 'attempts';

interface Refused {
  readonly reason: RetryRefusal;
  /** On which numbers. */
  readonly detail: string;
}

export interface RetryParts {
  readonly options: RetryOptions;
  readonly budget: RetryBudget;
  readonly clock: Clock;
  readonly random: Random;
  /** Called before the wait. */
  readonly onRetry: (call: Call, cause: string, waitMs: number) => void;
  /** @param detail on which numbers. */
  readonly onRefused: (call: Call, cause: string, reason: RetryRefusal, detail: string) => void;
}

type Result = ProxyResponse | GatewayError;

/** What no policy rejects with is a defect of ours, and is neither retried nor hidden. */
const asFailure = (error: unknown): GatewayError => {
  if (error instanceof GatewayError) return error;
  throw error;
};

/** Almost every request needs one attempt: it takes a path without a coroutine, and so without what one keeps alive. */
export const retry = (parts: RetryParts): Layer => {
  const { budget, options } = parts;
  const causeOf = compileConditions(options.conditions, options.statuses);
  return (next) => (request, call) => {
    const judge = (result: Result): ProxyResponse | Promise<ProxyResponse> => {
      const cause = causeOf(result);
      budget.firstEnded(budgetOutcome(result, cause));
      if (cause !== null) return tryAgain({ ...parts, causeOf, next, request, call }, result, cause);
      if (result instanceof GatewayError) throw result;
      return result;
    };
    budget.firstBegan(call.startedMs);
    return next(request, call).then(judge, (error) => {
      if (error instanceof GatewayError) return judge(error);
      budget.firstEnded('ignored');
      throw error;
    });
  };
};

interface FailedRequest extends RetryParts {
  readonly causeOf: RetryCause;
  readonly next: Service;
  readonly request: ProxyRequest;
  readonly call: Call;
}

const tryAgain = async (
  failed: FailedRequest,
  firstResult: Result,
  firstCause: string,
): Promise<ProxyResponse> => {
  const { budget, causeOf, next, request, call } = failed;
  let result = firstResult;
  let cause: string | null = firstCause;
  let waitMs = 0;
  for (let retry = 1; cause !== null && call.cancelled === undefined; retry++) {
    const admitted = admit(failed, result, retry, waitMs);
    if (typeof admitted !== 'number') {
      failed.onRefused(call, cause, admitted.reason, admitted.detail);
      break;
    }
    waitMs = admitted;
    let outcome: Outcome = 'ignored';
    try {
      // What the upstream had to say is not wanted any more, and must not hold its connection.
      if (!(result instanceof GatewayError)) result.destroy(null);
      failed.onRetry(call, cause, waitMs);
      await waitFor(failed.clock, call, waitMs);
      result = await next(request, call).catch(asFailure);
      cause = causeOf(result);
      outcome = budgetOutcome(result, cause);
    } finally {
      budget.retryEnded(outcome);
    }
  }
  if (result instanceof GatewayError) throw result;
  return result;
};

/**
 * Takes a retry out of the budget, last of all: one that is refused for its wait must not cost anything.
 * @returns the wait before it, or why it may not be.
 */
const admit = (
  { options, budget, clock, random, request, call }: FailedRequest,
  result: Result,
  retry: number,
  previousMs: number,
): number | Refused => {
  const { attempts } = options;
  if (retry >= attempts) return { reason: 'attempts', detail: `${attempts} are all there may be` };
  if (!maySendAgain(request, result)) return { reason: 'not-repeatable', detail: whyNotAgain(request) };
  const nowMs = clock.nowMs();
  let waitMs = backoffMs(options.backoff, retry, previousMs, random);
  if (options.retryAfter !== null && !(result instanceof GatewayError)) {
    const askedMs = retryAfterMs(result.headers, nowMs);
    if (askedMs !== null) {
      const { maxMs } = options.retryAfter;
      if (askedMs > maxMs) {
        const detail = `${formatDuration(askedMs)} asked for, ${formatDuration(maxMs)} at most are waited`;
        return { reason: 'retry-after', detail };
      }
      waitMs = Math.max(waitMs, spreadRetryAfterMs(askedMs, random));
    }
  }
  // A client that has to hear of a failure should hear of it now, and not at its deadline.
  if (nowMs + waitMs >= call.deadlineMs) {
    const leftMs = Math.max(0, call.deadlineMs - nowMs);
    const detail = `${formatDuration(leftMs)} left, and the wait before it is ${formatDuration(waitMs)}`;
    return { reason: 'deadline', detail };
  }
  return budget.tryBeginRetry(nowMs) ? waitMs : { reason: 'budget', detail: budget.shortage(nowMs) };
};

/** Rejects at once when the call is cancelled, and leaves no timer behind. */
const waitFor = (clock: Clock, call: Call, delayMs: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = clock.after(delayMs, resolve);
    call.onCancel((error) => {
      timer.cancel();
      reject(error);
    });
  });
