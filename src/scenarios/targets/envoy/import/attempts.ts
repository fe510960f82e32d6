/** Retries, hedges and hashes of a route. */
import type { GatewaySection } from '../../../../gateway/config.js';
import type { RetryCondition } from '../../../../policies/retry-conditions.js';
import { type Cursor, durationText } from './cursor.js';

type Retry = NonNullable<GatewaySection['retry']>;

/** What a route says of more than one attempt. */
export interface Attempts {
  /** `null`: there is only one. */
  readonly retry: Retry | null;
  /** `null`: as long as the request may take. */
  readonly attempt: string | null;
  readonly hedge: NonNullable<GatewaySection['hedge']> | null;
}

const CONDITIONS: Readonly<Record<string, readonly RetryCondition[]>> = {
  'connect-failure': ['connect-failure'],
  // Together with connect-failure: streams of HTTP/2.
  'refused-stream': [],
  reset: ['reset', 'timeout', 'protocol-error'],
  'reset-before-request': ['reset'],
  'gateway-error': ['gateway-error'],
  '5xx': ['5xx'],
  'retriable-4xx': ['retriable-4xx'],
  'retriable-status-codes': [],
};

const TOO_MANY = 429;

const readConditions = (policy: Cursor, statuses: readonly number[]): RetryCondition[] => {
  const on = policy.at('retry_on');
  const words = (on.text ?? '').split(',').map((word) => word.trim());
  const unknown = words.filter((word) => word !== '' && CONDITIONS[word] === undefined);
  const meant = (word: string): readonly RetryCondition[] =>
    word === 'retriable-status-codes' && statuses.includes(TOO_MANY)
      ? ['rate-limited']
      : (CONDITIONS[word] ?? []);
  const conditions = [...new Set(words.flatMap(meant))];
  if (unknown.length > 0) on.nearly(`retry.on: ${conditions.join(', ')}; without ${unknown.join(', ')}`);
  else on.understood(`retry.on: ${conditions.join(', ')}`);
  return conditions;
};

const readBackoff = (policy: Cursor): Pick<Retry, 'backoff' | 'retryAfter'> => {
  const base = policy.at('retry_back_off', 'base_interval');
  const max = policy.at('retry_back_off', 'max_interval');
  const after = policy.at('rate_limited_retry_back_off');
  base.understood('retry.backoff.base');
  max.understood('retry.backoff.max');
  const afterMs = after.at('max_interval').durationMs;
  after.understood('retry.retryAfter');
  return {
    ...(base.durationMs !== null && {
      backoff: {
        base: durationText(base.durationMs),
        // Envoy's own: ten times the base.
        max: durationText(max.durationMs ?? base.durationMs * 10),
      },
    }),
    ...(after.isThere && { retryAfter: { max: durationText(afterMs ?? 300_000) } }),
  };
};

const readRetry = (policy: Cursor, kept: Cursor): Retry | null => {
  const codes = policy.at('retriable_status_codes');
  const statuses = codes.items
    .flatMap(({ number }) => number ?? [])
    .filter((code) => code >= 200 && code < 600);
  codes.understood(`retry.statuses: ${statuses.join(', ')}`);
  const conditions = readConditions(policy, statuses);
  const number = policy.at('num_retries');
  const retries = number.number ?? 1;
  number.understood(`retry.attempts: ${retries + 1}`);
  const rest = readBackoff(policy);
  policy.at('retry_host_predicate').understood('another upstream is taken where there is one');
  policy.at('host_selection_retry_max_attempts').understood('another upstream is taken where there is one');
  policy.at('retriable_request_headers').nearly('what is idempotent is sent again, and only that');
  const hasCodes = (policy.at('retry_on').text ?? '').includes('retriable-status-codes');
  if (retries < 1 || (conditions.length === 0 && !hasCodes)) return null;
  return {
    attempts: retries + 1,
    // There has to be one: of these, an upstream's answer is none.
    on: conditions.length > 0 ? conditions : ['refused'],
    ...(hasCodes && statuses.length > 0 && { statuses }),
    ...rest,
    ...(kept.number !== null && { replay: { maxBody: `${kept.number}B` } }),
  };
};

/** @param kept how much of a body is kept to be sent again. */
export const readAttempts = (action: Cursor, kept: Cursor): Attempts => {
  kept.understood('retry.replay.maxBody');
  const policy = action.at('retry_policy');
  const perTry = policy.at('per_try_timeout');
  const isHedged = action.at('hedge_policy', 'hedge_on_per_try_timeout').value === true;
  if (!policy.isThere) return { retry: null, attempt: null, hedge: null };
  const ms = perTry.durationMs;
  const time = ms === null || ms === 0 ? null : durationText(ms);
  const retry = readRetry(policy, kept);
  if (isHedged && time !== null) {
    const max = Math.max(1, (policy.at('num_retries').number ?? 1) || 1);
    perTry.nearly(`hedge.after: ${time}; the attempt itself goes on until the request is over`);
    action.at('hedge_policy').nearly('hedge: its attempts count as retries in Envoy');
    return { retry: null, attempt: null, hedge: { after: time, max } };
  }
  action.at('hedge_policy').lost('Envoy hedges when per_try_timeout is over, and there is none');
  perTry.understood(`timeouts.attempt: ${time}`);
  return { retry, attempt: time, hedge: null };
};

const FIELD = /^[A-Za-z0-9-]+$/;

/** @returns as `hashOn` has it; `null`: by nothing that the section knows. */
export const readHash = (action: Cursor): string | null => {
  const [policy, ...more] = action.at('hash_policy').items;
  for (const other of more) other.lost('the section hashes by one thing');
  if (policy === undefined) return null;
  const field = policy.at('header', 'header_name').text;
  const cookie = policy.at('cookie', 'name').text;
  let hashOn: string | null = null;
  if (policy.at('connection_properties', 'source_ip').value === true) hashOn = 'client';
  else if (field === ':path') hashOn = policy.at('header', 'regex_rewrite').isThere ? 'path' : 'url';
  else if (field !== null && FIELD.test(field)) hashOn = `header:${field}`;
  else if (cookie !== null && /^[\w-]+$/.test(cookie)) hashOn = `cookie:${cookie}`;
  if (hashOn === null) policy.lost('the section hashes by client, path, url, a header or a cookie');
  else if (policy.at('cookie', 'ttl').isThere)
    policy.nearly(`hashOn: ${hashOn}; nobody makes the cookie here`);
  else policy.understood(`hashOn: ${hashOn}`);
  return hashOn;
};
