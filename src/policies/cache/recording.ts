/**
 * A response on its way to a client and into the store at once. What is stored is a body that ended whole; one that
 * broke off, is not as long as it was said to be, or is larger than may be stored, is relayed and forgotten.
 *
 * As long as a body is kept, it is read as fast as the upstream sends it: it will be in memory anyway, and who waits
 * for it does not wait for a slow client. A client that leaves does not end it unless it is told to.
 */
import { GatewayError } from '../../core/errors.js';
import type { BodyEnd, BodySink, Headers, ProxyResponse } from '../service.js';

/** What a chunk takes beside its bytes: a body in very many small ones is more than it looks. */
const CHUNK_OVERHEAD_BYTES = 128;

export interface RecordingParts {
  readonly maxBodyBytes: number;
  /** Memory for a chunk, until it is given back. @returns false when there is none. */
  readonly reserve: (bytes: number) => boolean;
  readonly release: (bytes: number) => void;
  /** The body ended whole; this is all of it, in memory of its own. Either this is called or `onDropped`, once. */
  readonly onRecorded: (body: Uint8Array) => void;
  readonly onDropped: (why: DropReason) => void;
  /** The client takes no more of it. @returns whether it is to be recorded all the same. */
  readonly goesOn: () => boolean;
}

/** Why a body is not stored after all: it is larger than may be, there was no memory for it, it did not end whole. */
export type DropReason = 'too-large' | 'no-room' | 'broken';

/** The length that was announced; `null`: the body is in chunks, which have an end of their own. */
const announcedBytes = ({ statusCode, headers }: ProxyResponse): number | null => {
  if (statusCode === 204) return 0;
  const length = headers['content-length'];
  return length === undefined ? null : Number(length);
};

/** Whether the end of the body can be told from a connection that broke, and its length is no reason against it. */
export const canRecord = (response: ProxyResponse, maxBodyBytes: number): boolean => {
  const bytes = announcedBytes(response);
  if (bytes === null) return response.headers['transfer-encoding'] !== undefined;
  return bytes <= maxBodyBytes;
};

export class Recording implements ProxyResponse, BodySink {
  readonly statusCode: number;
  readonly headers: Headers;
  readonly #upstream: ProxyResponse;
  readonly #parts: RecordingParts;
  readonly #announcedBytes: number | null;
  /** `null`: it is not kept any more. */
  #chunks: Uint8Array[] | null = [];
  #bytes = 0;
  #reservedBytes = 0;
  #sink: BodySink | null = null;
  #started = false;
  /** The client's end, which may come before the upstream's. */
  #ended = false;
  #end: BodyEnd = null;
  #listeners: ((end: BodyEnd) => void)[] | null = null;

  constructor(upstream: ProxyResponse, parts: RecordingParts) {
    this.statusCode = upstream.statusCode;
    this.headers = upstream.headers;
    this.#upstream = upstream;
    this.#parts = parts;
    this.#announcedBytes = announcedBytes(upstream);
    // It may break before anybody relays it.
    upstream.onEnd((end) => {
      if (end !== null) this.abort(end);
    });
  }

  relay(sink: BodySink): void {
    if (this.#ended) {
      sink.abort(this.#end ?? new GatewayError('BGW_ERR_CLIENT_LEFT'));
      return;
    }
    this.#sink = sink;
    this.#start();
  }

  resume(): void {
    this.#upstream.resume();
  }

  destroy(reason: GatewayError | null = new GatewayError('BGW_ERR_CLIENT_LEFT')): void {
    const clients = reason?.spec.blame === 'client';
    if (clients && !this.#ended && this.#chunks !== null && this.#parts.goesOn()) {
      this.detach(reason);
      return;
    }
    // First, since a body that is not wanted any more ends like one that is whole.
    this.#drop('broken');
    this.#upstream.destroy(reason);
    this.#finish(reason);
  }

  onEnd(listener: (end: BodyEnd) => void): void {
    if (this.#ended) {
      listener(this.#end);
      return;
    }
    this.#listeners ??= [];
    this.#listeners.push(listener);
  }

  /** There is no client, or none any more; what is recorded goes on without one. @param reason the client's end. */
  detach(reason: GatewayError | null): void {
    const sink = this.#sink;
    this.#sink = null;
    if (!this.#ended && reason !== null) sink?.abort(reason);
    this.#finish(reason);
    if (this.#chunks === null) this.#upstream.destroy();
    else this.#start();
  }

  write(chunk: Uint8Array): boolean {
    this.#keep(chunk);
    const recording = this.#chunks !== null;
    if (this.#sink !== null) return this.#sink.write(chunk) || recording;
    if (!recording) this.#upstream.destroy();
    return recording;
  }

  end(last?: Uint8Array): void {
    if (last !== undefined) this.#keep(last);
    const sink = this.#sink;
    this.#sink = null;
    // The client first: it need not wait for the copy that is made for the store.
    sink?.end(last);
    const chunks = this.#chunks;
    const whole = this.#announcedBytes === null || this.#announcedBytes === this.#bytes;
    if (chunks === null || !whole) this.#drop('broken');
    else {
      this.#release();
      this.#parts.onRecorded(joined(chunks, this.#bytes));
    }
    this.#finish(null);
  }

  abort(error: GatewayError): void {
    this.#drop('broken');
    const sink = this.#sink;
    this.#sink = null;
    sink?.abort(error);
    this.#finish(error);
  }

  #start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#upstream.relay(this);
  }

  #keep(chunk: Uint8Array): void {
    const chunks = this.#chunks;
    if (chunks === null) return;
    const { maxBodyBytes, reserve } = this.#parts;
    const heldBytes = chunk.length + CHUNK_OVERHEAD_BYTES;
    if (this.#bytes + chunk.length > maxBodyBytes) {
      this.#drop('too-large');
      return;
    }
    if (!reserve(heldBytes)) {
      this.#drop('no-room');
      return;
    }
    this.#reservedBytes += heldBytes;
    this.#bytes += chunk.length;
    chunks.push(chunk);
  }

  #drop(why: DropReason): void {
    if (this.#chunks === null) return;
    this.#release();
    this.#parts.onDropped(why);
  }

  #release(): void {
    this.#chunks = null;
    this.#parts.release(this.#reservedBytes);
    this.#reservedBytes = 0;
  }

  #finish(end: BodyEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#end = end;
    const listeners = this.#listeners;
    this.#listeners = null;
    if (listeners !== null) for (const listener of listeners) listener(end);
  }
}

/** One copy, of exactly its size: chunks are views into buffers that may be much larger. */
const joined = (chunks: readonly Uint8Array[], bytes: number): Uint8Array => {
  const body = Buffer.allocUnsafeSlow(bytes);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.length;
  }
  return body;
};
