/** How an attempt counts, by its status or its error, and the permit that lets it count once. */
import { describe, expect, it } from 'vitest';
import { ERRORS, type ErrorCode, GatewayError } from '../../../src/core/errors.js';
import { type Outcome, outcomeOfError, outcomeOfStatus, Permit } from '../../../src/policies/outcome.js';

describe('an answer', () => {
  it.each<[number, Outcome]>([
    [200, 'success'],
    [204, 'success'],
    [304, 'success'],
    [400, 'success'],
    [404, 'success'],
    [429, 'success'],
    [499, 'success'],
    [500, 'failure'],
    [502, 'failure'],
    [503, 'failure'],
    [504, 'failure'],
    [599, 'failure'],
  ])('of status %d is a %s', (statusCode, expected) => {
    expect(outcomeOfStatus(statusCode)).toBe(expected);
  });
});

/** Every code that counts against the upstream. */
const UPSTREAM_FAILURES: readonly ErrorCode[] = [
  'BGW_ERR_CONNECTION_REFUSED',
  'BGW_ERR_CONNECTION_RESET',
  'BGW_ERR_CONNECTION_CLOSED',
  'BGW_ERR_PROTOCOL',
  'BGW_ERR_HEADERS_TOO_LARGE',
  'BGW_ERR_DNS',
  'BGW_ERR_TLS_CERTIFICATE_ERROR',
  'BGW_ERR_TLS_PROTOCOL_ERROR',
  'BGW_ERR_CONNECT_TIMEOUT',
  'BGW_ERR_RESPONSE_TIMEOUT',
  'BGW_ERR_BODY_BROKEN',
  'BGW_ERR_BODY_TIMEOUT',
];

describe('an error', () => {
  it.each(Object.keys(ERRORS) as ErrorCode[])(
    '%s counts against the upstream only if it is to blame',
    (code) => {
      const expected: Outcome = UPSTREAM_FAILURES.includes(code) ? 'failure' : 'ignored';
      expect(outcomeOfError(new GatewayError(code))).toBe(expected);
    },
  );

  it.each([[new Error('unforeseen')], [new TypeError('a bug')], ['a text'], [undefined]])(
    'that is no gateway error is a failure: %s',
    (error) => {
      expect(outcomeOfError(error)).toBe('failure');
    },
  );
});

describe('a permit', () => {
  it.each<Outcome>(['success', 'failure', 'ignored'])('passes %s on', (outcome) => {
    const ended: Outcome[] = [];
    new Permit((how) => ended.push(how)).end(outcome);
    expect(ended).toEqual([outcome]);
  });

  it('ends once: the second end throws, says how, and is not passed on', () => {
    const ended: Outcome[] = [];
    const permit = new Permit((how) => ended.push(how));
    permit.end('success');
    expect(() => permit.end('failure')).toThrow('permit ended twice, the second time as failure');
    expect(ended).toEqual(['success']);
  });

  it('has ended even if whoever was told of it threw', () => {
    const permit = new Permit(() => {
      throw new Error('listener');
    });
    expect(() => permit.end('success')).toThrow('listener');
    expect(() => permit.end('success')).toThrow('permit ended twice');
  });
});
