/**
 * Watches what clients send: a body may stand still only for so long, and may not be larger than it may be.
 *
 * A body that says its length is checked before it begins, and Node's parser holds it to it; one in chunks is counted
 * as it comes. A body that waits because nobody reads it is not the client's fault and is not timed.
 */
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../core/clock.js';
import { GatewayError } from '../../core/errors.js';
import { formatDuration } from '../../core/units.js';
import { IdleWatch, type Moving } from '../../policies/idle-watch.js';
import type { Call } from '../../policies/service.js';
import type { ListenerConfig } from '../config/listener.js';

/** One client's body under way. */
class Upload implements Moving {
  readonly call: Call;
  readonly #raw: IncomingMessage;
  /** Counted where the connection's own count does not do. */
  bytes = 0;

  constructor(raw: IncomingMessage, call: Call) {
    this.#raw = raw;
    this.call = call;
  }

  /** While nobody reads, it is not the client that stands still. */
  get progress(): number | null {
    const raw = this.#raw;
    if (raw.readableFlowing !== true) return null;
    // A connection of HTTP/2 moves by other streams and pings too.
    return raw.httpVersionMajor === 2 ? this.bytes : raw.socket.bytesRead;
  }
}

export class ClientBodies {
  readonly #maxBytes: number;
  readonly #watch: IdleWatch<Upload>;

  constructor({ bodyTimeoutMs, maxBodyBytes }: ListenerConfig, clock: Clock) {
    this.#maxBytes = maxBodyBytes;
    this.#watch = new IdleWatch(bodyTimeoutMs, clock, ({ call }) => {
      const detail = `no more of the request body within ${formatDuration(bodyTimeoutMs)}`;
      call.cancel(new GatewayError('BGW_ERR_CLIENT_TIMEOUT', detail));
    });
  }

  /** Watches a body until it has been read or the request is over. */
  watch(raw: IncomingMessage, call: Call): void {
    const upload = new Upload(raw, call);
    const watched = this.#watch.add(upload);
    const over = (): void => watched.end();
    raw.on('end', over).on('close', over);
    if (raw.headers['content-length'] === undefined || raw.httpVersionMajor === 2) this.#count(raw, upload);
  }

  #count(raw: IncomingMessage, upload: Upload): void {
    const { call } = upload;
    raw.on('data', (chunk: Buffer) => {
      upload.bytes += chunk.length;
      if (upload.bytes <= this.#maxBytes) return;
      call.cancel(new GatewayError('BGW_ERR_REQUEST_TOO_LARGE', `more than ${this.#maxBytes} bytes`));
    });
    // The listener alone would start the body before anybody is there to take it.
    raw.pause();
  }
}
