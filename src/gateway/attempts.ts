/** Layers that watch attempts: what is in flight at an upstream, how long it took, and every failure. */
import type { Clock } from '../core/clock.js';
import { causeOf, GatewayError } from '../core/errors.js';
import type { Emit } from '../core/events.js';
import { type Outcome, outcomeOfError, outcomeOfStatus } from '../policies/outcome.js';
import type { Call, Layer, ProxyRequest } from '../policies/service.js';
import type { Selector } from './balance/selector.js';
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

/** Tells a balancer that learns how long the attempt took since it was sent, without its wait for a slot, and its end. */
export const tellSelector =
  (selector: Selector, upstream: Upstream, clock: Clock): Layer =>
  (next) =>
  (request, call) => {
    const sentMs = clock.nowMs();
    const tell = (outcome: Outcome): void => {
      const nowMs = clock.nowMs();
      selector.observe?.(upstream, { nowMs, latencyMs: nowMs - sentMs, outcome });
    };
    return next(request, call).then(
      (response) => {
        tell(outcomeOfStatus(response.statusCode));
        return response;
      },
      (error) => {
        tell(outcomeOfError(error));
        throw error;
      },
    );
  };

/** A hedge that was not needed any more failed nobody. */
const isLost = (error: unknown): boolean =>
  error instanceof GatewayError && error.code === 'BGW_ERR_HEDGE_LOST';

/** A field that many clients and proxies send, and by which they find a request again. */
const REQUEST_ID_HEADER = 'x-request-id';
/** Characters of it that are told: twice a UUID's and more. */
const MAX_REQUEST_ID = 128;

/** What a client that has left called its request: it never heard of the Ray ID. */
const clientsId = (error: unknown, { headers }: ProxyRequest): { readonly requestId?: string } => {
  const id = headers[REQUEST_ID_HEADER];
  const isLeft = error instanceof GatewayError && error.code === 'BGW_ERR_CLIENT_LEFT';
  return isLeft && typeof id === 'string' ? { requestId: id.slice(0, MAX_REQUEST_ID) } : {};
};

/** Failures before the headers and of the body, and refusals by the gateway's own policies. */
export const reportFailures = (upstream: Upstream, clock: Clock, emit: Emit): Layer => {
  const report = (request: ProxyRequest, call: Call, error: unknown): void => {
    if (isLost(error)) return;
    emit('attempt.failed', {
      rayId: call.rayId,
      upstream: upstream.id,
      cause: error instanceof GatewayError ? causeOf(error.code) : 'internal',
      afterMs: clock.nowMs() - call.startedMs,
      ...clientsId(error, request),
    });
  };
  return (next) => (request, call) =>
    next(request, call).then(
      (response) => {
        response.onEnd((end) => {
          if (end !== null) report(request, call, end);
        });
        return response;
      },
      (error) => {
        report(request, call, error);
        throw error;
      },
    );
};
