/**
 * HTTP messages that never leave the process, for virtual time: as much of Node's `IncomingMessage`, `ServerResponse` and
 * `Socket` as the code behind a listener uses, so that it serves a request from memory and one from a socket alike. What
 * happens to a message happens at once; that it takes time on its way is the business of whoever passes it on.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Emitter } from './memory-emitter.js';

const bodies = new Map<number, Uint8Array>();

/** Sizes that are kept: a message's is one of few, unless somebody draws it anew for each. */
const MAX_BODIES = 1_000;

/** A body by its length: nobody looks into it, but a cache keeps no more than has come whole. */
export const bodyOf = (bytes: number): Uint8Array => {
  let body = bodies.get(bytes);
  if (body === undefined) {
    if (bodies.size >= MAX_BODIES) bodies.clear();
    body = new Uint8Array(bytes);
    bodies.set(bytes, body);
  }
  return body;
};

/** How a connection ended before its answer did. */
export type Break = 'closed' | 'reset';

/** What becomes of an answer, as its receiver sees it. */
export interface AnswerSink {
  /** @param flat names and values in turn. */
  began(statusCode: number, flat: readonly string[]): void;
  /** More of the body has come; told where something holds it up on its way. */
  moved?(bytes: number): void;
  /** @param bytes of the whole body. */
  ended(bytes: number): void;
  broke(how: Break): void;
  /** What was sent past HTTP: bytes as they came, and whether they are all. */
  sentRaw(text: string, ended: boolean): void;
}

/** A connection; of use to whoever sends bytes past HTTP. */
export class MemorySocket extends Emitter {
  readonly remoteAddress: string;
  destroyed = false;
  /** The answer that goes with the connection, unless it has been taken from it. */
  answer: MemoryResponse | null = null;
  #text = '';
  readonly #sink: AnswerSink;

  constructor(remoteAddress: string, sink: AnswerSink) {
    super();
    this.remoteAddress = remoteAddress;
    this.#sink = sink;
  }

  write(text: string, sent?: () => void): boolean {
    this.#text += text;
    this.#sink.sentRaw(this.#text, false);
    sent?.();
    return true;
  }

  end(text = ''): void {
    if (this.destroyed) return;
    this.#text += text;
    this.destroyed = true;
    this.#sink.sentRaw(this.#text, true);
    this.emit('close');
  }

  resetAndDestroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.#sink.broke('reset');
    this.answer?.lose();
    this.emit('close');
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.#sink.broke('closed');
    this.answer?.lose();
    this.emit('close');
  }

  /** Nothing is held together here. */
  uncork(): void {}

  /** Its peer has left. */
  leave(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.emit('close');
  }
}

export interface MemoryAsked {
  readonly method: string;
  readonly url: string;
  /** In lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** With loops: it is done several times for each request. */
const flatOf = (headers: readonly string[] | Readonly<Record<string, unknown>>): readonly string[] => {
  if (Array.isArray(headers)) return headers as readonly string[];
  const flat: string[] = [];
  const fields = headers as Readonly<Record<string, unknown>>;
  for (const name in fields) flat.push(name, String(fields[name]));
  return flat;
};

/** A request that has arrived whole; its head is read first, as Node does it. */
class MemoryRequest extends Emitter {
  readonly method: string;
  readonly url: string;
  readonly headers: MemoryAsked['headers'];
  readonly socket: MemorySocket;
  /** Its end has been read too: to answer before is to close the connection. */
  complete = false;
  #rawHeaders: string[] | null = null;

  constructor({ method, url, headers }: MemoryAsked, socket: MemorySocket) {
    super();
    this.method = method;
    this.url = url;
    this.headers = headers;
    this.socket = socket;
  }

  // What is the same for all has no place in each.
  get httpVersion(): string {
    return '1.1';
  }

  get httpVersionMajor(): number {
    return 1;
  }

  get asksUpgrade(): boolean {
    return false;
  }

  get rawHeaders(): readonly string[] {
    this.#rawHeaders ??= flatOf(this.headers) as string[];
    return this.#rawHeaders;
  }

  resume(): this {
    return this;
  }

  pause(): this {
    return this;
  }
}

const NO_FIELDS: readonly string[] = [];

class MemoryResponse extends Emitter {
  readonly req: MemoryRequest;
  /** `null` once it has been taken away. */
  socket: MemorySocket | null;
  statusCode = 200;
  headersSent = false;
  writableFinished = false;
  destroyed = false;
  shouldKeepAlive = true;
  #fields: readonly string[] = NO_FIELDS;
  #bytes = 0;
  readonly #sink: AnswerSink;

  constructor(req: MemoryRequest, sink: AnswerSink) {
    super();
    this.req = req;
    this.socket = req.socket;
    this.#sink = sink;
    req.socket.answer = this;
  }

  get chunkedEncoding(): boolean {
    return false;
  }

  /** Its receiver takes whatever it is given. */
  get writableLength(): number {
    return 0;
  }

  setHeader(name: string, value: string): this {
    this.#fields = [...this.#fields, name, value];
    return this;
  }

  writeHead(
    statusCode: number,
    headers: readonly string[] | Readonly<Record<string, unknown>> = NO_FIELDS,
  ): this {
    this.statusCode = statusCode;
    const flat = flatOf(headers);
    this.#fields = this.#fields === NO_FIELDS ? flat : [...this.#fields, ...flat];
    this.flushHeaders();
    return this;
  }

  flushHeaders(): void {
    if (this.headersSent || this.destroyed) return;
    this.headersSent = true;
    this.#sink.began(this.statusCode, this.#fields);
  }

  writeContinue(): void {}

  write(chunk: string | Uint8Array): boolean {
    this.flushHeaders();
    this.#bytes += chunk.length;
    return true;
  }

  end(last?: string | Uint8Array): this {
    if (this.destroyed || this.writableFinished) return this;
    this.flushHeaders();
    this.#bytes += last?.length ?? 0;
    this.writableFinished = true;
    this.#sink.ended(this.#bytes);
    this.emit('close');
    return this;
  }

  destroy(): this {
    if (this.destroyed || this.writableFinished) return this;
    this.destroyed = true;
    this.#sink.broke('closed');
    this.emit('close');
    return this;
  }

  get over(): boolean {
    return this.socket === null ? this.req.socket.destroyed : this.destroyed || this.writableFinished;
  }

  detachSocket(): void {
    this.req.socket.answer = null;
    this.socket = null;
  }

  /** Its receiver has left. */
  leave(): void {
    if (this.destroyed || this.writableFinished) return;
    this.destroyed = true;
    // Past HTTP, the connection's end is all there is.
    if (this.socket === null) this.req.socket.leave();
    else this.emit('close');
  }

  /** Its connection is gone. */
  lose(): void {
    if (this.destroyed || this.writableFinished) return;
    this.destroyed = true;
    this.emit('close');
  }
}

/**
 * One request and its answer, in the types of those who serve it. A class: of an object literal with a getter, V8 makes a
 * hidden class of its own each time, which keeps everything alive that the getter sees until a full collection.
 */
export class MemoryExchange {
  readonly #request: MemoryRequest;
  readonly #response: MemoryResponse;
  readonly #sink: AnswerSink;

  constructor(asked: MemoryAsked, address: string, sink: AnswerSink) {
    this.#sink = sink;
    this.#request = new MemoryRequest(asked, new MemorySocket(address, sink));
    this.#response = new MemoryResponse(this.#request, sink);
  }

  get request(): IncomingMessage {
    return this.#request as unknown as IncomingMessage;
  }

  get response(): ServerResponse {
    return this.#response as unknown as ServerResponse;
  }

  /** Whoever serves it has looked at its head, and reads on. */
  readOn(): void {
    this.#request.complete = true;
  }

  /** Answered, given up or broken off. */
  get over(): boolean {
    return this.#response.over;
  }

  /** Whoever asked is there no more. */
  leave(): void {
    this.#response.leave();
  }

  /** Whoever serves it is there no more. */
  breakOff(how: Break): void {
    if (!this.over) this.#sink.broke(how);
  }
}
