/** One attempt on one connection: undici's handler until the headers, the response after them. */
import type { Duplex } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Clock } from '../../core/clock.js';
import { type ErrorCode, GatewayError } from '../../core/errors.js';
import type { IdleWatch, Moving, Watched } from '../../policies/idle-watch.js';
import { isReplayable } from '../../policies/replay.js';
import type {
  BodyEnd,
  BodySink,
  Call,
  Headers,
  ProxyRequest,
  ProxyResponse,
} from '../../policies/service.js';
import { noteBodyBytes } from '../body-garbage.js';
import { bodyFor } from './attempt-body.js';
import type { Connection, Connections } from './connections.js';
import { codeOf } from './error-codes.js';

/** Body bytes held while nobody relays yet; headers and the first chunk usually come in one packet. */
const EARLY_BODY_BYTES = 64 * 1024;

/** What undici's parser lets through and a client could not read; `null`: nothing. */
const problemOf = (statusCode: number, headers: Headers): string | null => {
  if (statusCode < 100) return `status ${statusCode}`;
  const coding = headers['transfer-encoding'];
  // Another coding than the one undici undoes would reach the client without its name.
  if (coding !== undefined && String(coding).toLowerCase() !== 'chunked')
    return `Transfer-Encoding: ${coding}`;
  return null;
};

/** RFC 9110 section 6.4.1. A 304 may still say the length of what it does not send. */
const hasNoBody = (statusCode: number): boolean => statusCode === 204 || statusCode === 304;

/** undici waits for the length that an answer without a body says. */
const isLengthMismatch = ({ code }: NodeJS.ErrnoException): boolean =>
  code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH';

/**
 * A kept connection that the upstream closes while a request is on its way there breaks within one round trip. What
 * breaks later died with the request in its hands, and a request that kills must not be sent again unasked.
 */
const CLOSING_RACE_MS = 100;

const breaksConnection = (code: ErrorCode): boolean =>
  code === 'BGW_ERR_CONNECTION_RESET' || code === 'BGW_ERR_CONNECTION_CLOSED';

/** What all exchanges with one upstream share. */
export interface ExchangeParts {
  readonly connections: Connections;
  /** Watches bodies once they are relayed. */
  readonly bodies: IdleWatch<Exchange>;
  readonly clock: Pick<Clock, 'nowMs'>;
  /** Of the upstream, over TLS: undici would take each client's Host for it, and connect anew for each. */
  readonly servername?: string | undefined;
}

type Resolve = (response: ProxyResponse) => void;
type Reject = (error: GatewayError) => void;

export class Exchange implements Dispatcher.DispatchHandler, ProxyResponse, Moving {
  statusCode = 0;
  headers: Headers = {};
  connection: Duplex | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #abortedWith: GatewayError | undefined;
  #sink: BodySink | undefined;
  #early: Buffer[] | undefined;
  #earlyBytes = 0;
  #bytes = 0;
  #paused = false;
  #watched: Watched<Exchange> | null = null;
  #ended = false;
  #released = false;
  #end: BodyEnd = null;
  #endListeners: ((end: BodyEnd) => void)[] | undefined;
  #sentAgain = false;
  /** When it was handed to undici; the call began before it waited for a slot. */
  #sentMs = 0;
  readonly #parts: ExchangeParts;
  readonly #connection: Connection;
  readonly #request: ProxyRequest;
  readonly #call: Call;
  #resolve: Resolve = () => {};
  #reject: Reject = () => {};

  /** Takes a connection, and gives it back when undici is done with it, which may be later than the attempt's end. */
  constructor(parts: ExchangeParts, request: ProxyRequest, call: Call) {
    this.#parts = parts;
    this.#connection = parts.connections.take();
    this.#request = request;
    this.#call = call;
  }

  /** Sends the request, unless the call is cancelled already. One of the two is called, once. */
  begin(resolve: Resolve, reject: Reject): void {
    this.#resolve = resolve;
    this.#reject = reject;
    this.#call.onCancel((error) => this.abort(error));
    if (this.#call.cancelled === undefined) this.#dispatch();
    else this.#release();
  }

  /** While the client is the one that does not take more, the upstream does not stand still. */
  get progress(): number | null {
    return this.#paused ? null : this.#bytes;
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
    // One that goes on with another protocol is not undici's any more.
    this.connection?.destroy();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#abortedWith !== undefined) controller.abort(this.#abortedWith);
  }

  onRequestUpgrade(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: Headers,
    connection: Duplex,
  ): void {
    // The connection is not undici's any more: its place is free, though the exchange goes on.
    this.#release();
    if (this.#ended) {
      connection.destroy();
      return;
    }
    this.statusCode = statusCode;
    this.headers = headers;
    this.connection = connection;
    connection.on('close', () => this.#finish(null));
    this.#resolve(this);
  }

  onResponseStart(controller: Dispatcher.DispatchController, statusCode: number, headers: Headers): void {
    const problem = problemOf(statusCode, headers);
    if (problem !== null) {
      this.#controller = controller;
      this.abort(new GatewayError('BGW_ERR_PROTOCOL', problem));
      return;
    }
    // Informational responses (RFC 9110 section 15.2) are not the answer.
    if (statusCode < 200) return;
    this.#controller = controller;
    this.statusCode = statusCode;
    this.headers = headers;
    this.#resolve(this);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    noteBodyBytes(chunk.length);
    if (this.#sink !== undefined) {
      if (!this.#sink.write(chunk)) this.#pause(controller);
      return;
    }
    this.#early ??= [];
    this.#early.push(chunk);
    this.#earlyBytes += chunk.length;
    if (this.#earlyBytes >= EARLY_BODY_BYTES) this.#pause(controller);
  }

  onResponseEnd(): void {
    this.#release();
    // RFC 9112 section 8: a body that ends with its connection is whole, unless the connection says that it broke.
    const reset = this.#connection.broken;
    this.#finish(reset ? new GatewayError('BGW_ERR_BODY_BROKEN', 'reset at the end of the body') : null);
  }

  onResponseError(_controller: Dispatcher.DispatchController, cause: Error): void {
    if (this.#ended) {
      this.#release();
      return;
    }
    if (this.statusCode !== 0) {
      this.#release();
      if (hasNoBody(this.statusCode) && isLengthMismatch(cause)) this.#finish(null);
      else this.#finish(new GatewayError('BGW_ERR_BODY_BROKEN', cause.message, { cause }));
      return;
    }
    const code = codeOf(cause);
    if (this.#sendAgain(code)) return;
    this.#release();
    this.#ended = true;
    this.#reject(new GatewayError(code, cause.message, { cause }));
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
    if (this.#ended) {
      this.#tell(sink);
      return;
    }
    this.#watched = this.#parts.bodies.add(this);
    if (wantsMore) this.resume();
    else if (this.#controller !== undefined) this.#pause(this.#controller);
  }

  resume(): void {
    this.#paused = false;
    this.#controller?.resume();
  }

  destroy(reason: GatewayError | null = new GatewayError('BGW_ERR_CLIENT_LEFT')): void {
    if (this.#ended) return;
    this.#finish(reason);
    if (this.connection !== undefined) this.connection.destroy();
    else this.#controller?.abort(reason ?? new Error('the response is not wanted'));
  }

  onEnd(listener: (end: BodyEnd) => void): void {
    if (this.#ended) listener(this.#end);
    else if (this.#endListeners === undefined) this.#endListeners = [listener];
    else this.#endListeners.push(listener);
  }

  #pause(controller: Dispatcher.DispatchController): void {
    this.#paused = true;
    controller.pause();
  }

  /** Once, though undici reports an error thrown at the end of a response as another end of it. */
  #release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#connection.used = true;
    this.#parts.connections.giveBack(this.#connection);
  }

  #dispatch(): void {
    const { path, method, headers, body, upgrade = null } = this.#request;
    const { servername, clock } = this.#parts;
    this.#sentMs = clock.nowMs();
    try {
      // undici takes `servername` too, though its types leave it out.
      const options = {
        path,
        method: method as Dispatcher.HttpMethod,
        headers,
        body: bodyFor(body),
        upgrade,
        servername,
      };
      this.#connection.client.dispatch(options, this);
    } catch (error) {
      this.#release();
      this.abort(new GatewayError('BGW_ERR_INTERNAL', String(error), { cause: error }));
    }
  }

  /** RFC 9110 section 9.2.2 allows it for what is idempotent, and clients expect it of a connection that was idle. */
  #sendAgain(code: ErrorCode): boolean {
    if (this.#sentAgain || !this.#connection.used || !breaksConnection(code)) return false;
    if (!isReplayable(this.#request)) return false;
    if (this.#parts.clock.nowMs() - this.#sentMs > CLOSING_RACE_MS) return false;
    this.#sentAgain = true;
    // undici is still clearing away the connection that broke.
    queueMicrotask(() => this.#dispatch());
    return true;
  }

  #finish(end: BodyEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#end = end;
    this.#watched?.end();
    try {
      if (this.#sink !== undefined) this.#tell(this.#sink);
    } finally {
      // What the request holds is given back whatever becomes of the client's side.
      if (this.#endListeners !== undefined) for (const listener of this.#endListeners) listener(end);
    }
  }

  #tell(sink: BodySink): void {
    if (this.#end === null) sink.end();
    else sink.abort(this.#end);
  }
}
