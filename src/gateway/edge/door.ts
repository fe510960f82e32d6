/**
 * Where requests come in and answers go out: which version of the config serves a request, who is refused before
 * anything is sent on, what a failure looks like to its client, and how each request ended.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../core/clock.js';
import { DEGRADED_HEADER } from '../../core/degraded.js';
import { causeOf, ERRORS, type ErrorCode, GatewayError } from '../../core/errors.js';
import type { Emit } from '../../core/events.js';
import type { Random } from '../../core/random.js';
import { formatDuration } from '../../core/units.js';
import { Call, type ProxyResponse } from '../../policies/service.js';
import type { ListenerConfig } from '../config/listener.js';
import { sendError } from '../error-answer.js';
import type { Generations, RunningVersion } from '../generations.js';
import type { Metrics } from '../metrics.js';
import type { Recovery } from '../recovery.js';
import type { Tracing } from '../tracing/tracing.js';
import { hasBody, type Incoming, waitsForContinue } from './incoming.js';
import { Relay } from './relay.js';
import { findRequestProblem } from './request-checks.js';
import type { RuleRefusal } from './rules.js';
import { TrustedEdges } from './trusted-edges.js';

/** A request that was let in. */
export interface Begun {
  readonly call: Call;
  readonly raw: IncomingMessage;
  /** Whether its body is to be passed on. */
  readonly hasBody: boolean;
  /** The version of the config that serves it. */
  readonly version: RunningVersion;
}

export interface DoorParts {
  readonly config: ListenerConfig;
  readonly clock: Clock;
  readonly rayIds: Random;
  readonly generations: Generations;
  readonly metrics: Metrics;
  readonly emit: Emit;
  /** Called for every answer that its client got, or that broke off: under which version, and whether it was good. */
  readonly onResult: ((version: number, good: boolean) => void) | undefined;
  /** `null`: requests are not traced. */
  readonly tracing: Tracing | null;
}

/** Answers below 500 that a config alone brings about: one that refuses everybody must not pass for a good one. */
const BY_CONFIG: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'BGW_ERR_NO_ROUTE',
  'BGW_ERR_RATE_LIMITED',
  'BGW_ERR_BLOCKED',
]);

/** Errors of Fastify itself carry a status: below 500 the request was at fault. */
const asGatewayError = (error: unknown): GatewayError => {
  if (error instanceof GatewayError) return error;
  const { statusCode = 500, message } = error as { statusCode?: number; message: string };
  return new GatewayError(statusCode < 500 ? 'BGW_ERR_BAD_REQUEST' : 'BGW_ERR_INTERNAL', message, {
    cause: error,
  });
};

/** One of a policy's, which says on which numbers: what an upstream did is told of each attempt, and what a client sent is its own. */
const isDecision = ({ code, spec, message }: GatewayError): boolean =>
  spec.blame === 'gateway' && code !== 'BGW_ERR_INTERNAL' && message !== spec.title;

/** In words, with the numbers that decided. */
const refusalText = ({ code, waitMs, rule }: RuleRefusal): string => {
  const who = rule === undefined ? 'the limit at the door' : `the rule ${rule}`;
  if (code === 'BGW_ERR_INTERNAL') return 'there are more rules than room for them';
  return code === 'BGW_ERR_BLOCKED'
    ? `${who} blocks it`
    : `${who} has no token for it for ${formatDuration(waitMs)}`;
};

export class Door {
  readonly #parts: DoorParts;
  readonly #relay: Relay;
  readonly #edges: TrustedEdges;
  /** Answers that say no by the config's doing. */
  readonly #refusals = new WeakSet<ServerResponse>();
  /** By connection, what to do at its end for answers that wait for their turn on it. */
  readonly #waiting = new WeakMap<Socket, Set<() => void>>();

  constructor(parts: DoorParts) {
    this.#parts = parts;
    this.#relay = new Relay(parts.config.sendTimeoutMs, parts.clock);
    this.#edges = new TrustedEdges(parts.config.trustedEdges);
  }

  /** Lets a request in, or answers it here and says `null`. */
  begin(raw: IncomingMessage, response: ServerResponse): Begun | null {
    const { config, clock, rayIds, generations, tracing } = this.#parts;
    const call = new Call(this.#edges.rayIdOf(raw) ?? rayIds.hex16(), clock);
    const version = generations.begin(raw, call);
    this.#parts.metrics.tallies.open++;
    const begun: Begun = { call, raw, hasBody: hasBody(raw), version };
    this.#watch(response, begun);
    if (tracing !== null) {
      const { location } = version.config;
      tracing.begin(raw, call, { location, clientAddress: this.#edges.askerOf(raw).address });
    }
    // Of what follows in the same packet Node loses some, so nothing of it may be taken for a request.
    if ((raw as Incoming).asksUpgrade) response.shouldKeepAlive = false;
    const problem = findRequestProblem(raw, config);
    if (problem !== null) {
      this.fail(response, problem, begun);
      return null;
    }
    const { rules } = version.live;
    const refusal = rules === null ? null : rules.judge(raw, call.rayId);
    if (refusal !== null) {
      this.#refuse(response, begun, refusal);
      return null;
    }
    const waitMs = version.live.waitAtDoorMs(raw, call);
    if (waitMs > 0) {
      this.#refuse(response, begun, { code: 'BGW_ERR_RATE_LIMITED', waitMs });
      return null;
    }
    if (waitsForContinue(raw)) response.writeContinue();
    return begun;
  }

  answer(response: ProxyResponse, raw: ServerResponse, begun: Begun): void {
    if (begun.version.live.rules?.bypassed) response.headers[DEGRADED_HEADER] = 'rules';
    const refused = this.#relay.start(response, raw, begun.call);
    if (refused === null) this.#parts.metrics.onAnswer(response.statusCode);
    else this.fail(raw, refused, begun);
  }

  /**
   * @param begun `null`: it failed before it was let in.
   * @param waitMs until the client may come again, where whoever refused it says so.
   */
  fail(raw: ServerResponse, cause: unknown, begun: Begun | null, waitMs = 0): void {
    const { clock, rayIds, generations, metrics } = this.#parts;
    if (raw.destroyed || raw.headersSent) {
      metrics.onAnswer(ERRORS.BGW_ERR_CLIENT_LEFT.statusCode, causeOf('BGW_ERR_CLIENT_LEFT'));
      return;
    }
    const error = asGatewayError(cause);
    if (BY_CONFIG.has(error.code)) this.#refusals.add(raw);
    if (begun !== null) this.#parts.tracing?.failed(begun.call, error);
    const { config, live } = begun?.version ?? generations.stable;
    const recovery: Recovery | null =
      waitMs > 0
        ? { afterMs: waitMs, source: 'rate-limit' }
        : begun && live.recovery(error.code, begun.raw, clock.nowMs());
    const rayId = begun?.call.rayId ?? rayIds.hex16();
    if (begun !== null && isDecision(error)) {
      this.#parts.emit('request.refused', { rayId, cause: causeOf(error.code), detail: error.message });
    }
    const asker = this.#edges.askerOf(raw.req);
    const status = sendError(raw, error, { rayId, config, clock, recovery, asker });
    metrics.onAnswer(status, causeOf(error.code));
  }

  #refuse(response: ServerResponse, begun: Begun, { code, waitMs, rule }: RuleRefusal): void {
    const { rayId } = begun.call;
    const detail = refusalText({ code, waitMs, rule });
    this.#parts.emit('client.refused', {
      ...{ rayId, cause: causeOf(code), detail },
      ...(rule !== undefined && { rule }),
    });
    this.fail(response, new GatewayError(code), begun, waitMs);
  }

  /** Sees to it that a request that was begun ends, and once. */
  #watch(response: ServerResponse, begun: Begun): void {
    let over = false;
    const end = (): void => {
      if (over) return;
      over = true;
      this.#onEnd(response, begun);
    };
    response.on('close', end);
    // An answer behind another one on its connection is told nothing of that connection's end.
    if (begun.raw.httpVersionMajor === 1 && response.socket === null) {
      const waiting = this.#waitingOn(begun.raw.socket);
      waiting.add(end);
      response.on('close', () => waiting.delete(end));
    }
  }

  #waitingOn(socket: Socket): Set<() => void> {
    let waiting = this.#waiting.get(socket);
    if (waiting === undefined) {
      const made = new Set<() => void>();
      socket.on('close', () => {
        for (const end of made) end();
      });
      this.#waiting.set(socket, made);
      waiting = made;
    }
    return waiting;
  }

  /** How long it took. A connection that went on with another protocol has taken as long as its two ends wanted. */
  #measure(response: ServerResponse, { startedMs }: Call): void {
    const { metrics, clock } = this.#parts;
    metrics.tallies.open--;
    if (response.statusCode === 101) return;
    const status = response.headersSent ? response.statusCode : ERRORS.BGW_ERR_CLIENT_LEFT.statusCode;
    metrics.tallies.durations.add(status, clock.nowMs() - startedMs);
  }

  /** The request is over. One that failed by our answer speaks against the version that served it. */
  #onEnd(response: ServerResponse, { call, version }: Begun): void {
    const { generations, metrics, onResult, tracing } = this.#parts;
    generations.end(version);
    const finished = response.writableFinished;
    const brokeOff = this.#relay.brokeOff(response);
    if (brokeOff) metrics.tallies.broken++;
    this.#measure(response, call);
    if (tracing !== null) tracing.end(response, call, brokeOff);
    if (finished || brokeOff) {
      const good = !brokeOff && response.statusCode < 500 && !this.#refusals.delete(response);
      onResult?.(version.version, good);
    }
    if (!finished) call.cancel(new GatewayError('BGW_ERR_CLIENT_LEFT'));
  }
}
