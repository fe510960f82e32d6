/** Two layers that watch attempts: one counts what is in flight at an upstream, one tells of every failure. */
import type { Clock } from '../core/clock.js';
import { causeOf, GatewayError } from '../core/errors.js';
import type { Emit } from '../core/events.js';
import { outcomeOfError, outcomeOfStatus } from '../policies/outcome.js';
import type { Layer } from '../policies/service.js';
import type { Upstream } from './upstream-pool.js';

/** In flight from being sent until the response's body has ended. */
export const countInFlight =
  (upstream: Upstream): Layer =>
  (next) =>
  async (request, call) => {
    const permit = upstream.begin();
    try {
      const response = await next(request, call);
      response.onEnd((end) => {
        permit.end(end === null ? outcomeOfStatus(response.statusCode) : outcomeOfError(end));
      });
      return response;
    } catch (error) {
      permit.end(outcomeOfError(error));
      throw error;
    }
  };

/** Failures before the headers and of the body, and refusals by the gateway's own policies. */
export const reportFailures =
  (upstream: Upstream, clock: Clock, emit: Emit): Layer =>
  (next) =>
  async (request, call) => {
    const report = (error: unknown): void => {
      emit('attempt.failed', {
        rayId: call.rayId,
        upstream: upstream.id,
        cause: error instanceof GatewayError ? causeOf(error.code) : 'internal',
        afterMs: clock.nowMs() - call.startedMs,
      });
    };
    try {
      const response = await next(request, call);
      response.onEnd((end) => {
        if (end !== null) report(end);
      });
      return response;
    } catch (error) {
      report(error);
      throw error;
    }
  };
