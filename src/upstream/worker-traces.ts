/**
 * A worker's spans, for requests whose sender records a trace: the request, and beneath it each call of a dependency. Made
 * by hand: OpenTelemetry's library would take more of a worker's heap than everything else in it, and that heap is there
 * to be leaked. A worker that dies takes along what it has not sent yet, as one would.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../core/clock.js';
import { OtlpSpans, type OtlpSpansParts } from '../core/otlp-spans.js';
import type { Random } from '../core/random.js';
import { parseTraceParent, type TraceParent } from '../core/trace-context.js';
import type { CallWatch } from './dependencies/client.js';

/** A heap is small. */
const MAX_SPANS = 256;

export interface WorkerTracesParts extends Pick<OtlpSpansParts, 'pid' | 'target' | 'post' | 'clock'> {
  /** Of the worker. */
  readonly id: string;
  readonly random: Random;
}

interface Known {
  readonly parent: TraceParent;
  readonly spanId: string;
  readonly startedMs: number;
  readonly request: IncomingMessage;
}

/** What spans are made with. */
interface Maker {
  readonly id: string;
  readonly clock: Pick<Clock, 'nowMs'>;
  /** Of their IDs. */
  readonly random: Random;
  readonly spans: Pick<OtlpSpans, 'add'>;
}

const rayIdOf = ({ headers }: IncomingMessage): string => String(headers['x-ray-id'] ?? '');

/** One request at the worker. */
export class WorkerSpan {
  readonly #known: Known;
  readonly #maker: Maker;
  /** `null`: it never got one. */
  #slotMs: number | null = null;

  constructor(known: Known, maker: Maker) {
    this.#known = known;
    this.#maker = maker;
  }

  /** It waited until now. */
  gotSlot(): void {
    this.#slotMs = this.#maker.clock.nowMs();
  }

  /** A call of a dependency begins, its wait for a connection included. */
  readonly called: CallWatch = ({ name, kind, host, port }) => {
    const { clock, random, spans, id } = this.#maker;
    const { parent, spanId, request } = this.#known;
    const startMs = clock.nowMs();
    const events: { name: string; atMs: number }[] = [];
    return {
      sent: () => void events.push({ name: 'sent', atMs: clock.nowMs() }),
      ended: ({ outcome, cause }) =>
        spans.add({
          ...{ traceId: parent.traceId, spanId: random.hex16(), parentSpanId: spanId },
          ...{ name, kind: 'client', startMs, endMs: clock.nowMs() },
          attributes: {
            ...{ 'server.address': host, 'server.port': port },
            'badgateway.dependency': name,
            'badgateway.dependency.kind': kind,
            'badgateway.dependency.outcome': outcome,
            'error.type': cause === '' ? undefined : cause,
            'badgateway.worker': id,
            'badgateway.ray_id': rayIdOf(request),
          },
          events,
          // Nobody waits for its answer any more: that is no failure of the dependency.
          failed: cause !== '' && cause !== 'client_left',
        }),
    };
  };

  end({ statusCode, writableFinished }: ServerResponse): void {
    const { clock, spans, id } = this.#maker;
    const { parent, spanId, startedMs, request } = this.#known;
    const failed = !writableFinished || statusCode >= 500;
    spans.add({
      ...{ traceId: parent.traceId, spanId, parentSpanId: parent.spanId },
      ...{ name: request.method ?? '', kind: 'server', startMs: startedMs, endMs: clock.nowMs() },
      attributes: {
        'http.request.method': request.method ?? '',
        'url.path': (request.url ?? '').split('?', 1)[0]!,
        'http.response.status_code': writableFinished ? statusCode : undefined,
        'error.type': failed ? (writableFinished ? String(statusCode) : 'connection_lost') : undefined,
        'badgateway.worker': id,
        'badgateway.ray_id': rayIdOf(request),
      },
      events: this.#slotMs === null ? [] : [{ name: 'slot', atMs: this.#slotMs }],
      failed,
    });
  }
}

export class WorkerTraces {
  readonly #maker: Maker;

  constructor({ id, random, ...parts }: WorkerTracesParts) {
    this.#maker = {
      ...{ id, clock: parts.clock },
      // The process is in it: a seed makes runs alike, and no two spans of a trace may be.
      random: random.fork(`spans of process ${parts.pid}`),
      spans: new OtlpSpans({
        ...{ ...parts, service: 'badgateway-worker', instance: id },
        ...{ maxWaiting: MAX_SPANS, maxBatch: MAX_SPANS },
      }),
    };
  }

  /** @returns `null`: whoever sent the request does not record it. */
  begin(incoming: IncomingMessage, response: ServerResponse): WorkerSpan | null {
    const parent = parseTraceParent(incoming.headers.traceparent);
    if (parent === null || !parent.sampled) return null;
    const { random, clock } = this.#maker;
    const known = { parent, spanId: random.hex16(), startedMs: clock.nowMs(), request: incoming };
    const span = new WorkerSpan(known, this.#maker);
    response.once('close', () => span.end(response));
    return span;
  }
}
