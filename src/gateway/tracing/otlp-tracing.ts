/**
 * Traces by OpenTelemetry's library, exported over OTLP/HTTP as JSON. Loaded only when somebody wants traces. Sampler and
 * limits of spans are the library's, by their environment variables (`OTEL_TRACES_SAMPLER`, …).
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import type { Clock } from '../../core/clock.js';
import type { GatewayError } from '../../core/errors.js';
import type { Event } from '../../core/events.js';
import type { OtlpTarget } from '../../core/otlp-environment.js';
import { packageVersion } from '../../core/package-version.js';
import type { Call, Layer } from '../../policies/service.js';
import type { Tallies } from '../metrics/tallies.js';
import { type AttemptTrace, RequestTrace, type TracedUpstream } from './request-trace.js';
import { SpanQueue, spanQueueOptions } from './span-queue.js';
import type { TraceSurroundings, Tracing } from './tracing.js';

const SERVICE = 'badgateway';

/** By the span of the attempt, and by what the request's own span says of its end. */
const TOLD_OTHERWISE: ReadonlySet<Event['type']> = new Set<Event['type']>([
  'attempt.failed',
  'request.refused',
]);

/** What says this about every span; the environment's word counts more. */
const resourceOf = () =>
  defaultResource()
    .merge(
      resourceFromAttributes({
        'service.name': SERVICE,
        'service.version': packageVersion(),
        'service.instance.id': `gateway-${process.pid}`,
        'process.pid': process.pid,
      }),
    )
    .merge(detectResources({ detectors: [envDetector] }));

export class OtlpTracing implements Tracing {
  readonly #clock: Clock;
  readonly #tracer: Tracer;
  readonly #provider: BasicTracerProvider;
  /** Requests that have begun and not ended, by Ray ID: what happens to one is told with its Ray ID alone. */
  readonly #requests = new Map<string, RequestTrace>();
  /** The same by what began them: an edge may send a request again, under its Ray ID, before its first try is over. */
  readonly #begun = new WeakMap<Call, RequestTrace>();
  readonly #attempts = new WeakMap<Call, AttemptTrace>();
  #tallies: Pick<Tallies, 'onSpans'> | null = null;

  constructor(
    { url, headers }: OtlpTarget,
    clock: Clock,
    environment: Readonly<Record<string, string | undefined>>,
  ) {
    this.#clock = clock;
    const exporter = new OTLPTraceExporter({ url: url.href, headers });
    const queue = new SpanQueue(exporter, spanQueueOptions(environment), clock, (fate, count) =>
      this.#tallies?.onSpans(fate, count),
    );
    this.#provider = new BasicTracerProvider({ resource: resourceOf(), spanProcessors: [queue] });
    this.#tracer = this.#provider.getTracer(SERVICE, packageVersion());
  }

  countIn(tallies: Pick<Tallies, 'onSpans'>): void {
    this.#tallies = tallies;
  }

  begin(raw: IncomingMessage, call: Call, surroundings: TraceSurroundings): void {
    const [tracer, clock] = [this.#tracer, this.#clock];
    const trace = new RequestTrace({ tracer, clock, raw, call, surroundings });
    this.#begun.set(call, trace);
    this.#requests.set(call.rayId, trace);
  }

  failed(call: Call, error: GatewayError): void {
    this.#begun.get(call)?.failed(error);
  }

  end(response: ServerResponse, call: Call, brokeOff: boolean): void {
    const trace = this.#begun.get(call);
    trace?.end(response, brokeOff);
    if (this.#requests.get(call.rayId) === trace) this.#requests.delete(call.rayId);
  }

  readonly onEvent = (event: Event): void => {
    if ('rayId' in event && !TOLD_OTHERWISE.has(event.type)) this.#requests.get(event.rayId)?.onEvent(event);
  };

  route(name: string): Layer {
    return (next) => (request, call) => {
      const trace = this.#requests.get(call.rayId);
      if (trace !== undefined) trace.route = name;
      return next(request, call);
    };
  }

  attempt(upstream: TracedUpstream): Layer {
    return (next) => (request, call) => {
      const trace = this.#requests.get(call.rayId);
      if (trace === undefined) return next(request, call);
      if (!trace.recorded) return next(trace.carriedBy(request), call);
      const attempt = trace.attempt(upstream, request, call);
      this.#attempts.set(call, attempt);
      return next(attempt.carriedBy(request), call).then(
        (response) => {
          attempt.answered(response.statusCode);
          response.onEnd((end) => attempt.end(end));
          return response;
        },
        (error) => {
          attempt.end(error);
          throw error;
        },
      );
    };
  }

  readonly sent: Layer = (next) => (request, call) => {
    this.#attempts.get(call)?.sent();
    return next(request, call);
  };

  async close(): Promise<void> {
    await this.#provider.shutdown();
  }
}
