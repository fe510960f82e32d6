/**
 * Where the traces of a run begin: with the request of a client, from the moment at which it was meant to be sent until
 * the client had its answer or was gone, and beneath it each of its tries. Nothing of it is there unless the environment
 * names a collector.
 */
import type { Clock } from '../../core/clock.js';
import type { OtlpTarget } from '../../core/otlp-environment.js';
import { OtlpSpans, type PlainSpan, postTo } from '../../core/otlp-spans.js';
import { Random } from '../../core/random.js';
import { formatTraceParent, TRACEPARENT } from '../../core/trace-context.js';
import { rootSampler, type TraceSampler } from '../../core/trace-sampler.js';
import type { Asked } from './classes.js';
import type { ClientAttempt, RequestId, RequestRecord } from './clients.js';

export interface ClientTracesParts {
  readonly spans: Pick<OtlpSpans, 'add' | 'close'>;
  readonly sampled: TraceSampler;
  /** Of the IDs of traces and spans; no two processes may have the same. */
  readonly random: Random;
}

/** A request that is under way. */
interface Open {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
  readonly asked: Pick<Asked, 'method' | 'path' | 'headers'>;
  /** Of its tries so far. */
  readonly tries: string[];
}

const NONE: readonly string[] = [];

/** Names and values in turn. @returns whether whoever wrote the scenario has a trace of his own. */
const saysTrace = (headers: readonly string[]): boolean =>
  headers.some((text, index) => index % 2 === 0 && text.toLowerCase() === TRACEPARENT);

/** What a client brought about itself is nobody's failure. */
const LEFT = 'client_left';

/** A second's worth at a thousand requests and more: what finds no place is dropped, and no request waits for it. */
const MAX_SPANS = 4_096;
/** To put so many into words takes a millisecond or two, and an arrival may have to wait for it. */
const MAX_SPANS_IN_BATCH = 256;

export class ClientTraces {
  readonly #parts: ClientTracesParts;
  readonly #open = new Map<RequestId, Open>();

  constructor(parts: ClientTracesParts) {
    this.#parts = parts;
  }

  /** Sends what there is, for a short while. */
  async close(): Promise<void> {
    await this.#parts.spans.close();
  }

  /** A request is tried, for the first time or again. @returns the fields that say so, names and values in turn. */
  readonly fieldsOf = (id: RequestId, asked: Open['asked']): readonly string[] => {
    if (saysTrace(asked.headers)) return NONE;
    const { random } = this.#parts;
    let open = this.#open.get(id);
    if (open === undefined) {
      open = this.#begin(asked);
      this.#open.set(id, open);
    }
    const { traceId, sampled, tries } = open;
    const spanId = random.hex16();
    tries.push(spanId);
    return [TRACEPARENT, formatTraceParent({ traceId, spanId, sampled })];
  };

  /** @param originMs when the load began, by which the record counts. */
  ended(record: RequestRecord, originMs: number): void {
    const open = this.#open.get(record.id);
    this.#open.delete(record.id);
    if (open === undefined || !open.sampled) return;
    const { spans } = this.#parts;
    spans.add(requestSpan(record, open, originMs));
    for (const [index, attempt] of record.attempts.entries()) {
      spans.add(trySpan(attempt, index, open, originMs));
    }
  }

  #begin(asked: Open['asked']): Open {
    const { random, sampled } = this.#parts;
    const traceId = random.hex16() + random.hex16();
    return { traceId, spanId: random.hex16(), sampled: sampled(traceId), asked, tries: [] };
  }
}

const requestSpan = (
  record: RequestRecord,
  { traceId, spanId, asked }: Open,
  originMs: number,
): PlainSpan => ({
  ...{ traceId, spanId, parentSpanId: null, name: 'request', kind: 'internal' },
  ...{ startMs: originMs + record.arrivalMs, endMs: originMs + record.endMs },
  attributes: {
    ...askedFor(asked),
    'badgateway.request': String(record.id),
    'badgateway.client.class': record.class,
    'badgateway.client.tries': record.attempts.length,
    'badgateway.client.late_ms': record.lateMs,
    'error.type': record.ok ? undefined : record.cause,
  },
  failed: !record.ok,
});

const trySpan = (
  { status, cause, rayId, startMs, endMs }: ClientAttempt,
  index: number,
  { traceId, spanId, asked, tries }: Open,
  originMs: number,
): PlainSpan => ({
  ...{ traceId, spanId: tries[index] ?? '', parentSpanId: spanId, name: asked.method, kind: 'client' },
  ...{ startMs: originMs + startMs, endMs: originMs + endMs },
  attributes: {
    ...askedFor(asked),
    'http.response.status_code': status === 0 ? undefined : status,
    'http.request.resend_count': index === 0 ? undefined : index,
    'error.type': cause === '' ? undefined : cause,
    'badgateway.ray_id': rayId === '' ? undefined : rayId,
  },
  failed: cause !== '' && cause !== LEFT,
});

const askedFor = ({ method, path }: Open['asked']) => {
  const [plain = '', query] = path.split('?', 2);
  return { 'http.request.method': method, 'url.path': plain, 'url.query': query };
};

export interface ClientTracesOptions {
  readonly target: OtlpTarget;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly seed: number;
  readonly pid: number;
  readonly clock: Clock;
}

/** Of a process of clients. */
export const openClientTraces = async (options: ClientTracesOptions): Promise<ClientTraces> => {
  const { target, environment, seed, pid, clock } = options;
  const spans = new OtlpSpans({
    ...{ service: 'badgateway-clients', instance: 'clients', pid, target, clock },
    ...{ post: await postTo(target), maxWaiting: MAX_SPANS, maxBatch: MAX_SPANS_IN_BATCH },
  });
  // A seed makes runs alike, and no two traces may be.
  const random = new Random(seed).fork(`traces of process ${pid} at ${clock.nowMs()}`);
  return new ClientTraces({ spans, random, sampled: rootSampler(environment) });
};
