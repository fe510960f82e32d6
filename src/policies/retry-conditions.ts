/**
 * What counts as a failure that another attempt may mend, by cause and by status. The names are the field's: those of
 * Envoy's `retry_on` where it has one, and of nginx's and HAProxy's lists where it has not.
 *
 * As in Envoy, `gateway-error` and `5xx` stand for an upstream without an answer too: a client would get a 502 or 504
 * for it. A passed deadline, a client that left and a request that the gateway shed are in no condition: nobody waits
 * for another attempt, or it would undo what shedding was for.
 */
import { causeOf, type ErrorCode, GatewayError } from '../core/errors.js';
import type { ProxyResponse } from './service.js';

interface Condition {
  readonly codes: readonly ErrorCode[];
  readonly statuses: readonly number[];
}

/** Nothing was sent: there was no connection to send it on. */
const NO_CONNECTION = [
  'BGW_ERR_CONNECTION_REFUSED',
  'BGW_ERR_CONNECT_TIMEOUT',
  'BGW_ERR_DNS',
  'BGW_ERR_TLS_CERTIFICATE_ERROR',
] as const satisfies readonly ErrorCode[];

/** Nothing was sent: a policy of ours would not. */
const OWN_REFUSALS = [
  'BGW_ERR_CONNECTION_LIMIT',
  'BGW_ERR_CONCURRENCY_LIMIT',
  'BGW_ERR_QUEUE_FULL',
  'BGW_ERR_QUEUE_TIMEOUT',
  'BGW_ERR_CIRCUIT_OPEN',
  'BGW_ERR_NO_UPSTREAM',
] as const satisfies readonly ErrorCode[];

const NO_ANSWER: readonly ErrorCode[] = [
  ...NO_CONNECTION,
  'BGW_ERR_CONNECTION_RESET',
  'BGW_ERR_CONNECTION_CLOSED',
  'BGW_ERR_RESPONSE_TIMEOUT',
  'BGW_ERR_PROTOCOL',
  // After the handshake too, so that something may have been sent.
  'BGW_ERR_TLS_PROTOCOL_ERROR',
];

const from = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

export const RETRY_CONDITIONS = {
  /** No connection: refused, not accepted in time, no address, no trust in the certificate. */
  'connect-failure': { codes: NO_CONNECTION, statuses: [] },
  /** Reset or closed before the response's headers. */
  reset: { codes: ['BGW_ERR_CONNECTION_RESET', 'BGW_ERR_CONNECTION_CLOSED'], statuses: [] },
  /** The attempt's time was over (Envoy's per-try timeout). */
  timeout: { codes: ['BGW_ERR_RESPONSE_TIMEOUT'], statuses: [] },
  /** Not valid HTTP (nginx: `invalid_header`, HAProxy: `junk-response`). */
  'protocol-error': { codes: ['BGW_ERR_PROTOCOL'], statuses: [] },
  /** The upstream says that what is behind it failed, or gives no answer at all. */
  'gateway-error': { codes: NO_ANSWER, statuses: [502, 503, 504] },
  /** Any failure of the upstream's, headers that are too large included: they may be smaller elsewhere. */
  '5xx': { codes: [...NO_ANSWER, 'BGW_ERR_HEADERS_TOO_LARGE'], statuses: from(500, 599) },
  /** 409: a conflict that may be over by now. */
  'retriable-4xx': { codes: [], statuses: [409] },
  /** The upstream's own 429. Ours is given at the door, long before. */
  'rate-limited': { codes: [], statuses: [429] },
  /** The gateway's own limits, open circuits and want of an upstream. */
  refused: { codes: OWN_REFUSALS, statuses: [] },
} as const satisfies Record<string, Condition>;

export type RetryCondition = keyof typeof RETRY_CONDITIONS;

/** What another attempt, elsewhere or a moment later, need not meet. */
export const DEFAULT_RETRY_CONDITIONS: readonly RetryCondition[] = [
  'connect-failure',
  'reset',
  'timeout',
  'protocol-error',
  'gateway-error',
  'refused',
];

const STATUS_CAUSE = 'status_';

/** Whether an upstream answered, and its status is why. */
export const isStatusCause = (cause: string): boolean => cause.startsWith(STATUS_CAUSE);

/** Why the result of an attempt calls for another; `null` when it does not. */
export type RetryCause = (result: ProxyResponse | GatewayError) => string | null;

/**
 * Made once, so that asking is a look into a table.
 * @param statuses more statuses of the upstream, each from 200 to 599.
 * @throws RangeError for another status.
 */
export const compileConditions = (
  conditions: readonly RetryCondition[],
  statuses: readonly number[] = [],
): RetryCause => {
  const causes = new Map<ErrorCode, string>();
  const statusCauses: (string | null)[] = Array.from({ length: 600 }, () => null);
  const addStatus = (status: number): void => {
    statusCauses[status] = `${STATUS_CAUSE}${status}`;
  };
  for (const name of conditions) {
    const condition: Condition = RETRY_CONDITIONS[name];
    for (const code of condition.codes) causes.set(code, causeOf(code));
    condition.statuses.forEach(addStatus);
  }
  for (const status of statuses) {
    if (!Number.isInteger(status) || status < 200 || status > 599) {
      throw new RangeError(`a status to retry is from 200 to 599, got ${status}`);
    }
    addStatus(status);
  }
  return (result) =>
    (result instanceof GatewayError ? causes.get(result.code) : statusCauses[result.statusCode]) ?? null;
};

const NEVER_SENT: ReadonlySet<ErrorCode> = new Set<ErrorCode>([...NO_CONNECTION, ...OWN_REFUSALS]);

/** System calls of a connection that stood: the request may have been read. */
const AFTER_CONNECTING: ReadonlySet<string | undefined> = new Set(['read', 'write', 'writev']);

/**
 * Whether an attempt failed before a byte of the request was sent. RFC 9110 section 9.2.2 forbids a proxy to repeat a
 * request that is not idempotent; one that was never sent is not repeated, only sent.
 */
export const wasNeverSent = (result: ProxyResponse | GatewayError): boolean => {
  if (!(result instanceof GatewayError) || !NEVER_SENT.has(result.code)) return false;
  // ETIMEDOUT and EHOSTUNREACH can also end a connection that has carried the request.
  const cause = result.cause as NodeJS.ErrnoException | undefined;
  return !AFTER_CONNECTING.has(cause?.syscall);
};
