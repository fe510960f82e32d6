/** A client's body as one attempt sends it. */
import { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';
import type { ProxyRequest } from '../../policies/service.js';
import { noteBodyBytes } from '../body-garbage.js';

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

/** What undici is given for a request's body. */
export const bodyFor = (body: ProxyRequest['body']): Readable | Uint8Array | null =>
  body === null || body instanceof Uint8Array ? body : (new ClientBody(body) as unknown as Readable);
