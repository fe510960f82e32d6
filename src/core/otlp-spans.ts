/**
 * Spans made and exported by hand, as OTLP's JSON (opentelemetry-proto, `trace/v1`), for processes in which OpenTelemetry's
 * library would weigh more than what they are for. They are sent a batch at a time; a collector that is slow or not there
 * costs spans, and nothing else.
 */
import type { request } from 'node:http';
import { type Clock, sleep, type Timer } from './clock.js';
import type { OtlpTarget } from './otlp-environment.js';

/** `SPAN_KIND_INTERNAL`, `_SERVER` and `_CLIENT`. */
const KINDS = { internal: 1, server: 2, client: 3 } as const;
/** `STATUS_CODE_ERROR`. */
const ERROR = 2;

/** More often than the library: what a process holds when it dies is lost. */
const SEND_INTERVAL_MS = 500;

/** A collector that takes longer is not waited for. */
const ANSWER_WITHIN_MS = 2_000;

/** Less than whoever ends the process waits for it to go. */
const CLOSE_WITHIN_MS = 300;

const NANOS_PER_MS = 1_000_000;

/** OTLP has nanoseconds as text: a number would not hold them. */
const nanos = (atMs: number): string => {
  const wholeMs = Math.floor(atMs);
  return String(BigInt(wholeMs) * BigInt(NANOS_PER_MS) + BigInt(Math.floor((atMs - wholeMs) * NANOS_PER_MS)));
};

/** One that is `undefined` is left out. */
export type SpanAttributes = Readonly<Record<string, string | number | undefined>>;

const wireValue = (value: string | number): object => {
  if (typeof value === 'string') return { stringValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
};

const attributesOf = (values: SpanAttributes): object[] =>
  Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: wireValue(value) }],
  );

export interface PlainSpan {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  /** `null`: it began the trace. */
  readonly parentSpanId: string | null;
  readonly name: string;
  readonly kind: keyof typeof KINDS;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: SpanAttributes;
  readonly events?: readonly { readonly name: string; readonly atMs: number }[];
  readonly failed: boolean;
}

const wireOf = (span: PlainSpan): object => ({
  traceId: span.traceId,
  spanId: span.spanId,
  ...(span.parentSpanId !== null && { parentSpanId: span.parentSpanId }),
  flags: 1,
  name: span.name,
  kind: KINDS[span.kind],
  startTimeUnixNano: nanos(span.startMs),
  endTimeUnixNano: nanos(span.endMs),
  attributes: attributesOf(span.attributes),
  events: (span.events ?? []).map(({ name, atMs }) => ({ timeUnixNano: nanos(atMs), name, attributes: [] })),
  status: span.failed ? { code: ERROR } : {},
});

export interface OtlpSpansParts {
  /** `service.name` of the process. */
  readonly service: string;
  /** What tells it from others of its kind; its pid is added. */
  readonly instance: string;
  readonly pid: number;
  readonly target: OtlpTarget;
  /** Of `node:http`, or of `node:https` where the collector wants that. */
  readonly post: typeof request;
  readonly clock: Clock;
  /** Some 500 bytes each. What finds no place is dropped. */
  readonly maxWaiting: number;
  /** Spans in one post at most; half as many do not wait for the interval. */
  readonly maxBatch: number;
}

export class OtlpSpans {
  readonly #parts: OtlpSpansParts;
  #waiting: PlainSpan[] = [];
  #timer: Timer | null = null;
  /** `null`: nothing is on its way. */
  #underWay: Promise<void> | null = null;

  constructor(parts: OtlpSpansParts) {
    this.#parts = parts;
  }

  add(span: PlainSpan): void {
    if (this.#waiting.length >= this.#parts.maxWaiting) return;
    this.#waiting.push(span);
    this.#schedule();
  }

  /** Sends what there is, for a short while. */
  async close(): Promise<void> {
    await Promise.race([this.#drain(), sleep(this.#parts.clock, CLOSE_WITHIN_MS)]);
    this.#timer?.cancel();
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0 || this.#underWay !== null) {
      if (this.#underWay === null) this.#send();
      await this.#underWay;
    }
  }

  #schedule(): void {
    const { clock, maxBatch } = this.#parts;
    if (this.#underWay === null && this.#waiting.length * 2 >= maxBatch) this.#send();
    else this.#timer ??= clock.after(SEND_INTERVAL_MS, () => this.#onTimer());
  }

  #onTimer(): void {
    this.#timer = null;
    if (this.#underWay === null) this.#send();
    else this.#schedule();
  }

  #send(): void {
    this.#timer?.cancel();
    this.#timer = null;
    const body = this.#body(this.#waiting.splice(0, this.#parts.maxBatch));
    this.#underWay = this.#post(body).then(() => {
      this.#underWay = null;
      if (this.#waiting.length > 0) this.#schedule();
    });
  }

  #body(spans: readonly PlainSpan[]): string {
    const { service, instance, pid } = this.#parts;
    const resource = attributesOf({
      'service.name': service,
      'service.instance.id': `${instance}-${pid}`,
      'process.pid': pid,
    });
    const scopeSpans = [{ scope: { name: 'badgateway' }, spans: spans.map(wireOf) }];
    return JSON.stringify({ resourceSpans: [{ resource: { attributes: resource }, scopeSpans }] });
  }

  /** Resolves when it is over, whatever became of it. */
  #post(body: string): Promise<void> {
    const { target, post, clock } = this.#parts;
    const { url, headers } = target;
    return new Promise((resolve) => {
      const outgoing = post(url, {
        method: 'POST',
        headers: {
          ...headers,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        },
      });
      const timer = clock.after(ANSWER_WITHIN_MS, () => outgoing.destroy());
      outgoing.on('response', (answer) => answer.resume());
      outgoing.on('error', () => {});
      outgoing.on('close', () => {
        timer.cancel();
        resolve();
      });
      outgoing.end(body);
    });
  }
}

/** What posts to a collector at that address. */
export const postTo = async ({ url }: OtlpTarget): Promise<typeof request> => {
  const { request: post } =
    url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  return post;
};
