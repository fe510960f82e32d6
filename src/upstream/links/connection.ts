/**
 * One connection through a link: a socket on each side and a pipe for each direction. Without a toxic it does what a
 * wire does: bytes, ends and resets go on as they came, and a slow reader slows the writer.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../../core/clock.js';
import { type Next, Pipe } from './pipe.js';
import type { Item } from './toxic.js';

/** Seen from the client: requests go upstream, answers come downstream. */
export type Stream = 'upstream' | 'downstream';

export const STREAMS = ['upstream', 'downstream'] as const satisfies readonly Stream[];

export interface ConnectionOptions {
  readonly clock: Clock;
  /** Not read from so far. */
  readonly client: Socket;
  /** Connecting. */
  readonly upstream: Socket;
  /** Called when both sides are gone. */
  readonly onClosed: () => void;
}

/** Writes to `socket` what comes from `source`. */
const sinkInto = (socket: Socket, source: Socket): Next => ({
  get full() {
    return !socket.destroyed && socket.writableNeedDrain;
  },
  accept: (item: Item) => {
    if (socket.destroyed) return;
    if ('bytes' in item) {
      socket.write(item.bytes);
      return;
    }
    if (item.ending === 'reset') {
      socket.resetAndDestroy();
      source.resetAndDestroy();
    } else if (item.ending === 'close') {
      socket.destroySoon();
      source.destroySoon();
      // To whom nobody answers any more, there is nothing left to send either.
    } else if (source.destroyed) socket.destroySoon();
    else socket.end();
  },
});

export class Connection {
  readonly #sockets: readonly Socket[];
  readonly #pipes: Readonly<Record<Stream, Pipe>>;

  constructor({ clock, client, upstream, onClosed }: ConnectionOptions) {
    this.#sockets = [client, upstream];
    this.#pipes = {
      upstream: new Pipe({ clock, source: client, sink: sinkInto(upstream, client) }),
      downstream: new Pipe({ clock, source: upstream, sink: sinkInto(client, upstream) }),
    };
    let open = 2;
    const closed = (): void => {
      open--;
      if (open > 0) return;
      for (const stream of STREAMS) this.#pipes[stream].stop();
      onClosed();
    };
    this.#join(client, upstream, 'upstream', closed);
    this.#join(upstream, client, 'downstream', closed);
  }

  pipe(stream: Stream): Pipe {
    return this.#pipes[stream];
  }

  /** Ends it at once, whatever is under way. */
  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** @param onward where what comes from `socket` goes to, by the stream of that name. */
  #join(socket: Socket, onward: Socket, stream: Stream, closed: () => void): void {
    const incoming = this.#pipes[stream];
    const outgoing = this.#pipes[stream === 'upstream' ? 'downstream' : 'upstream'];
    let ended = false;
    // Small pieces go out one by one, or a slicer would be undone.
    socket.setNoDelay(true);
    socket.on('data', (bytes) => incoming.push({ bytes }));
    socket.on('drain', () => outgoing.drained());
    socket.on('end', () => {
      ended = true;
      incoming.push({ ending: 'end' });
    });
    // What it was is told by `close`.
    socket.on('error', () => {});
    socket.on('close', (hadError) => {
      incoming.push({ ending: hadError ? 'reset' : 'close' });
      // Whoever waits for room gets it: what is written to a socket that is gone, is gone too.
      outgoing.drained();
      // The end of what it sent is there already; now nobody takes what comes from the other side.
      if (ended && onward.writableEnded) onward.destroySoon();
      closed();
    });
  }
}
