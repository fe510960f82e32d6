/** Two layers that watch attempts: one counts what is in flight at an upstream, one tells of every failure. */
import type { Clock } from '../core/clock.js';
import { causeOf, GatewayError } from '../core/errors.js';
import type { Emit } from '../core/events.js';
import { outcomeOfError, outcomeOfStatus } from '../policies/outcome.js';
import type { Call, Layer } from '../policies/service.js';
import type { Upstream } from './upstream-pool.js';

/** In flight from being sent until the response's body has ended. */
export const countInFlight =
  (upstream: Upstream): Layer =>
  (next) =>
  (request, call) => {
    const permit = upstream.begin();
    return next(request, call).then(
      (response) => {
        response.onEnd((end) => {
          permit.end(end === null ? outcomeOfStatus(response.statusCode) : outcomeOfError(end));
        });
        return response;
      },
      (error) => {
        permit.end(outcomeOfError(error));
        throw error;
      },
    );
  };

/** Failures before the headers and of the body, and refusals by the gateway's own policies. */
export const reportFailures = (upstream: Upstream, clock: Clock, emit: Emit): Layer => {
  const report = (call: Call, error: unknown): void => {
    emit('attempt.failed', {
      rayId: call.rayId,
      upstream: upstream.id,
      cause: error instanceof GatewayError ? causeOf(error.code) : 'internal',
      afterMs: clock.nowMs() - call.startedMs,
    });
  };
  return (next) => (request, call) =>
    next(request, call).then(
      (response) => {
        response.onEnd((end) => {
          if (end !== null) report(call, end);
        });
        return response;
      },
      (error) => {
        report(call, error);
        throw error;
      },
    );
};
