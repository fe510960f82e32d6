/** A response whose body is in memory: the cache's own answer to a request. */
import { GatewayError } from '../../core/errors.js';
import type { BodyEnd, BodySink, Call, Headers, ProxyResponse } from '../service.js';

/** A body goes out in pieces of this size, so that a slow client holds up no more than one of them. */
export const PIECE_BYTES = 64 * 1024;

export class MemoryResponse implements ProxyResponse {
  readonly statusCode: number;
  readonly headers: Headers;
  readonly #body: Uint8Array | null;
  /** `null`: nobody can leave any more. */
  #call: Call | null;
  #sink: BodySink | null = null;
  #offset = 0;
  #ended = false;
  #end: BodyEnd = null;
  #listeners: ((end: BodyEnd) => void)[] | null = null;

  /** @param call whose client the answer is for: it ends when the client leaves. */
  constructor(statusCode: number, headers: Headers, body: Uint8Array | null, call: Call) {
    this.statusCode = statusCode;
    this.headers = headers;
    this.#body = body;
    // A call whose time was over may still be answered.
    this.#call = call.cancelled === undefined ? call : null;
  }

  relay(sink: BodySink): void {
    const body = this.#body;
    if (this.#ended) {
      if (this.#end === null) sink.end();
      else sink.abort(this.#end);
    } else if (body === null || body.length === 0) {
      sink.end();
      this.#finish(null);
    } else if (body.length <= PIECE_BYTES) {
      sink.end(body);
      this.#finish(null);
    } else {
      this.#sink = sink;
      this.#watchCall();
      this.resume();
    }
  }

  resume(): void {
    const body = this.#body;
    const sink = this.#sink;
    if (sink === null || body === null) return;
    while (!this.#ended && this.#offset + PIECE_BYTES < body.length) {
      const piece = body.subarray(this.#offset, this.#offset + PIECE_BYTES);
      this.#offset += PIECE_BYTES;
      if (!sink.write(piece)) return;
    }
    if (this.#ended) return;
    sink.end(body.subarray(this.#offset));
    this.#finish(null);
  }

  destroy(reason: GatewayError | null = new GatewayError('BGW_ERR_CLIENT_LEFT')): void {
    if (this.#ended) return;
    const sink = this.#sink;
    this.#finish(reason);
    if (reason === null) sink?.end();
    else sink?.abort(reason);
  }

  onEnd(listener: (end: BodyEnd) => void): void {
    if (this.#ended) {
      listener(this.#end);
      return;
    }
    this.#listeners ??= [];
    this.#listeners.push(listener);
    this.#watchCall();
  }

  /** Only when there is something to end: most answers are gone before their client could be. */
  #watchCall(): void {
    const call = this.#call;
    this.#call = null;
    call?.onCancel((error) => this.destroy(error));
  }

  #finish(end: BodyEnd): void {
    this.#ended = true;
    this.#end = end;
    this.#sink = null;
    const listeners = this.#listeners;
    this.#listeners = null;
    if (listeners !== null) for (const listener of listeners) listener(end);
  }
}
