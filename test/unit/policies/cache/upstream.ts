/** A cache on a virtual clock, between clients that collect what they get and an upstream whose answers a test sends. */
import { type ErrorCode, GatewayError } from '../../../../src/core/errors.js';
import { VirtualClock } from '../../../../src/core/virtual-clock.js';
import { HttpCache } from '../../../../src/policies/cache/cache.js';
import { CACHE_DEFAULTS, type CacheOptions } from '../../../../src/policies/cache/options.js';
import {
  type BodyEnd,
  type BodySink,
  Call,
  type Headers,
  type ProxyRequest,
  type ProxyResponse,
} from '../../../../src/policies/service.js';

/** Monday, 1 January 2024, 00:00:00 GMT. */
export const START_MS = Date.UTC(2024, 0, 1);

export const httpDate = (ms: number): string => new Date(ms).toUTCString();

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A response as the transport gives it: pieces are held until somebody relays, and cancelling ends it. */
export class UpstreamResponse implements ProxyResponse {
  readonly statusCode: number;
  readonly headers: Headers;
  paused = false;
  destroyedWith: GatewayError | null | undefined;
  #early: Uint8Array[] = [];
  #sink: BodySink | null = null;
  #end: { end: BodyEnd } | null = null;
  readonly #listeners: ((end: BodyEnd) => void)[] = [];

  constructor(statusCode: number, headers: Headers) {
    this.statusCode = statusCode;
    this.headers = headers;
  }

  /** @returns whether more is wanted. */
  write(data: string | Uint8Array): boolean {
    const chunk = typeof data === 'string' ? Buffer.from(data) : data;
    if (this.#sink === null) this.#early.push(chunk);
    else if (!this.#sink.write(chunk)) this.paused = true;
    return !this.paused;
  }

  finish(end: BodyEnd = null): void {
    if (this.#end !== null) return;
    this.#end = { end };
    if (this.#sink !== null) this.#tell(this.#sink);
    for (const listener of this.#listeners) listener(end);
  }

  breakOff(): void {
    this.finish(new GatewayError('BGW_ERR_BODY_BROKEN'));
  }

  get relayed(): boolean {
    return this.#sink !== null;
  }

  relay(sink: BodySink): void {
    if (this.#sink !== null) throw new Error('relayed twice');
    this.#sink = sink;
    for (const chunk of this.#early) sink.write(chunk);
    if (this.#end !== null) this.#tell(sink);
  }

  resume(): void {
    this.paused = false;
  }

  destroy(reason: GatewayError | null = new GatewayError('BGW_ERR_CLIENT_LEFT')): void {
    if (this.#end !== null) return;
    this.destroyedWith = reason;
    this.finish(reason);
  }

  onEnd(listener: (end: BodyEnd) => void): void {
    if (this.#end === null) this.#listeners.push(listener);
    else listener(this.#end.end);
  }

  #tell(sink: BodySink): void {
    const { end } = this.#end!;
    if (end === null) sink.end();
    else sink.abort(end);
  }
}

/** A client's side of a response. */
export class Client implements BodySink {
  body = '';
  /** `null`: it came whole. */
  end_: BodyEnd | undefined;
  wantsMore = true;

  write(chunk: Uint8Array): boolean {
    this.body += Buffer.from(chunk).toString();
    return this.wantsMore;
  }

  end(last?: Uint8Array): void {
    if (this.end_ !== undefined) throw new Error('ended twice');
    if (last !== undefined) this.write(last);
    this.end_ = null;
  }

  abort(error: GatewayError): void {
    if (this.end_ !== undefined) throw new Error('ended twice');
    this.end_ = error;
  }
}

export interface Pending {
  readonly request: ProxyRequest;
  readonly call: Call;
  /** Whether it has been cancelled or answered. */
  over: boolean;
  /** With a body: all of it at once, its length announced. Without: the test writes and ends it. */
  respond(statusCode: number, headers?: Headers, body?: string): UpstreamResponse;
  fail(code: ErrorCode): void;
}

export interface Sent {
  readonly call: Call;
  readonly client: Client;
  response?: ProxyResponse;
  error?: unknown;
  leave(): void;
}

export const makeCache = (given: Partial<CacheOptions> = {}) => {
  const clock = new VirtualClock(START_MS);
  const events: string[] = [];
  const options = { ...CACHE_DEFAULTS, staleWhileRevalidateMs: 0, staleIfErrorMs: 0, ...given };
  const cache = new HttpCache(options, clock, {
    onHit: (_call, collapsed) => events.push(collapsed ? 'hit collapsed' : 'hit'),
    onStale: (_call, reason) => events.push(`stale ${reason}`),
    onMiss: (_call, forward) => events.push(`miss ${forward}`),
    onStored: (key) => events.push(`stored ${key}`),
    onEvicted: (key) => events.push(`evicted ${key}`),
    onPurged: (responses, soft) => events.push(`${soft ? 'made stale' : 'purged'} ${responses}`),
  });
  const pending: Pending[] = [];
  const service = cache.layer(
    (request, call) =>
      new Promise((resolve, reject) => {
        const one: Pending = {
          request,
          call,
          over: false,
          respond: (statusCode, headers = {}, body) => {
            one.over = true;
            const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
            const response = new UpstreamResponse(statusCode, { ...length, ...headers });
            call.onCancel((error) => response.destroy(error));
            if (body !== undefined) {
              if (body !== '') response.write(body);
              response.finish();
            }
            resolve(response);
            return response;
          },
          fail: (code) => {
            one.over = true;
            reject(new GatewayError(code));
          },
        };
        call.onCancel((error) => {
          one.over = true;
          reject(error);
        });
        pending.push(one);
      }),
  );

  /** @param relays whether the client reads the body as soon as there is an answer. */
  const send = (path = '/', headers: Headers = {}, method = 'GET', relays = true): Sent => {
    const call = new Call('ray', clock);
    const leave = (): void => call.cancel(new GatewayError('BGW_ERR_CLIENT_LEFT'));
    const sent: Sent = { call, client: new Client(), leave };
    service({ method, path, headers: { host: 'a.example', ...headers }, body: null }, call).then(
      (response) => {
        sent.response = response;
        if (relays) response.relay(sent.client);
      },
      (error) => {
        sent.error = error;
      },
    );
    return sent;
  };

  /** Sends, answers if asked, and waits for the client to have it all. @returns what the client got. */
  const exchange = async (
    answer: { status?: number; headers?: Headers; body?: string } | null,
    ...asked: Parameters<typeof send>
  ) => {
    const before = pending.length;
    const sent = send(...asked);
    await turn();
    const forwarded = pending.length > before ? pending.at(-1)! : null;
    if (forwarded !== null && answer !== null) {
      forwarded.respond(answer.status ?? 200, answer.headers ?? {}, answer.body ?? 'body');
    }
    await turn();
    return {
      forwarded,
      status: sent.response?.statusCode,
      headers: sent.response?.headers ?? {},
      cacheStatus: String(sent.response?.headers['cache-status'] ?? ''),
      body: sent.client.body,
      whole: sent.client.end_ === null,
      error: sent.error as GatewayError | undefined,
    };
  };

  return { clock, cache, events, pending, send, exchange };
};
