/**
 * The attempt timeout and the deadline, on a virtual clock: which code they cancel with and when, and that whoever
 * settles in time is left alone for good.
 */
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/core/clock.js';
import { type ErrorCode, GatewayError } from '../../../src/core/errors.js';
import { VirtualClock } from '../../../src/core/virtual-clock.js';
import {
  Call,
  type Layer,
  type ProxyRequest,
  type ProxyResponse,
  type Service,
  stack,
} from '../../../src/policies/service.js';
import { attemptTimeout, deadline } from '../../../src/policies/timeout.js';

const request: ProxyRequest = { method: 'GET', path: '/', headers: {}, body: null };

const answer: ProxyResponse = {
  statusCode: 200,
  headers: {},
  relay: () => {},
  resume: () => {},
  destroy: () => {},
  onEnd: () => {},
};

/** Answers after `ms`, or gives up when its call is cancelled. */
const answersAfter =
  (ms: number, clock: Clock): Service =>
  (_request, call) =>
    new Promise((resolve, reject) => {
      clock.after(ms, () => resolve(answer));
      call.onCancel(reject);
    });

/** Lets everything that waits for a settled promise have its turn. */
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

const codeOf = (error: unknown): ErrorCode | null => (error instanceof GatewayError ? error.code : null);

const LAYERS: readonly [name: string, layer: (ms: number, clock: Clock) => Layer, code: ErrorCode][] = [
  ['the attempt timeout', attemptTimeout, 'BGW_ERR_RESPONSE_TIMEOUT'],
  ['the deadline', deadline, 'BGW_ERR_DEADLINE'],
];

describe.each(LAYERS)('%s', (_name, layer, code) => {
  it('cancels the call when the time is over and not before', async () => {
    const clock = new VirtualClock();
    const call = new Call('ray', clock);
    const result = layer(
      300,
      clock,
    )(answersAfter(5_000, clock))(request, call).catch((error: unknown) => error);
    clock.advance(299.999);
    expect(call.cancelled).toBeUndefined();
    clock.advance(0.001);
    expect(call.cancelled?.code).toBe(code);
    expect(call.cancelled?.message).toBe('no response headers within 300ms');
    expect(codeOf(await result)).toBe(code);
  });

  it('leaves a service alone that answered in time', async () => {
    const clock = new VirtualClock();
    const call = new Call('ray', clock);
    const result = layer(300, clock)(answersAfter(100, clock))(request, call);
    clock.advance(100);
    expect(await result).toBe(answer);
    clock.advance(10_000);
    expect(call.cancelled).toBeUndefined();
  });

  it('leaves a service alone that failed in time, and passes its error on', async () => {
    const clock = new VirtualClock();
    const call = new Call('ray', clock);
    const failure = new GatewayError('BGW_ERR_CONNECTION_RESET');
    const result = layer(300, clock)(() => Promise.reject(failure))(request, call);
    await expect(result).rejects.toBe(failure);
    clock.advance(10_000);
    expect(call.cancelled).toBeUndefined();
  });

  it('does not answer for a service that does not give up', async () => {
    const clock = new VirtualClock();
    const call = new Call('ray', clock);
    let done = false;
    const stubborn: Service = () => new Promise(() => {});
    void layer(
      300,
      clock,
    )(stubborn)(request, call).finally(() => {
      done = true;
    });
    clock.advance(300);
    await settled();
    expect(call.cancelled?.code).toBe(code);
    expect(done).toBe(false);
  });

  it('keeps the reason of a call that was cancelled before', async () => {
    const clock = new VirtualClock();
    const call = new Call('ray', clock);
    const result = layer(
      300,
      clock,
    )(answersAfter(5_000, clock))(request, call).catch((error: unknown) => error);
    clock.advance(100);
    call.cancel(new GatewayError('BGW_ERR_CLIENT_LEFT'));
    clock.advance(1_000);
    expect(codeOf(await result)).toBe('BGW_ERR_CLIENT_LEFT');
    expect(call.cancelled?.code).toBe('BGW_ERR_CLIENT_LEFT');
  });
});

describe('a deadline over an attempt timeout', () => {
  const attempted = (clock: Clock, next: Service): Service =>
    stack(
      deadline(1_000, clock),
      (inner) => (asked, call) => inner(asked, call.nextAttempt(clock)),
      attemptTimeout(300, clock),
    )(next);

  it('is not used up by one attempt that was too slow', async () => {
    const clock = new VirtualClock();
    const call = new Call('ray', clock);
    const result = attempted(clock, answersAfter(5_000, clock))(request, call).catch(
      (error: unknown) => error,
    );
    clock.advance(300);
    expect(codeOf(await result)).toBe('BGW_ERR_RESPONSE_TIMEOUT');
    expect(call.cancelled).toBeUndefined();
  });

  it('ends an attempt that has time left itself', async () => {
    const clock = new VirtualClock();
    const call = new Call('ray', clock);
    const result = stack(
      deadline(200, clock),
      (inner) => (asked, given) => inner(asked, given.nextAttempt(clock)),
    )(attemptTimeout(300, clock)(answersAfter(5_000, clock)))(request, call).catch((error: unknown) => error);
    clock.advance(200);
    expect(codeOf(await result)).toBe('BGW_ERR_DEADLINE');
  });
});
