/**
 * The leaf of every endpoint stack: sends one attempt to one upstream over connections of undici's, and turns whatever
 * can go wrong into a `GatewayError`.
 *
 * undici's `dispatch` is used with a handler of our own, which aborts through its controller and hands body chunks
 * straight on: no Node stream and no AbortSignal per request. Nothing queues there: a connection has one request at a
 * time, and there are no more connections than the config allows. undici's own timeouts are off, because they have a
 * resolution of a second; time is kept by the timeout layers above.
 */
import { EventEmitter } from 'node:events';
import { isIPv6 } from 'node:net';
import type { Readable } from 'node:stream';
import { Client, type Dispatcher } from 'undici';
import { type ErrorCode, GatewayError } from '../core/errors.js';
import type {
  BodyEnd,
  BodySink,
  Call,
  Headers,
  ProxyRequest,
  ProxyResponse,
  Service,
} from '../policies/service.js';
import { noteBodyBytes } from './body-garbage.js';
import type { GatewayConfig } from './config.js';
import type { Upstream } from './upstream-pool.js';

/** Body bytes held while nobody relays yet; headers and the first chunk usually come in one packet. */
const EARLY_BODY_BYTES = 64 * 1024;

const CODES: Readonly<Record<string, ErrorCode>> = {
  ECONNREFUSED: 'BGW_ERR_CONNECTION_REFUSED',
  EHOSTUNREACH: 'BGW_ERR_CONNECTION_REFUSED',
  ENETUNREACH: 'BGW_ERR_CONNECTION_REFUSED',
  ECONNRESET: 'BGW_ERR_CONNECTION_RESET',
  EPIPE: 'BGW_ERR_CONNECTION_RESET',
  UND_ERR_SOCKET: 'BGW_ERR_CONNECTION_CLOSED',
  UND_ERR_CONNECT_TIMEOUT: 'BGW_ERR_CONNECT_TIMEOUT',
  ETIMEDOUT: 'BGW_ERR_CONNECT_TIMEOUT',
  ENOTFOUND: 'BGW_ERR_DNS',
  EAI_AGAIN: 'BGW_ERR_DNS',
  UND_ERR_HEADERS_OVERFLOW: 'BGW_ERR_HEADERS_TOO_LARGE',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'BGW_ERR_PROTOCOL',
};

/** What an error of undici or of the socket means for a request that has no answer yet. */
export const codeOf = (error: unknown): ErrorCode => {
  const { code = '', message = '', name } = error as NodeJS.ErrnoException;
  // The parser's errors carry no code when the response does not even begin like HTTP.
  if (name === 'HTTPParserError') return 'BGW_ERR_PROTOCOL';
  // undici reports both of these as a socket error; they are answers, only not valid ones.
  if (message === 'bad response' || message === 'bad upgrade') return 'BGW_ERR_PROTOCOL';
  return CODES[code] ?? 'BGW_ERR_INTERNAL';
};

const AUTO_DESTROY = { autoDestroy: true };

/**
 * A client's body as undici gets it. undici destroys the body of an attempt that failed; destroying the client's own
 * request would close the connection on which the client still waits for its answer, so it gets this instead: what it
 * needs of a stream, and no buffer in between.
 */
class ClientBody extends EventEmitter {
  destroyed = false;
  /** undici looks here, and would otherwise destroy the body at its end before it has noticed the end itself. */
  readonly _readableState = AUTO_DESTROY;
  readonly #source: NodeJS.ReadableStream;

  constructor(source: NodeJS.ReadableStream) {
    super();
    this.#source = source;
    source.pause();
    source.on('data', this.#onData).on('end', this.#onEnd).on('error', this.#onError);
  }

  pause(): void {
    this.#source.pause();
  }

  resume(): void {
    this.#source.resume();
  }

  /** By this undici knows a stream; it is never called. */
  pipe(): never {
    throw new Error('a client’s body is not piped');
  }

  destroy(error?: Error): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.#source.off('data', this.#onData).off('end', this.#onEnd).off('error', this.#onError);
    if (error !== undefined && this.listenerCount('error') > 0) this.emit('error', error);
    this.emit('close');
  }

  readonly #onData = (chunk: Buffer): void => {
    noteBodyBytes(chunk.length);
    this.emit('data', chunk);
  };

  readonly #onEnd = (): void => {
    this.emit('end');
    this.destroy();
  };

  readonly #onError = (error: Error): void => {
    this.destroy(error);
  };
}

const bodyFor = (body: ProxyRequest['body']): Readable | Uint8Array | null =>
  body === null || body instanceof Uint8Array ? body : (new ClientBody(body) as unknown as Readable);

/** One attempt: undici's handler until the headers, the response after them. */
class Exchange implements Dispatcher.DispatchHandler, ProxyResponse {
  statusCode = 0;
  headers: Headers = {};
  #controller: Dispatcher.DispatchController | undefined;
  #abortedWith: GatewayError | undefined;
  #sink: BodySink | undefined;
  #early: Buffer[] | undefined;
  #earlyBytes = 0;
  #ended = false;
  #released = false;
  #end: BodyEnd = null;
  #endListeners: ((end: BodyEnd) => void)[] | undefined;
  readonly #resolve: (response: ProxyResponse) => void;
  readonly #reject: (error: GatewayError) => void;
  readonly #onRelease: () => void;

  /** @param onRelease called when undici is done with the connection, which may be later than the attempt's end. */
  constructor(
    resolve: (response: ProxyResponse) => void,
    reject: (error: GatewayError) => void,
    onRelease: () => void,
  ) {
    this.#resolve = resolve;
    this.#reject = reject;
    this.#onRelease = onRelease;
  }

  /** Gives the attempt up, before or after its headers. */
  abort(error: GatewayError): void {
    if (this.#ended || this.#abortedWith !== undefined) return;
    this.#abortedWith = error;
    this.#reject(error);
    // Before the controller, which reports its own abort back as an error of the response.
    this.#finish(error);
    // While the connection is still being made there is no controller: `onRequestStart` looks again.
    this.#controller?.abort(error);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#abortedWith !== undefined) controller.abort(this.#abortedWith);
  }

  onResponseStart(controller: Dispatcher.DispatchController, statusCode: number, headers: Headers): void {
    // Informational responses (RFC 9110 section 15.2) are not the answer.
    if (statusCode < 200) return;
    this.#controller = controller;
    this.statusCode = statusCode;
    this.headers = headers;
    this.#resolve(this);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    noteBodyBytes(chunk.length);
    if (this.#sink !== undefined) {
      if (!this.#sink.write(chunk)) controller.pause();
      return;
    }
    this.#early ??= [];
    this.#early.push(chunk);
    this.#earlyBytes += chunk.length;
    if (this.#earlyBytes >= EARLY_BODY_BYTES) controller.pause();
  }

  onResponseEnd(): void {
    this.#release();
    this.#finish(null);
  }

  onResponseError(_controller: Dispatcher.DispatchController, cause: Error): void {
    this.#release();
    if (this.#ended) return;
    if (this.statusCode === 0) {
      this.#ended = true;
      this.#reject(new GatewayError(codeOf(cause), cause.message, { cause }));
      return;
    }
    this.#finish(new GatewayError('BGW_ERR_BODY_BROKEN', cause.message, { cause }));
  }

  relay(sink: BodySink): void {
    this.#sink = sink;
    const early = this.#early;
    this.#early = undefined;
    if (this.#ended && this.#end === null && early?.length === 1) {
      sink.end(early[0]);
      return;
    }
    let wantsMore = true;
    if (early !== undefined) for (const chunk of early) wantsMore = sink.write(chunk);
    if (this.#ended) this.#tell(sink);
    else if (wantsMore) this.#controller?.resume();
    else this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  destroy(reason: GatewayError | null = new GatewayError('BGW_ERR_CLIENT_LEFT')): void {
    if (this.#ended) return;
    this.#finish(reason);
    this.#controller?.abort(reason ?? new Error('the response is not wanted'));
  }

  onEnd(listener: (end: BodyEnd) => void): void {
    if (this.#ended) listener(this.#end);
    else if (this.#endListeners === undefined) this.#endListeners = [listener];
    else this.#endListeners.push(listener);
  }

  /** Once, though undici reports an error thrown at the end of a response as another end of it. */
  #release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#onRelease();
  }

  #finish(end: BodyEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#end = end;
    if (this.#sink !== undefined) this.#tell(this.#sink);
    if (this.#endListeners !== undefined) for (const listener of this.#endListeners) listener(end);
  }

  #tell(sink: BodySink): void {
    if (this.#end === null) sink.end();
    else sink.abort(this.#end);
  }
}

export interface Transport {
  readonly send: Service;
  close(): Promise<void>;
}

/**
 * Connections to one upstream, one `Client` of undici each. The one used last is used next: taking it costs the same
 * however many there are (undici's `Pool` looks through all of them for each request), and those not needed any more
 * are the ones that idle and are closed. A client whose connection broke makes another at its next request.
 */
class Connections {
  readonly #make: () => Client;
  readonly #all: Client[] = [];
  readonly #idle: Client[] = [];

  constructor(make: () => Client) {
    this.#make = make;
  }

  get busy(): number {
    return this.#all.length - this.#idle.length;
  }

  take(): Client {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    const client = this.#make();
    this.#all.push(client);
    return client;
  }

  giveBack(client: Client): void {
    this.#idle.push(client);
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((client) => client.destroy()));
  }
}

export const openTransport = (
  upstream: Upstream,
  config: Pick<GatewayConfig, 'connectTimeoutMs' | 'maxConnections'>,
): Transport => {
  const host = isIPv6(upstream.host) ? `[${upstream.host}]` : upstream.host;
  const connections = new Connections(
    () =>
      new Client(`http://${host}:${upstream.port}`, {
        pipelining: 1,
        headersTimeout: 0,
        bodyTimeout: 0,
        connect: { timeout: config.connectTimeoutMs },
      }),
  );

  const send = (request: ProxyRequest, call: Call): Promise<ProxyResponse> =>
    new Promise((resolve, reject) => {
      const { busy } = connections;
      if (busy >= config.maxConnections) {
        reject(new GatewayError('BGW_ERR_CONNECTION_LIMIT', `${busy} connections to ${upstream.id}`));
        return;
      }
      const client = connections.take();
      const exchange = new Exchange(resolve, reject, () => connections.giveBack(client));
      call.onCancel((error) => exchange.abort(error));
      if (call.cancelled !== undefined) {
        connections.giveBack(client);
        return;
      }
      try {
        client.dispatch(
          {
            path: request.path,
            method: request.method as Dispatcher.HttpMethod,
            headers: request.headers,
            body: bodyFor(request.body),
          },
          exchange,
        );
      } catch (error) {
        connections.giveBack(client);
        exchange.abort(new GatewayError('BGW_ERR_INTERNAL', String(error), { cause: error }));
      }
    });

  return { send, close: () => connections.close() };
};
