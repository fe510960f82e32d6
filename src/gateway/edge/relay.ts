/** An upstream's response on its way to the client: no faster than the client reads, and never a broken body as a whole. */
import type { ServerResponse } from 'node:http';
import { constants, type Http2ServerResponse } from 'node:http2';
import type { Clock } from '../../core/clock.js';
import { GatewayError } from '../../core/errors.js';
import { formatDuration } from '../../core/units.js';
import { IdleWatch, type Moving, type Watched } from '../../policies/idle-watch.js';
import type { BodySink, Call, ProxyResponse } from '../../policies/service.js';
import { relayedHeaders } from '../headers.js';
import { endUpload, writeHead } from './answer-head.js';

/**
 * A body up to this size that arrived whole goes to the socket together with the header, as one text of bytes: a
 * `write` of one buffer costs less than a `writev` of two. Above it, copying costs as much as it saves.
 */
const SINGLE_WRITE_BYTES = 8 * 1024;

/** What all sinks share. */
interface SinkParts {
  readonly stalled: IdleWatch<ClientSink>;
  /** Answers that broke off by no fault of their client. */
  readonly broken: WeakSet<ServerResponse>;
  readonly clock: Clock;
}

/** The client's side of a response's body. */
class ClientSink implements BodySink, Moving {
  readonly response: ProxyResponse;
  readonly #raw: ServerResponse;
  readonly #parts: SinkParts;
  #drains = false;
  #stalled: Watched<ClientSink> | null = null;
  /** Whether anything has gone to the client. */
  begun = false;

  constructor(response: ProxyResponse, raw: ServerResponse, parts: SinkParts) {
    this.response = response;
    this.#raw = raw;
    this.#parts = parts;
  }

  /** What the client has not taken yet. While another answer is before it on the connection, it is not its turn. */
  get progress(): number | null {
    const raw = this.#raw;
    return raw.req.httpVersionMajor === 1 && raw.socket === null ? null : raw.writableLength;
  }

  write(chunk: Uint8Array): boolean {
    this.begun = true;
    const wantsMore = this.#raw.write(chunk);
    if (wantsMore) return true;
    this.#stall();
    if (!this.#drains) {
      this.#drains = true;
      const goOn = (): void => this.#stalled?.end();
      this.#raw
        .on('drain', () => {
          goOn();
          this.response.resume();
        })
        .on('close', goOn);
    }
    return false;
  }

  end(last?: Uint8Array): void {
    this.begun = true;
    const raw = this.#raw;
    if (last === undefined) raw.end();
    else if (last.length > SINGLE_WRITE_BYTES || raw.req.httpVersionMajor === 2) raw.end(last);
    else raw.end(Buffer.from(last.buffer, last.byteOffset, last.length).toString('latin1'), 'latin1');
    endUpload(raw, this.#parts.clock);
    // The upstream is done, and the rest is held for the client alone.
    if (raw.writableLength > 0) {
      this.#stall();
      raw.on('close', () => this.#stalled?.end());
    }
  }

  abort(error: GatewayError): void {
    if (error.spec.blame !== 'client') this.#parts.broken.add(this.#raw);
    const { stream } = this.#raw as unknown as Http2ServerResponse;
    if (stream !== undefined) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    // What was written in this turn of the loop is still held together, and would be lost.
    else this.#abortConnection();
  }

  /** The client has stopped to take anything: whatever is held for it is let go. */
  giveUp(error: GatewayError): void {
    this.response.destroy(error);
    const { stream } = this.#raw as unknown as Http2ServerResponse;
    if (stream === undefined) {
      this.#raw.destroy();
      return;
    }
    stream.close(constants.NGHTTP2_CANCEL);
    // A connection that takes nothing does not take the reset either.
    stream.destroy();
  }

  /** From now on it is the client's turn. */
  #stall(): void {
    this.#stalled?.end();
    this.#stalled = this.#parts.stalled.add(this);
  }

  #abortConnection(): void {
    const { socket } = this.#raw;
    socket?.uncork();
    // Without a length or chunks, the end of the connection is the end of the body: only a reset says it is not.
    if (this.response.headers['content-length'] !== undefined || this.#raw.chunkedEncoding)
      this.#raw.destroy();
    // Node cannot reset below TLS, where an end without its closing alert says it too (RFC 8446 section 6.1).
    else if (socket !== null && 'encrypted' in socket) socket.destroy();
    else socket?.resetAndDestroy();
  }
}

export class Relay {
  readonly #parts: SinkParts;

  /** @param sendTimeoutMs how long a client may take nothing of what waits for it. */
  constructor(sendTimeoutMs: number, clock: Clock) {
    const stalled = new IdleWatch<ClientSink>(sendTimeoutMs, clock, (sink) => {
      const detail = `the client took nothing for ${formatDuration(sendTimeoutMs)}`;
      sink.giveUp(new GatewayError('BGW_ERR_CLIENT_LEFT', detail));
    });
    this.#parts = { stalled, broken: new WeakSet(), clock };
  }

  /** Whether the client got less than the whole, by no fault of its own. */
  brokeOff(raw: ServerResponse): boolean {
    return this.#parts.broken.has(raw);
  }

  /**
   * Begins to pass a response on.
   * @returns why it cannot be passed on; `null` when it is on its way.
   */
  start(response: ProxyResponse, raw: ServerResponse, call: Call): GatewayError | null {
    // RFC 9110 section 8.6 forbids it, and some clients would wait for a body.
    if (response.statusCode === 204) response.headers['content-length'] = undefined;
    const headers = relayedHeaders(response.headers, call.rayId, call.tried.at(-1) ?? '');
    try {
      writeHead(raw, response.statusCode, headers, this.#parts.clock);
    } catch (error) {
      // Node refuses fields that would be unsafe to send, such as control characters in a value.
      const refused = new GatewayError('BGW_ERR_PROTOCOL', String(error));
      response.destroy(refused);
      return refused;
    }
    const sink = new ClientSink(response, raw, this.#parts);
    response.relay(sink);
    // Node keeps the header for the first byte of the body, which may be long in coming.
    if (!sink.begun) raw.flushHeaders();
    return null;
  }
}
