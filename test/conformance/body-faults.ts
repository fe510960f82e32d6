/** Upstreams whose answer has a faulty frame or a body that breaks off, stands still or should not be there. */
import type { Socket } from 'node:net';
import { type Fault, filler, say, sayTag, tag } from './fault.js';

const OK = 'HTTP/1.1 200 OK';
const CHUNKED = `${OK}\r\nTransfer-Encoding: chunked`;
const CHUNK = '5\r\nxxxxx\r\n';
/** Long enough for what was sent to be read, so that a reset does not overtake it. */
const READ_MS = 50;
/** Less than any timeout, and long enough to tell a header that waits from one that does not. */
const LATE_MS = 200;
const LARGE_BYTES = 256 * 1024;

type Ending = 'fin' | 'rst';

const endWith = (socket: Socket, ending: Ending): void => {
  if (ending === 'fin') socket.end();
  else socket.resetAndDestroy();
};

/** A head and what there is of its body; the end comes a moment later. */
const broken = (description: string, head: string, body: string, ending: Ending): Fault => ({
  description,
  at: 'request',
  strike: ({ socket, later }) => {
    say(socket, head, body);
    later(READ_MS, () => endWith(socket, ending));
  },
});

const stalled = (description: string, head: string, body: string): Fault => ({
  description,
  byTheClock: true,
  at: 'request',
  strike: ({ socket }) => say(socket, head, body),
});

const framed = (description: string, framing: string, body = 'xxxxx'): Fault => ({
  description,
  at: 'request',
  strike: ({ socket }) => say(socket, `${OK}\r\n${framing}`, body),
});

const withLength = (bytes: number): string => `${OK}\r\nContent-Length: ${bytes}`;

/** As many bytes as the body says, one at a time: longer than any timeout, and never still. */
export const TRICKLE = { bytes: 35, intervalMs: 60 } as const;

const trickle = (socket: Socket, later: (delayMs: number, run: () => void) => void, left: number): void => {
  if (left === 0) return;
  socket.write('x');
  later(TRICKLE.intervalMs, () => trickle(socket, later, left - 1));
};

export const BODY_FAULTS = {
  'cl-dup-same': {
    description: 'the same Content-Length twice',
    at: 'request',
    strike: (strike) => sayTag(strike, [`Content-Length: ${tag(strike.id).length}`]),
  },
  'cl-dup-differ': framed(
    'Content-Length: 5 and Content-Length: 6',
    'Content-Length: 5\r\nContent-Length: 6',
  ),
  'cl-and-te': framed(
    'Content-Length: 5 and Transfer-Encoding: chunked',
    'Content-Length: 5\r\nTransfer-Encoding: chunked',
    'a\r\nxxxxxxxxxx\r\n0\r\n\r\n',
  ),
  'cl-abc': framed('Content-Length: abc', 'Content-Length: abc'),
  'cl-negative': framed('Content-Length: -1', 'Content-Length: -1'),
  'cl-overflow': framed('a Content-Length of 20 digits', `Content-Length: ${'9'.repeat(20)}`),
  'te-gzip': {
    description: 'Transfer-Encoding: gzip, which nobody asked for',
    at: 'request',
    strike: ({ socket }) => socket.end(`${OK}\r\nTransfer-Encoding: gzip\r\n\r\n\x1f\x8b\x08`, 'latin1'),
  },
  'chunk-bad': framed('a chunk of size "zz" at once', 'Transfer-Encoding: chunked', 'zz\r\nxxxxx\r\n'),
  'chunk-bad-later': {
    description: 'a good chunk, then one of size "zz"',
    at: 'request',
    strike: ({ socket, later }) => {
      say(socket, CHUNKED, CHUNK);
      later(READ_MS, () => socket.write('zz\r\nxxxxx\r\n0\r\n\r\n'));
    },
  },
  'chunk-overflow': {
    description: 'a good chunk, then one with a size of 20 digits',
    at: 'request',
    strike: ({ socket, later }) => {
      say(socket, CHUNKED, CHUNK);
      later(READ_MS, () => socket.write(`${'f'.repeat(20)}\r\nxxxxx`));
    },
  },
  'trunc-cl-fin': broken('100 of 1000 bytes, then FIN', withLength(1000), filler(100), 'fin'),
  'trunc-cl-rst': broken('100 of 1000 bytes, then RST', withLength(1000), filler(100), 'rst'),
  'trunc-cl-close': broken(
    'Connection: close, 100 of 1000 bytes, then FIN',
    `${withLength(1000)}\r\nConnection: close`,
    filler(100),
    'fin',
  ),
  'trunc-clbig-fin': broken('256 KiB of 1 MiB, then FIN', withLength(1024 ** 2), filler(LARGE_BYTES), 'fin'),
  'trunc-clbig-rst': broken('256 KiB of 1 MiB, then RST', withLength(1024 ** 2), filler(LARGE_BYTES), 'rst'),
  'trunc-chunk-fin': broken('a chunk, then FIN without the last one', CHUNKED, CHUNK, 'fin'),
  'trunc-chunk-rst': broken('a chunk, then RST', CHUNKED, CHUNK, 'rst'),
  'trunc-chunk-mid': broken('half a chunk, then FIN', CHUNKED, '14\r\nxxxxx', 'fin'),
  'trunc-chunk-close': broken(
    'Connection: close, a chunk, then FIN without the last one',
    `${CHUNKED}\r\nConnection: close`,
    CHUNK,
    'fin',
  ),
  'noframe-fin': broken('neither length nor chunks, 100 bytes, then FIN', OK, filler(100), 'fin'),
  'noframe-rst': broken('neither length nor chunks, 100 bytes, then RST', OK, filler(100), 'rst'),
  'stall-no-body': stalled('a header, then silence', withLength(1000), ''),
  'stall-mid-body': stalled('100 of 1000 bytes, then silence', withLength(1000), filler(100)),
  'stall-chunked': stalled('a chunk, then silence', CHUNKED, CHUNK),
  'trickle-body': {
    description: 'a byte now and then, for longer than any timeout',
    byTheClock: true,
    at: 'request',
    strike: ({ socket, later }) => {
      say(socket, withLength(TRICKLE.bytes));
      trickle(socket, later, TRICKLE.bytes);
    },
  },
  b204: {
    description: '204 with Content-Length: 5 and five bytes',
    at: 'request',
    strike: ({ socket }) => say(socket, 'HTTP/1.1 204 No Content\r\nContent-Length: 5', 'xxxxx'),
  },
  b304: {
    description: '304 with Content-Length: 5 and five bytes',
    at: 'request',
    strike: ({ socket }) => say(socket, 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5', 'xxxxx'),
  },
  'len-304': {
    description: '304 with Content-Length: 5 and no body, which is how it should be',
    at: 'request',
    strike: ({ socket }) => say(socket, 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5'),
  },
  'late-body': {
    description: 'a header at once, the body a while later',
    at: 'request',
    strike: ({ socket, later }) => {
      say(socket, withLength(5));
      later(LATE_MS, () => socket.write('xxxxx'));
    },
  },
} as const satisfies Record<string, Fault>;
