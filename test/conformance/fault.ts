/** What a fault is: when it strikes, and what the upstream does then, on the bare socket. */
import type { Socket } from 'node:net';

/** A request that the fault strikes. */
export interface Strike {
  readonly socket: Socket;
  /** The request's own name, which an answer has to carry. */
  readonly id: string;
  readonly hasBody: boolean;
  /** Runs after a while, and when the gateway has read what was sent, unless the connection has gone. */
  readonly later: (delayMs: number, run: () => void) => void;
}

interface Described {
  readonly description: string;
  /** POSTs have a body too large for the kernel's buffers. */
  readonly largeBody?: true;
  /** The gateway has to give up, or not to, by the clock: its timeouts are short. */
  readonly byTheClock?: true;
}

export type Fault = Described &
  (
    | { /** Nothing listens. */ readonly at: 'nobody' }
    | { /** Nobody accepts. */ readonly at: 'kernel'; readonly backlog: 'open' | 'full' }
    | {
        /** As soon as there is a connection. */ readonly at: 'accept';
        readonly strike: (socket: Socket) => void;
      }
    | {
        /** When the request's header has come. */ readonly at: 'head';
        readonly strike: (strike: Strike) => void;
      }
    | {
        /** When all of the request has come. */ readonly at: 'request';
        readonly strike: (strike: Strike) => void;
      }
    | {
        /** When a second request comes on a connection. */
        readonly at: 'reuse';
        readonly strike: (strike: Strike) => void;
      }
    | { /** A moment after an answer, when the connection is idle. */ readonly at: 'idle' }
  );

/** What a healthy upstream says to a request, so that nobody can take another's answer for it. */
export const tag = (id: string): string => `ok ${id}`;

export const filler = (bytes: number): string => 'x'.repeat(bytes);

/** Head and body in one packet, as servers send small answers. */
export const say = (socket: Socket, head: string, body = ''): void => {
  socket.write(`${head}\r\n\r\n${body}`, 'latin1');
};

/** An answer like a healthy upstream's, with more fields and another status line. */
export const sayTag = (
  { socket, id }: Pick<Strike, 'socket' | 'id'>,
  fields: readonly string[] = [],
  statusLine = 'HTTP/1.1 200 OK',
): void => {
  const body = tag(id);
  say(socket, [statusLine, ...fields, `Content-Length: ${body.length}`].join('\r\n'), body);
};
