/**
 * The attempt timeout and the request's deadline: both cancel the call when the time is over and leave it to whoever
 * is waiting to give up. Both run until the response's headers: a long download is not cut.
 *
 * Two layers, because they stand in different places: the attempt timeout below the breaker, where being late is the
 * upstream's failure; the deadline above everything, where it bounds all attempts and waits together. What is left of the
 * deadline is told to upstreams, and taken from clients that say it, in a header of milliseconds; so work that nobody
 * waits for can be dropped wherever it is (Beyer and others, "Site Reliability Engineering", 2016, chapter 22).
 */
import type { Clock, Timer } from '../core/clock.js';
import { type ErrorCode, GatewayError } from '../core/errors.js';
import { formatDuration } from '../core/units.js';
import type { Call, Layer, ProxyRequest, ProxyResponse, Service } from './service.js';
import { TimeoutQueue } from './timeout-queue.js';

const tooLate = (code: ErrorCode, timeoutMs: number): GatewayError =>
  new GatewayError(code, `no response headers within ${formatDuration(timeoutMs)}`);

const timed = (next: Service, request: ProxyRequest, call: Call, timeout: Timer): Promise<ProxyResponse> =>
  next(request, call).then(
    (response) => {
      timeout.cancel();
      return response;
    },
    (error) => {
      timeout.cancel();
      throw error;
    },
  );

const timeoutsOf = (timeoutMs: number, clock: Clock, code: ErrorCode): TimeoutQueue<Call> =>
  new TimeoutQueue<Call>(timeoutMs, clock, (call) => call.cancel(tooLate(code, timeoutMs)));

/** One attempt's time. Fails with BGW_ERR_RESPONSE_TIMEOUT, the upstream's fault. */
export const attemptTimeout =
  (timeoutMs: number, clock: Clock): Layer =>
  (next) => {
    const timeouts = timeoutsOf(timeoutMs, clock, 'BGW_ERR_RESPONSE_TIMEOUT');
    return (request, call) => timed(next, request, call, timeouts.add(call));
  };

/** What a client says it will wait for; `null`: it says nothing that makes sense. */
const patienceMs = (request: ProxyRequest, header: string): number | null => {
  const text = request.headers[header];
  return typeof text === 'string' && /^\d{1,9}$/.test(text) ? Number(text) : null;
};

/**
 * The whole request's time, all attempts and waits included. Fails with BGW_ERR_DEADLINE.
 * @param header in which a client may say that it has less time; `null`: it may not.
 */
export const deadline =
  (timeoutMs: number, clock: Clock, header: string | null = null): Layer =>
  (next) => {
    const timeouts = timeoutsOf(timeoutMs, clock, 'BGW_ERR_DEADLINE');
    return (request, call) => {
      const askedMs = header === null ? null : patienceMs(request, header);
      if (askedMs === null || askedMs >= timeoutMs) {
        call.deadlineMs = call.startedMs + timeoutMs;
        return timed(next, request, call, timeouts.add(call));
      }
      call.deadlineMs = call.startedMs + askedMs;
      const timer = clock.after(askedMs, () => call.cancel(tooLate('BGW_ERR_DEADLINE', askedMs)));
      return timed(next, request, call, timer);
    };
  };

/** Tells the upstream how many milliseconds are left: an attempt that begins late has less than the first had. */
export const tellDeadline =
  (header: string, clock: Pick<Clock, 'nowMs'>): Layer =>
  (next) =>
  (request, call) => {
    if (call.deadlineMs !== Number.POSITIVE_INFINITY) {
      const leftMs = Math.max(0, Math.floor(call.deadlineMs - clock.nowMs()));
      request.headers[header] = String(leftMs);
    }
    return next(request, call);
  };
