/** Upstreams whose answer begins wrongly, or in a way that is seldom seen: status lines, fields, informational answers. */
import { type Fault, filler, say, sayTag } from './fault.js';

/** Every byte value once, beginning with one that no status line begins with. */
const GARBAGE = Buffer.from(Array.from({ length: 256 }, (_, index) => (index * 167 + 1) & 0xff));

const withField = (description: string, field: string): Fault => ({
  description,
  at: 'request',
  strike: (strike) => sayTag(strike, [field]),
});

const withStatusLine = (description: string, statusLine: string): Fault => ({
  description,
  at: 'request',
  strike: (strike) => sayTag(strike, [], statusLine),
});

const ended = (description: string, bytes: string | Buffer): Fault => ({
  description,
  at: 'request',
  strike: ({ socket }) => socket.end(bytes),
});

/** An informational answer first, the true one a moment later. */
const informed = (description: string, head: string): Fault => ({
  description,
  at: 'request',
  strike: (strike) => {
    say(strike.socket, head);
    strike.later(10, () => sayTag(strike));
  },
});

const own = (status: string, fields: readonly string[] = []): Fault => ({
  description: `answers ${status} itself${fields.map((field) => `, ${field}`).join('')}`,
  at: 'request',
  strike: (strike) => sayTag(strike, fields, `HTTP/1.1 ${status} Own`),
});

const EARLY_HINTS = 'HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload';

export const HEAD_FAULTS = {
  'status-abc': ended('a status line "HTTP/1.1 abc"', 'HTTP/1.1 abc\r\nContent-Length: 2\r\n\r\nok'),
  'status-noreason': withStatusLine('a status line without a reason', 'HTTP/1.1 200'),
  'status-099': withStatusLine('status 099', 'HTTP/1.1 099 Low'),
  'status-600': withStatusLine('status 600', 'HTTP/1.1 600 High'),
  'status-999': withStatusLine('status 999', 'HTTP/1.1 999 High'),
  'version-1.0': withStatusLine('an answer of HTTP/1.0 with a length', 'HTTP/1.0 200 OK'),
  'version-3.0': withStatusLine('a status line "HTTP/3.0 200 OK"', 'HTTP/3.0 200 OK'),
  'garbage-fin': ended('256 bytes of anything, then FIN', GARBAGE),
  http09: ended('a text without a header, as in HTTP/0.9, then FIN', 'hello, this is all there is\n'),
  'hdr-8k': withField('a field of 8 KiB', `X-Large: ${filler(8 * 1024)}`),
  'hdr-64k': withField('a field of 64 KiB', `X-Large: ${filler(64 * 1024)}`),
  'hdr-1m': withField('a field of 1 MiB', `X-Large: ${filler(1024 ** 2)}`),
  'hdr-200': {
    description: '200 fields',
    at: 'request',
    strike: (strike) =>
      sayTag(
        strike,
        Array.from({ length: 200 }, (_, index) => `X-Small-${index}: ${index}`),
      ),
  },
  'hdr-name-space': withField('a field name with a space', 'Bad Name: x'),
  'hdr-no-colon': withField('a field without a colon', 'Bad-Line'),
  'hdr-ctl': withField('a control character (0x01) in a value', 'X-Odd: a\x01b'),
  'hdr-nul': withField('a NUL in a value', 'X-Odd: a\x00b'),
  'hdr-obsfold': withField('a folded line (obs-fold)', 'X-Folded: one\r\n two'),
  'hdr-bare-lf': {
    description: 'lines that end in LF alone',
    at: 'request',
    strike: ({ socket, id }) => {
      const body = `ok ${id}`;
      socket.write(`HTTP/1.1 200 OK\nContent-Length: ${body.length}\n\n${body}`);
    },
  },
  'inf-100': informed('100 Continue unasked, then 200', 'HTTP/1.1 100 Continue'),
  'inf-101': {
    description: '101 Switching Protocols unasked, then bytes',
    at: 'request',
    strike: ({ socket }) =>
      say(
        socket,
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket',
        filler(20),
      ),
  },
  'inf-103': informed('103 Early Hints, then 200', EARLY_HINTS),
  'inf-103-close': ended('103 Early Hints, then FIN', `${EARLY_HINTS}\r\n\r\n`),
  'own-500': own('500'),
  'own-502': own('502'),
  'own-503': own('503'),
  'own-503-ra': own('503', ['Retry-After: 7']),
  'own-504': own('504'),
  'own-429': own('429'),
  'own-503-close': {
    description: 'answers 503 itself with Connection: close, then FIN',
    at: 'request',
    strike: (strike) => {
      sayTag(strike, ['Connection: close'], 'HTTP/1.1 503 Own');
      strike.socket.end();
    },
  },
} as const satisfies Record<string, Fault>;
