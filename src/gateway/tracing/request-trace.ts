/** The spans of one request: its own, and one for each attempt. Names are those of OpenTelemetry's HTTP conventions. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type Attributes,
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { Clock } from '../../core/clock.js';
import { causeOf, GatewayError } from '../../core/errors.js';
import type { Event } from '../../core/events.js';
import { hostAndPort } from '../../core/http-address.js';
import { formatTraceParent, parseTraceParent, TRACEPARENT, TRACESTATE } from '../../core/trace-context.js';
import type { Call, Headers, ProxyRequest } from '../../policies/service.js';
import { hostOf } from '../headers.js';
import type { UpstreamAddress } from '../upstream-pool.js';
import type { TraceSurroundings } from './tracing.js';

export interface TracedUpstream extends Pick<UpstreamAddress, 'id' | 'host' | 'port'> {
  readonly scheme: 'http' | 'https';
}

/** Methods that may be the name of a span: a name that a client makes up would be one more for each (HTTP spans, "Name"). */
const KNOWN_METHODS = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
]);

const nameOf = (method: string): string => (KNOWN_METHODS.has(method) ? method : 'HTTP');

/** Whose trace the request belongs to, if its client says it. */
const contextOf = ({ headers }: IncomingMessage): Context => {
  const parent = parseTraceParent(headers[TRACEPARENT]);
  if (parent === null) return ROOT_CONTEXT;
  const state = headers[TRACESTATE];
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: parent.traceId,
    spanId: parent.spanId,
    traceFlags: Number(parent.sampled),
    isRemote: true,
    ...(state !== undefined && { traceState: createTraceState(String(state)) }),
  });
};

/** What ended an attempt or a request that is nobody's failure. */
const isIgnored = (cause: string): boolean => cause === 'hedge_lost' || cause === 'client_left';

const markFailed = (span: Span, type: string): void => {
  span.setAttribute('error.type', type);
  span.setStatus({ code: SpanStatusCode.ERROR });
};

/** Fields of events that say something beside when and of which request. */
const attributesOf = ({ atMs, type, ...fields }: Event): Attributes => {
  const { rayId: _rayId, ...others } = fields as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(others).map(([name, value]) => [`badgateway.${name}`, value as string | number]),
  );
};

const carriedBy = (span: Span, request: ProxyRequest): ProxyRequest => {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext();
  const headers: Headers = { ...request.headers };
  headers[TRACEPARENT] = formatTraceParent({ traceId, spanId, sampled: (traceFlags & 1) !== 0 });
  // What came with a `traceparent` that says nothing must not go on either.
  headers[TRACESTATE] = traceState?.serialize() || undefined;
  return { ...request, headers };
};

export interface RequestTraceParts {
  readonly tracer: Tracer;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly raw: IncomingMessage;
  readonly call: Call;
  readonly surroundings: TraceSurroundings;
}

export class RequestTrace {
  readonly #tracer: Tracer;
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #span: Span;
  readonly #context: Context;
  #cause: string | null = null;
  /** Why the next attempt is made, where it is not the first. */
  #next: Attributes = {};

  constructor({ tracer, clock, raw, call, surroundings }: RequestTraceParts) {
    this.#tracer = tracer;
    this.#clock = clock;
    const parent = contextOf(raw);
    this.#span = tracer.startSpan(
      nameOf(raw.method ?? ''),
      { kind: SpanKind.SERVER, startTime: call.startedMs },
      parent,
    );
    this.#context = trace.setSpan(parent, this.#span);
    if (this.#span.isRecording()) this.#describe(raw, call, surroundings);
  }

  /** Whether the sampler chose it: if not, upstreams are told so, and nothing else is done for it. */
  get recorded(): boolean {
    return this.#span.isRecording();
  }

  /** The request as upstreams get it when it is not recorded. */
  carriedBy(request: ProxyRequest): ProxyRequest {
    return carriedBy(this.#span, request);
  }

  set route(name: string) {
    this.#span.setAttribute('badgateway.route', name);
  }

  failed(error: GatewayError): void {
    this.#cause = causeOf(error.code);
  }

  onEvent(event: Event): void {
    if (!this.recorded) return;
    if (event.type === 'request.hedged') this.#next = { 'badgateway.hedge': true };
    else if (event.type === 'attempt.retried') this.#next = { 'badgateway.retry.cause': event.cause };
    this.#span.addEvent(event.type, attributesOf(event), event.atMs);
  }

  /** @param brokeOff its body did, by no fault of the client. */
  end(response: ServerResponse, brokeOff: boolean): void {
    const span = this.#span;
    if (brokeOff) markFailed(span, 'body_broken');
    const cause = this.#cause ?? (response.headersSent || response.statusCode === 101 ? null : 'client_left');
    if (cause !== 'client_left') {
      const { statusCode } = response;
      span.setAttribute('http.response.status_code', statusCode);
      if (statusCode >= 500) markFailed(span, cause ?? String(statusCode));
    }
    if (cause !== null) span.setAttribute('badgateway.cause', cause);
    span.end(this.#clock.nowMs());
  }

  /** Begins the span of an attempt. */
  attempt(upstream: TracedUpstream, request: ProxyRequest, call: Call): AttemptTrace {
    const span = this.#tracer.startSpan(
      nameOf(request.method),
      { kind: SpanKind.CLIENT, startTime: this.#clock.nowMs() },
      this.#context,
    );
    span.setAttributes({
      'http.request.method': request.method,
      'url.full': `${upstream.scheme}://${hostAndPort(upstream)}${request.path}`,
      'server.address': upstream.host,
      'server.port': upstream.port,
      'badgateway.upstream': upstream.id,
      'badgateway.attempt': call.attempt,
      'badgateway.ray_id': call.rayId,
      ...(call.attempt > 1 && { 'http.request.resend_count': call.attempt - 1 }),
      ...this.#next,
    });
    this.#next = {};
    return new AttemptTrace(span, this.#clock);
  }

  #describe(raw: IncomingMessage, call: Call, { location, clientAddress }: TraceSurroundings): void {
    const [path = '', query] = (raw.url ?? '').split('?', 2);
    this.#span.setAttributes({
      'http.request.method': raw.method ?? '',
      'url.scheme': 'encrypted' in raw.socket ? 'https' : 'http',
      'url.path': path,
      ...(query !== undefined && { 'url.query': query }),
      'server.address': hostOf(raw) ?? '',
      'client.address': clientAddress,
      'network.peer.address': raw.socket.remoteAddress ?? '',
      'network.protocol.version': raw.httpVersionMajor === 2 ? '2' : raw.httpVersion,
      'user_agent.original': raw.headers['user-agent'] ?? '',
      'badgateway.ray_id': call.rayId,
      // An edge and the gateways behind it are in the same trace.
      ...(location !== null && { 'badgateway.location': location }),
    });
  }
}

export class AttemptTrace {
  readonly #span: Span;
  readonly #clock: Pick<Clock, 'nowMs'>;

  constructor(span: Span, clock: Pick<Clock, 'nowMs'>) {
    this.#span = span;
    this.#clock = clock;
  }

  /** The request with the attempt's span as the parent of whatever the upstream does with it. */
  carriedBy(request: ProxyRequest): ProxyRequest {
    return carriedBy(this.#span, request);
  }

  /** It has a slot and the breaker's permission. */
  sent(): void {
    this.#span.addEvent('sent', {}, this.#clock.nowMs());
  }

  answered(statusCode: number): void {
    this.#span.setAttribute('http.response.status_code', statusCode);
    this.#span.addEvent('answered', {}, this.#clock.nowMs());
    // Of a client's span, 4xx is an error too (HTTP spans, "Status").
    if (statusCode >= 400) markFailed(this.#span, String(statusCode));
  }

  /** @param error `null`: its body has come whole. */
  end(error: unknown): void {
    if (error !== null) {
      const cause = error instanceof GatewayError ? causeOf(error.code) : 'internal';
      this.#span.setAttribute('badgateway.cause', cause);
      if (!isIgnored(cause)) markFailed(this.#span, cause);
    }
    this.#span.end(this.#clock.nowMs());
  }
}
