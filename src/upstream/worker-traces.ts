/**
 * A worker's spans, for requests whose sender records a trace. They are made and exported by hand, as OTLP's JSON
 * (opentelemetry-proto, `trace/v1`): OpenTelemetry's library would take more of a worker's heap than everything else in
 * it, and that heap is there to be leaked. A worker that dies takes along what it has not sent yet, as one would.
 */
import type { IncomingMessage, request, ServerResponse } from 'node:http';
import type { Clock, Timer } from '../core/clock.js';
import type { OtlpTarget } from '../core/otlp-environment.js';
import type { Random } from '../core/random.js';
import { parseTraceParent, type TraceParent } from '../core/trace-context.js';

/** More often than the gateway: what a worker holds when it dies is lost. */
const SEND_INTERVAL_MS = 500;

/** Some 500 bytes each. What finds no place is dropped. */
const MAX_SPANS = 256;

/** A collector that takes longer is not waited for. */
const ANSWER_WITHIN_MS = 2_000;

/** `SPAN_KIND_SERVER`. */
const SERVER = 2;
/** `STATUS_CODE_ERROR`. */
const ERROR = 2;

const NANOS_PER_MS = 1_000_000;

/** OTLP has nanoseconds as text: a number would not hold them. */
const nanos = (atMs: number): string => {
  const wholeMs = Math.floor(atMs);
  return String(BigInt(wholeMs) * BigInt(NANOS_PER_MS) + BigInt(Math.floor((atMs - wholeMs) * NANOS_PER_MS)));
};

const attributes = (values: Readonly<Record<string, string | number | undefined>>) =>
  Object.entries(values).flatMap(([key, value]) => {
    if (value === undefined) return [];
    return [{ key, value: typeof value === 'string' ? { stringValue: value } : { intValue: String(value) } }];
  });

export interface WorkerTracesParts {
  /** Of the worker. */
  readonly id: string;
  readonly pid: number;
  readonly target: OtlpTarget;
  /** Of `node:http`, or of `node:https` where the collector wants that. */
  readonly post: typeof request;
  readonly clock: Clock;
  readonly random: Random;
}

interface Known {
  readonly parent: TraceParent;
  readonly spanId: string;
  readonly startedMs: number;
  readonly request: IncomingMessage;
}

/** One request at the worker. */
export class WorkerSpan {
  readonly known: Known;
  readonly #clock: Pick<Clock, 'nowMs'>;
  /** `null`: it never got one. */
  slotMs: number | null = null;

  constructor(known: Known, clock: Pick<Clock, 'nowMs'>) {
    this.known = known;
    this.#clock = clock;
  }

  /** It waited until now. */
  gotSlot(): void {
    this.slotMs = this.#clock.nowMs();
  }
}

export class WorkerTraces {
  readonly #parts: WorkerTracesParts;
  readonly #random: Random;
  #spans: object[] = [];
  #timer: Timer | null = null;
  #sending = false;

  constructor(parts: WorkerTracesParts) {
    this.#parts = parts;
    // The process is in it: a seed makes runs alike, and no two spans of a trace may be.
    this.#random = parts.random.fork(`spans of process ${parts.pid}`);
  }

  /** @returns `null`: whoever sent the request does not record it. */
  begin(incoming: IncomingMessage, response: ServerResponse): WorkerSpan | null {
    const { clock } = this.#parts;
    const parent = parseTraceParent(incoming.headers.traceparent);
    if (parent === null || !parent.sampled) return null;
    const spanId = this.#random.hex16();
    const span = new WorkerSpan({ parent, spanId, startedMs: clock.nowMs(), request: incoming }, clock);
    response.once('close', () => this.#end(span, response));
    return span;
  }

  #end({ known, slotMs }: WorkerSpan, { statusCode, writableFinished }: ServerResponse): void {
    if (this.#spans.length >= MAX_SPANS) return;
    const { clock, id } = this.#parts;
    const { parent, spanId, startedMs, request: incoming } = known;
    const failed = !writableFinished || statusCode >= 500;
    this.#spans.push({
      traceId: parent.traceId,
      spanId,
      parentSpanId: parent.spanId,
      flags: 1,
      name: incoming.method ?? '',
      kind: SERVER,
      startTimeUnixNano: nanos(startedMs),
      endTimeUnixNano: nanos(clock.nowMs()),
      attributes: attributes({
        'http.request.method': incoming.method ?? '',
        'url.path': (incoming.url ?? '').split('?', 1)[0]!,
        'http.response.status_code': writableFinished ? statusCode : undefined,
        'error.type': failed ? (writableFinished ? String(statusCode) : 'connection_lost') : undefined,
        'badgateway.worker': id,
        'badgateway.ray_id': String(incoming.headers['x-ray-id'] ?? ''),
      }),
      events: slotMs === null ? [] : [{ timeUnixNano: nanos(slotMs), name: 'slot', attributes: [] }],
      status: failed ? { code: ERROR } : {},
    });
    this.#timer ??= clock.after(SEND_INTERVAL_MS, () => this.#send());
  }

  #send(): void {
    this.#timer = null;
    if (this.#sending) {
      this.#timer = this.#parts.clock.after(SEND_INTERVAL_MS, () => this.#send());
      return;
    }
    this.#sending = true;
    this.#post(this.#body(this.#spans.splice(0)), () => {
      this.#sending = false;
    });
  }

  #body(spans: readonly object[]): string {
    const { id, pid } = this.#parts;
    const resource = attributes({
      'service.name': 'badgateway-worker',
      'service.instance.id': `${id}-${pid}`,
      'process.pid': pid,
    });
    const scope = { name: 'badgateway' };
    return JSON.stringify({
      resourceSpans: [{ resource: { attributes: resource }, scopeSpans: [{ scope, spans }] }],
    });
  }

  /** Whatever becomes of it, the worker goes on. */
  #post(body: string, done: () => void): void {
    const { target, post, clock } = this.#parts;
    const { url, headers } = target;
    const outgoing = post(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    });
    const timer = clock.after(ANSWER_WITHIN_MS, () => outgoing.destroy());
    outgoing.on('response', (answer) => answer.resume());
    outgoing.on('error', () => {});
    outgoing.on('close', () => {
      timer.cancel();
      done();
    });
    outgoing.end(body);
  }
}
