/**
 * The attempt timeout and the request's deadline: both cancel the call when the time is over and leave it to whoever
 * is waiting to give up. Both run until the response's headers: a long download is not cut.
 *
 * Two layers, because they stand in different places: the attempt timeout below the breaker, where being late is the
 * upstream's failure; the deadline above everything, where it bounds all attempts and waits together.
 */
import type { Clock } from '../core/clock.js';
import { type ErrorCode, GatewayError } from '../core/errors.js';
import { formatDuration } from '../core/units.js';
import type { Call, Layer } from './service.js';
import { TimeoutQueue } from './timeout-queue.js';

const cancelAfter =
  (timeoutMs: number, clock: Clock, code: ErrorCode): Layer =>
  (next) => {
    const timeouts = new TimeoutQueue<Call>(timeoutMs, clock, (call) => {
      call.cancel(new GatewayError(code, `no response headers within ${formatDuration(timeoutMs)}`));
    });
    return (request, call) => {
      const timeout = timeouts.add(call);
      return next(request, call).then(
        (response) => {
          timeout.cancel();
          return response;
        },
        (error) => {
          timeout.cancel();
          throw error;
        },
      );
    };
  };

/** One attempt's time. Fails with BGW_ERR_RESPONSE_TIMEOUT, the upstream's fault. */
export const attemptTimeout = (timeoutMs: number, clock: Clock): Layer =>
  cancelAfter(timeoutMs, clock, 'BGW_ERR_RESPONSE_TIMEOUT');

/** The whole request's time, all attempts and waits included. Fails with BGW_ERR_DEADLINE. */
export const deadline = (timeoutMs: number, clock: Clock): Layer =>
  cancelAfter(timeoutMs, clock, 'BGW_ERR_DEADLINE');
