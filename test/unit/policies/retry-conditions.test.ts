/** What calls for a retry, by condition, and what was never sent. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERRORS, type ErrorCode, GatewayError } from '../../../src/core/errors.js';
import {
  compileConditions,
  DEFAULT_RETRY_CONDITIONS,
  RETRY_CONDITIONS,
  type RetryCondition,
  wasNeverSent,
} from '../../../src/policies/retry-conditions.js';
import { mockResponse } from '../../support/mock-service.js';

const CODES = Object.keys(ERRORS) as ErrorCode[];
const CONDITIONS = Object.keys(RETRY_CONDITIONS) as RetryCondition[];
const STATUSES = Array.from({ length: 400 }, (_, index) => 200 + index);

const codesOf = (...conditions: RetryCondition[]): ErrorCode[] => {
  const causeOf = compileConditions(conditions);
  return CODES.filter((code) => causeOf(new GatewayError(code)) !== null);
};

const statusesOf = (conditions: readonly RetryCondition[], more: readonly number[] = []): number[] => {
  const causeOf = compileConditions(conditions, more);
  return STATUSES.filter((status) => causeOf(mockResponse(status)) !== null);
};

const CONNECT: readonly ErrorCode[] = [
  'BGW_ERR_CONNECTION_REFUSED',
  'BGW_ERR_DNS',
  'BGW_ERR_CONNECT_TIMEOUT',
  'BGW_ERR_TLS_CERTIFICATE_ERROR',
];
const RESET: readonly ErrorCode[] = ['BGW_ERR_CONNECTION_RESET', 'BGW_ERR_CONNECTION_CLOSED'];
const NO_ANSWER: readonly ErrorCode[] = [
  ...CONNECT,
  ...RESET,
  'BGW_ERR_PROTOCOL',
  'BGW_ERR_TLS_PROTOCOL_ERROR',
  'BGW_ERR_RESPONSE_TIMEOUT',
];
const REFUSALS: readonly ErrorCode[] = [
  'BGW_ERR_NO_UPSTREAM',
  'BGW_ERR_CONNECTION_LIMIT',
  'BGW_ERR_CONCURRENCY_LIMIT',
  'BGW_ERR_QUEUE_FULL',
  'BGW_ERR_QUEUE_TIMEOUT',
  'BGW_ERR_CIRCUIT_OPEN',
];

describe('a condition', () => {
  it.each<[RetryCondition, readonly ErrorCode[], readonly number[]]>([
    ['connect-failure', CONNECT, []],
    ['reset', RESET, []],
    ['timeout', ['BGW_ERR_RESPONSE_TIMEOUT'], []],
    ['protocol-error', ['BGW_ERR_PROTOCOL'], []],
    ['gateway-error', NO_ANSWER, [502, 503, 504]],
    [
      '5xx',
      [...NO_ANSWER, 'BGW_ERR_HEADERS_TOO_LARGE'],
      Array.from({ length: 100 }, (_, index) => 500 + index),
    ],
    ['retriable-4xx', [], [409]],
    ['rate-limited', [], [429]],
    ['refused', REFUSALS, []],
  ])('%s is these failures and statuses, and no others', (name, codes, statuses) => {
    expect(codesOf(name).sort()).toEqual([...codes].sort());
    expect(statusesOf([name])).toEqual(statuses);
  });

  it('is none for a passed deadline, a client that left or sent nonsense, and what was shed, lost midway or a defect', () => {
    const never = CODES.filter((code) => !codesOf(...CONDITIONS).includes(code));
    expect(never).toEqual(
      expect.arrayContaining([
        'BGW_ERR_DEADLINE',
        'BGW_ERR_CLIENT_LEFT',
        'BGW_ERR_BAD_REQUEST',
        'BGW_ERR_RATE_LIMITED',
        'BGW_ERR_SHED',
        'BGW_ERR_BODY_BROKEN',
        'BGW_ERR_INTERNAL',
      ]),
    );
    for (const code of CODES) if (ERRORS[code].blame === 'client') expect(never).toContain(code);
  });
});

describe('conditions together', () => {
  it('are by default every failure without an answer, every refusal of ours, and 502, 503, 504', () => {
    expect(codesOf(...DEFAULT_RETRY_CONDITIONS).sort()).toEqual([...NO_ANSWER, ...REFUSALS].sort());
    expect(statusesOf(DEFAULT_RETRY_CONDITIONS)).toEqual([502, 503, 504]);
  });

  it('retry what one of them retries, and nothing when there are none', () => {
    fc.assert(
      fc.property(fc.subarray(CONDITIONS), fc.constantFrom(...CODES), fc.integer(), (some, code, status) => {
        for (const result of [new GatewayError(code), mockResponse(status)]) {
          const one = some.some((name) => compileConditions([name])(result) !== null);
          expect(compileConditions(some)(result) !== null).toBe(one);
        }
      }),
    );
  });

  it('name the cause as events and metrics do', () => {
    const causeOf = compileConditions(['reset', 'gateway-error'], [418]);
    expect(causeOf(new GatewayError('BGW_ERR_CONNECTION_RESET'))).toBe('connection_reset');
    expect(causeOf(mockResponse(503))).toBe('status_503');
    expect(causeOf(mockResponse(418))).toBe('status_418');
    expect(causeOf(mockResponse(200))).toBeNull();
  });
});

describe('a list of statuses', () => {
  it('comes on top of the conditions', () => {
    expect(statusesOf(['retriable-4xx'], [425, 500])).toEqual([409, 425, 500]);
  });

  it.each([199, 600, 0, -1, 502.5, Number.NaN])('does not take %d', (status) => {
    expect(() => compileConditions([], [status])).toThrow(RangeError);
  });
});

describe('a request', () => {
  it('was never sent when there was no connection, or a policy of ours refused', () => {
    const never = CODES.filter((code) => wasNeverSent(new GatewayError(code)));
    expect(never.sort()).toEqual([...CONNECT, ...REFUSALS].sort());
  });

  it('may have been read when it was answered, whatever the answer', () => {
    for (const status of [200, 429, 503]) expect(wasNeverSent(mockResponse(status))).toBe(false);
  });

  it.each([
    ['connect', true],
    ['getaddrinfo', true],
    [undefined, true],
    ['read', false],
    ['write', false],
    ['writev', false],
  ])('whose connection timed out in the system call %s was never sent: %s', (syscall, expected) => {
    const cause = Object.assign(new Error('ETIMEDOUT'), { code: 'ETIMEDOUT', syscall });
    expect(wasNeverSent(new GatewayError('BGW_ERR_CONNECT_TIMEOUT', 'timed out', { cause }))).toBe(expected);
  });
});
