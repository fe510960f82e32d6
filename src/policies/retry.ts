/**
 * Retries: another attempt, above the balancer and so on another upstream where there is one, when the first failed in
 * a way that another may not, and when sending the request twice does no harm.
 *
 * Waits are exponential with full jitter (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015):
 * uniform between 0 and `min(maxMs, baseMs · 2^(n−1))`.
 */
import { type Clock, sleep } from '../core/clock.js';
import { causeOf, type ErrorCode, GatewayError } from '../core/errors.js';
import type { Random } from '../core/random.js';
import type { RetryBudget } from './retry-budget.js';
import type { Call, Layer, ProxyRequest, ProxyResponse, Service } from './service.js';

export interface RetryOptions {
  /** Attempts in all, the first included. */
  readonly attempts: number;
  readonly baseMs: number;
  readonly maxMs: number;
}

/** Methods that may be sent twice (RFC 9110 section 9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

/** Failures that another attempt, elsewhere or a moment later, need not meet. A passed deadline is none of them. */
const RETRIED_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'BGW_ERR_CONNECTION_REFUSED',
  'BGW_ERR_CONNECTION_RESET',
  'BGW_ERR_CONNECTION_CLOSED',
  'BGW_ERR_CONNECT_TIMEOUT',
  'BGW_ERR_RESPONSE_TIMEOUT',
  'BGW_ERR_PROTOCOL',
  'BGW_ERR_DNS',
  'BGW_ERR_CONNECTION_LIMIT',
  'BGW_ERR_CONCURRENCY_LIMIT',
  'BGW_ERR_QUEUE_FULL',
  'BGW_ERR_QUEUE_TIMEOUT',
  'BGW_ERR_CIRCUIT_OPEN',
  'BGW_ERR_NO_UPSTREAM',
]);

/** An upstream's own answers that say as much: Envoy's `gateway-error`. */
const RETRIED_STATUSES = new Set([502, 503, 504]);

/** Why the result of an attempt calls for another; `null` when it does not. */
export const retryCause = (result: ProxyResponse | GatewayError): string | null => {
  if (result instanceof GatewayError) return RETRIED_CODES.has(result.code) ? causeOf(result.code) : null;
  return RETRIED_STATUSES.has(result.statusCode) ? `status_${result.statusCode}` : null;
};

/** Whether the request can be sent twice, and without harm. */
export const isReplayable = (request: ProxyRequest): boolean =>
  IDEMPOTENT.has(request.method) && (request.body === null || request.body instanceof Uint8Array);

/** The longest wait before attempt `attempt` (2 for the first retry). */
export const maxBackoffMs = (
  { baseMs, maxMs }: Pick<RetryOptions, 'baseMs' | 'maxMs'>,
  attempt: number,
): number => Math.min(maxMs, baseMs * 2 ** (attempt - 2));

export interface RetryParts {
  readonly options: RetryOptions;
  readonly budget: RetryBudget;
  readonly clock: Clock;
  readonly random: Random;
  readonly onRetry: (call: Call, cause: string) => void;
  /** A retry was due, and the budget was spent. */
  readonly onBudgetSpent: (call: Call, cause: string) => void;
}

/** What no policy rejects with is a defect of ours, and is neither retried nor hidden. */
const asFailure = (error: unknown): GatewayError => {
  if (error instanceof GatewayError) return error;
  throw error;
};

/** Almost every request needs one attempt: it takes a path without a coroutine, and so without what one keeps alive. */
export const retry = (parts: RetryParts): Layer => {
  const { budget } = parts;
  return (next) => (request, call) => {
    const judge = (result: ProxyResponse | GatewayError): ProxyResponse | Promise<ProxyResponse> => {
      if (retryCause(result) !== null) return tryAgain(parts, next, { request, call, result });
      budget.requestEnded();
      if (result instanceof GatewayError) throw result;
      return result;
    };
    budget.requestBegan();
    return next(request, call).then(judge, (error) => {
      if (error instanceof GatewayError) return judge(error);
      budget.requestEnded();
      throw error;
    });
  };
};

interface FailedRequest {
  readonly request: ProxyRequest;
  readonly call: Call;
  /** Of the first attempt. */
  readonly result: ProxyResponse | GatewayError;
}

const tryAgain = async (
  parts: RetryParts,
  next: Service,
  { request, call, result: first }: FailedRequest,
): Promise<ProxyResponse> => {
  const { options, budget, clock, random } = parts;
  let result = first;
  try {
    for (let attempt = 2; attempt <= options.attempts; attempt++) {
      const cause = retryCause(result);
      if (cause === null || call.cancelled !== undefined || !isReplayable(request)) break;
      if (!budget.beginRetry()) {
        parts.onBudgetSpent(call, cause);
        break;
      }
      try {
        // What the upstream had to say is not wanted any more, and must not hold its connection.
        if (!(result instanceof GatewayError)) result.destroy(null);
        parts.onRetry(call, cause);
        await sleep(clock, random.next() * maxBackoffMs(options, attempt));
        if (call.cancelled !== undefined) throw call.cancelled;
        result = await next(request, call).catch(asFailure);
      } finally {
        budget.endRetry();
      }
    }
    if (result instanceof GatewayError) throw result;
    return result;
  } finally {
    budget.requestEnded();
  }
};

/** Bodies up to this size are kept, so that they can be sent again; larger ones are streamed once (Linkerd's limit). */
export const REPLAY_BODY_BYTES = 64 * 1024;

/** Reads a small body of an idempotent request into memory, so that `isReplayable` holds for it. */
export const bufferSmallBodies: Layer = (next) => (request, call) => {
  const length = Number(request.headers['content-length']);
  const { body } = request;
  const small = length <= REPLAY_BODY_BYTES;
  if (body === null || body instanceof Uint8Array || !small || !IDEMPOTENT.has(request.method)) {
    return next(request, call);
  }
  return readAll(body, call).then((whole) => next({ ...request, body: whole }, call));
};

const readAll = (body: NodeJS.ReadableStream, call: Call): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    call.onCancel(reject);
    body.on('data', (chunk: Buffer) => chunks.push(chunk));
    body.on('end', () => resolve(Buffer.concat(chunks)));
    body.on('error', () => reject(new GatewayError('BGW_ERR_CLIENT_LEFT')));
  });
