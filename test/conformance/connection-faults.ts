/** Upstreams whose connection fails: before, under and just after the request. */
import { type Fault, filler, sayTag } from './fault.js';

const PARTIAL_HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Le';
/** Long enough for a packet to be sent before the connection goes. */
const SENT_MS = 30;

export const CONNECTION_FAULTS = {
  none: {
    description: 'healthy, for comparison',
    at: 'request',
    strike: (strike) => sayTag(strike),
  },
  refused: { description: 'nothing listens', at: 'nobody' },
  'never-accepts': {
    description: 'the backlog is full, SYNs are dropped',
    byTheClock: true,
    at: 'kernel',
    backlog: 'full',
  },
  stopped: {
    description: 'the kernel takes connections, the process never accepts them',
    byTheClock: true,
    at: 'kernel',
    backlog: 'open',
  },
  'accept-rst': {
    description: 'resets connections at once',
    at: 'accept',
    strike: (socket) => socket.resetAndDestroy(),
  },
  'accept-close': {
    description: 'closes connections at once',
    at: 'accept',
    strike: (socket) => socket.destroy(),
  },
  'accept-fin': {
    description: 'ends connections at once, and goes on reading',
    at: 'accept',
    strike: (socket) => socket.end(),
  },
  'read-close': {
    description: 'reads the request, closes without a byte',
    at: 'request',
    strike: ({ socket }) => socket.destroy(),
  },
  'read-rst': {
    description: 'reads the request, resets without a byte',
    at: 'request',
    strike: ({ socket }) => socket.resetAndDestroy(),
  },
  hang: {
    description: 'reads the request, never answers',
    byTheClock: true,
    at: 'request',
    strike: () => {},
  },
  'no-read-body': {
    description: 'reads the header, never the body, never answers',
    byTheClock: true,
    largeBody: true,
    at: 'head',
    strike: ({ socket }) => {
      socket.pause();
    },
  },
  'early-200-close': {
    description: 'answers before the body, then closes with it unread',
    largeBody: true,
    at: 'head',
    strike: (strike) => {
      if (strike.hasBody) strike.socket.pause();
      sayTag(strike);
      // Without a body there is nothing unread, and the end comes with the answer.
      if (strike.hasBody) strike.later(SENT_MS, () => strike.socket.destroy());
      else strike.socket.end();
    },
  },
  'early-200-hold': {
    description: 'answers before the body, never reads it, keeps the connection',
    largeBody: true,
    at: 'head',
    strike: (strike) => {
      if (strike.hasBody) strike.socket.pause();
      sayTag(strike);
    },
  },
  'rst-mid-headers': {
    description: 'half a header, then RST',
    at: 'request',
    strike: ({ socket, later }) => {
      socket.write(PARTIAL_HEAD);
      later(SENT_MS, () => socket.resetAndDestroy());
    },
  },
  'fin-mid-headers': {
    description: 'half a header, then FIN',
    at: 'request',
    strike: ({ socket }) => socket.end(PARTIAL_HEAD),
  },
  'stall-mid-headers': {
    description: 'half a header, then silence',
    byTheClock: true,
    at: 'request',
    strike: ({ socket }) => socket.write(PARTIAL_HEAD),
  },
  'ka-race-fin': {
    description: 'closes a kept connection when the next request comes',
    at: 'reuse',
    strike: ({ socket }) => socket.destroy(),
  },
  'ka-race-rst': {
    description: 'resets a kept connection when the next request comes',
    at: 'reuse',
    strike: ({ socket }) => socket.resetAndDestroy(),
  },
  'ka-idle-closed': { description: 'closes a kept connection while it is idle', at: 'idle' },
  'extra-now': {
    description: 'a second answer, unasked, in the same packet',
    at: 'request',
    strike: ({ socket, id }) => {
      const smuggled = 'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled';
      const body = `ok ${id}`;
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}${smuggled}`);
    },
  },
  'extra-idle': {
    description: 'a second answer, unasked, while the connection is idle',
    at: 'request',
    strike: (strike) => {
      sayTag(strike);
      strike.later(0, () => strike.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled'));
    },
  },
  'extra-garbage': {
    description: 'bytes after the end of the body',
    at: 'request',
    strike: ({ socket, id }) => {
      const body = `ok ${id}`;
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}${filler(100)}`);
    },
  },
} as const satisfies Record<string, Fault>;
