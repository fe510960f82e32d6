/** Calls and their attempts: who hears of a cancellation, when, how often and with which reason. */
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/core/errors.js';
import { VirtualClock } from '../../../src/core/virtual-clock.js';
import { Call } from '../../../src/policies/service.js';

const left = (): GatewayError => new GatewayError('BGW_ERR_CLIENT_LEFT');
const late = (): GatewayError => new GatewayError('BGW_ERR_DEADLINE');

const newCall = (): Call => new Call('ray', new VirtualClock());

const reasonsOf = (call: Call): GatewayError[] => {
  const reasons: GatewayError[] = [];
  call.onCancel((error) => reasons.push(error));
  return reasons;
};

describe('a cancelled call', () => {
  it('keeps the first reason and tells its listeners once', () => {
    const call = newCall();
    const reasons = reasonsOf(call);
    const first = left();
    call.cancel(first);
    call.cancel(late());
    expect(call.cancelled).toBe(first);
    expect(reasons).toEqual([first]);
  });

  it('tells its listeners in the order they came', () => {
    const call = newCall();
    const told: number[] = [];
    for (let index = 0; index < 5; index++) call.onCancel(() => told.push(index));
    call.cancel(left());
    expect(told).toEqual([0, 1, 2, 3, 4]);
  });

  it('tells a listener that comes late at once, with the same reason', () => {
    const call = newCall();
    const first = left();
    call.cancel(first);
    call.cancel(late());
    expect(reasonsOf(call)).toEqual([first]);
  });

  it('tells a listener that comes from within a listener once', () => {
    const call = newCall();
    let told = 0;
    call.onCancel(() => call.onCancel(() => told++));
    call.cancel(left());
    expect(told).toBe(1);
  });

  it('stays as it is when a listener cancels it again', () => {
    const call = newCall();
    const first = left();
    call.onCancel(() => call.cancel(late()));
    const reasons = reasonsOf(call);
    call.cancel(first);
    expect(call.cancelled).toBe(first);
    expect(reasons).toEqual([first]);
  });
});

describe('a call that nobody cancelled', () => {
  it('has no reason and tells nobody', () => {
    const call = newCall();
    const reasons = reasonsOf(call);
    expect(call.cancelled).toBeUndefined();
    expect(reasons).toEqual([]);
  });
});

describe('an attempt', () => {
  it('is numbered from 1, and begins when it begins', () => {
    const clock = new VirtualClock();
    const call = new Call('ray', clock);
    clock.advance(40);
    const first = call.nextAttempt(clock);
    clock.advance(2.5);
    const second = call.nextAttempt(clock);
    expect([call.attempt, first.attempt, second.attempt]).toEqual([0, 1, 2]);
    expect([call.startedMs, first.startedMs, second.startedMs]).toEqual([0, 40, 42.5]);
    expect(call.attempts).toBe(2);
    expect(second.rayId).toBe('ray');
  });

  it('can be found by its call, the latest one', () => {
    const clock = new VirtualClock();
    const call = newCall();
    expect(call.lastAttempt).toBeNull();
    const first = call.nextAttempt(clock);
    expect(call.lastAttempt).toBe(first);
    const second = call.nextAttempt(clock);
    expect(call.lastAttempt).toBe(second);
  });

  it('is cancelled along with its call, for the same reason', () => {
    const clock = new VirtualClock();
    const call = newCall();
    const attempts = [call.nextAttempt(clock), call.nextAttempt(clock)];
    const heard = attempts.map(reasonsOf);
    const reason = left();
    call.cancel(reason);
    expect(attempts.map(({ cancelled }) => cancelled)).toEqual([reason, reason]);
    expect(heard).toEqual([[reason], [reason]]);
  });

  it('is cancelled without its call and without its siblings', () => {
    const clock = new VirtualClock();
    const call = newCall();
    const first = call.nextAttempt(clock);
    const second = call.nextAttempt(clock);
    first.cancel(new GatewayError('BGW_ERR_RESPONSE_TIMEOUT'));
    expect(call.cancelled).toBeUndefined();
    expect(second.cancelled).toBeUndefined();
  });

  it('keeps its own reason when its call is cancelled later', () => {
    const call = newCall();
    const attempt = call.nextAttempt(new VirtualClock());
    const own = new GatewayError('BGW_ERR_RESPONSE_TIMEOUT');
    attempt.cancel(own);
    call.cancel(left());
    expect(attempt.cancelled).toBe(own);
  });

  it('of a call that is cancelled already is cancelled from the start', () => {
    const call = newCall();
    const reason = left();
    call.cancel(reason);
    expect(call.nextAttempt(new VirtualClock()).cancelled).toBe(reason);
  });
});
