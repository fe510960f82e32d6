/** Conditions for another attempt, in Envoy's words. */
import type { RetryConfig } from '../../../gateway/config/retries.js';
import type { RetryCondition } from '../../../policies/retry-conditions.js';

const RETRY_ON: Readonly<Partial<Record<RetryCondition, readonly string[]>>> = {
  'connect-failure': ['connect-failure', 'refused-stream'],
  reset: ['reset'],
  timeout: ['reset'],
  'protocol-error': ['reset'],
  'gateway-error': ['gateway-error'],
  '5xx': ['5xx'],
  'retriable-4xx': ['retriable-4xx'],
  'rate-limited': ['retriable-status-codes'],
};

const TOO_MANY = 429;

/** Statuses that call for another attempt by themselves. */
export const retryStatuses = ({ conditions, statuses }: RetryConfig): number[] => [
  ...new Set([...statuses, ...(conditions.includes('rate-limited') ? [TOO_MANY] : [])]),
];

/** Empty: nothing that Envoy would repeat. */
export const retryOn = (retry: RetryConfig): string[] => {
  const on = new Set(retry.conditions.flatMap((condition) => RETRY_ON[condition] ?? []));
  if (retryStatuses(retry).length > 0) on.add('retriable-status-codes');
  return [...on];
};
