/** `retry`, `timeouts`, `deadlineHeader` and `hedge`: how long and how often. */
import { type RetryConfig, resolveRetry } from '../../../gateway/config/retries.js';
import type { GatewayConfig } from '../../../gateway/config.js';
import type { RetryCondition } from '../../../policies/retry-conditions.js';
import type { Loss } from '../target.js';
import { bufferBytes } from './frontend.js';
import type { Backend } from './layout.js';
import { queueMs, queueOf } from './limits.js';
import { count, lost, missing, otherwise, time, unasked, wholeMs } from './words.js';

const NO_ANSWER = ['conn-failure', 'empty-response', 'junk-response', 'response-timeout'] as const;

/** What HAProxy calls a condition; statuses among them. */
const KEYWORDS: Readonly<Record<RetryCondition, readonly string[]>> = {
  'connect-failure': ['conn-failure'],
  // A response that breaks off within its header is junk to it.
  reset: ['empty-response', 'junk-response'],
  timeout: ['response-timeout'],
  'protocol-error': ['junk-response'],
  'gateway-error': [...NO_ANSWER, '502', '503', '504'],
  '5xx': [...NO_ANSWER, '500', '501', '502', '503', '504'],
  'retriable-4xx': [],
  'rate-limited': [],
  // Another server is chosen without an attempt when one is full.
  refused: [],
};

/** Statuses that `retry-on` takes (configuration manual 2.6). */
const STATUSES: ReadonlySet<number> = new Set([401, 403, 404, 408, 425, 500, 501, 502, 503, 504]);

const IDEMPOTENT = 'method GET HEAD OPTIONS TRACE PUT DELETE';

const keywordsOf = ({ conditions, statuses }: RetryConfig): string[] => [
  ...new Set([
    ...conditions.flatMap((condition) => KEYWORDS[condition]),
    ...statuses.filter((status) => STATUSES.has(status)).map(String),
  ]),
];

export const retryLines = ({ retry }: GatewayConfig, backend: Backend): string[] => {
  const none = ['# retry: none. HAProxy would try three times more.', 'retries 0', 'no option redispatch'];
  if (retry === null || !backend.retry) return none;
  const keywords = keywordsOf(retry);
  const layer7 = keywords.some((keyword) => keyword !== 'conn-failure');
  return [
    '# retry: each on another server; what is not idempotent only while nothing was sent.',
    `retries ${count(retry.attempts - 1)}`,
    'option redispatch 1',
    `retry-on ${keywords.length === 0 ? 'none' : keywords.join(' ')}`,
    ...(layer7 ? [`http-request disable-l7-retry unless { ${IDEMPOTENT} }`] : []),
  ];
};

const conditionLosses = ({ conditions, statuses }: RetryConfig): Loss[] => {
  const path = ['retry', 'on'];
  const unknown = statuses.filter((status) => !STATUSES.has(status));
  const has = (condition: RetryCondition): boolean => conditions.includes(condition);
  return lost(
    has('reset') !== has('protocol-error') &&
      !has('gateway-error') &&
      !has('5xx') &&
      otherwise(path, 'an answer that breaks off within its header counts as one that is no HTTP'),
    has('5xx') && otherwise(path, '5xx: of the statuses 500 to 504 only'),
    has('retriable-4xx') && missing(path, 'retriable-4xx: no retry after 409'),
    has('rate-limited') && missing(path, 'rate-limited: no retry after 429'),
    has('refused') &&
      otherwise(path, 'refused: where one server is full another is chosen, with no further attempt'),
    unknown.length > 0 && missing(['retry', 'statuses'], `no retry after ${unknown.join(', ')}`),
  );
};

const isDefaultBudget = ({ budget }: RetryConfig): boolean =>
  JSON.stringify(budget) === JSON.stringify(resolveRetry({}).budget);

const retryLosses = (config: GatewayConfig): Loss[] => {
  const { retry } = config;
  if (retry === null) return [];
  const bytes = bufferBytes(config.listener);
  return lost(
    ...conditionLosses(retry),
    otherwise(
      ['retry', 'backoff'],
      'no wait before another server is asked, and min(timeouts.connect, 1s) before the same one again',
    ),
    retry.budget.name !== 'unlimited' &&
      unasked(isDefaultBudget(retry))(['retry', 'budget'], 'nothing bounds retries when everything fails'),
    retry.retryAfter !== null && missing(['retry', 'retryAfter'], 'Retry-After of servers is not waited for'),
    otherwise(
      ['retry', 'replay'],
      `a request is kept for another attempt if all of it fits into a buffer of ${bytes} bytes`,
    ),
  );
};

/** HAProxy has one time for a server that is silent, before its header and within its body. */
const serverMs = ({ attemptTimeoutMs }: GatewayConfig, { requestMs }: Backend): number =>
  Math.min(attemptTimeoutMs, requestMs);

export const timeoutLines = (config: GatewayConfig, backend: Backend): string[] => {
  return [
    '# timeouts: HAProxy counts how long a server is silent, for each attempt.',
    `timeout connect ${time(Math.min(config.connectTimeoutMs, backend.requestMs))}`,
    `timeout server ${time(serverMs(config, backend))}`,
    ...(queueOf(config) === 0 ? [] : [`timeout queue ${time(queueMs(config))}`]),
  ];
};

/** A client may say that it has less time; one that says more, or nothing that makes sense, is overruled. */
export const deadlineLines = (config: GatewayConfig, backend: Backend): string[] => {
  const { deadlineHeader: header } = config;
  if (header === null) return [];
  const requestMs = wholeMs(backend.requestMs);
  const attemptMs = wholeMs(serverMs(config, backend));
  const asked = `req.fhdr(${header})`;
  return [
    '# deadlineHeader: a client that sends it with less gets less.',
    ...(attemptMs === 1
      ? []
      : [`http-request set-timeout server ${asked} if { ${asked} -m int 1:${attemptMs - 1} }`]),
    `http-request set-header ${header} ${requestMs} unless { ${asked} -m int 0:${requestMs} }`,
  ];
};

/** Whether the times of all attempts and waits may come to more than the request has. */
const mayTakeLonger = (config: GatewayConfig, backend: Backend): boolean => {
  const attempts = config.retry !== null && backend.retry ? config.retry.attempts : 1;
  const each =
    Math.min(config.connectTimeoutMs, backend.requestMs) +
    Math.min(config.attemptTimeoutMs, backend.requestMs);
  return queueMs(config) + attempts * each > backend.requestMs;
};

export const timeLosses = (config: GatewayConfig, backends: readonly Backend[]): Loss[] => {
  const { attemptTimeoutMs, bodyTimeoutMs, deadlineHeader, hedge, retry } = config;
  const late = retry !== null || queueMs(config) > 0;
  return [
    ...retryLosses(config),
    ...lost(
      bodyTimeoutMs !== attemptTimeoutMs &&
        otherwise(
          ['timeouts', 'body'],
          'a body may stand still for as long as timeouts.attempt: there is one time for a silent server',
        ),
      backends.some((backend) => mayTakeLonger(config, backend)) &&
        otherwise(
          ['timeouts', 'request'],
          'nothing bounds all attempts and waits together; none of them is longer than this',
        ),
      deadlineHeader !== null &&
        late &&
        otherwise(['deadlineHeader'], 'says what was left when the request came, on each attempt the same'),
      hedge !== null && missing(['hedge'], 'one attempt at a time'),
    ),
  ];
};
