/**
 * Traces of requests, as the rest of the gateway sees them. Off unless the environment names a collector
 * (`core/otlp-environment.ts`); then nothing of OpenTelemetry is loaded, and the pipeline has no layer for it.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../core/clock.js';
import type { GatewayError } from '../../core/errors.js';
import type { Event } from '../../core/events.js';
import { otlpTarget } from '../../core/otlp-environment.js';
import type { Call, Layer } from '../../policies/service.js';
import type { Tallies } from '../metrics/tallies.js';
import type { TracedUpstream } from './request-trace.js';

/** What the gateway knows of a request beside what it says itself. */
export interface TraceSurroundings {
  /** Where the gateway is; `null`: nobody says. */
  readonly location: string | null;
  /** Of the client, whoever brought its request here. */
  readonly clientAddress: string;
}

export interface Tracing {
  /** A request has come in. */
  begin(raw: IncomingMessage, call: Call, surroundings: TraceSurroundings): void;
  /** It gets an answer of the gateway's own. */
  failed(call: Call, error: GatewayError): void;
  /** It is over; `brokeOff`: its answer did not come whole, by no fault of the client. */
  end(response: ServerResponse, call: Call, brokeOff: boolean): void;
  /** What events say of a request goes into its trace. */
  readonly onEvent: (event: Event) => void;
  /** Notes the route. */
  route(name: string): Layer;
  /** A span for each attempt at an upstream, which is told of it. */
  attempt(upstream: TracedUpstream): Layer;
  /** Notes when an attempt was sent: what came before was waiting. */
  readonly sent: Layer;
  /** Where spans that were exported or dropped are counted. */
  countIn(tallies: Pick<Tallies, 'onSpans'>): void;
  /** Sends what there is, for a short while. */
  close(): Promise<void>;
}

/** @returns `null`: nobody wants traces. */
export const openTracing = async (
  clock: Clock,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Tracing | null> => {
  const target = otlpTarget(environment);
  if (target === null) return null;
  // Loaded only where it is wanted: it takes longer to load than the rest of the gateway.
  const { OtlpTracing } = await import('./otlp-tracing.js');
  return new OtlpTracing(target, clock, environment);
};
