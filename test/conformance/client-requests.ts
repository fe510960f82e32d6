/**
 * What clients send, byte by byte, and what they get for it. Two readers who take the same bytes for different requests
 * are how requests are smuggled, so whatever is not plain is refused (RFC 9112 section 11.2).
 */

export interface ClientRequest {
  readonly description: string;
  /** What the client writes; `TARGET` is a path that names the request. */
  readonly sends: string;
  /** Method of the first request, which decides how its answer is read. */
  readonly method?: string;
  /** The statuses it gets, in order; a list where the rules leave a choice. */
  readonly gets: readonly (number | readonly number[])[];
  readonly informational?: readonly number[];
  /** How the connection stands afterwards; `either`: the rules leave the choice. */
  readonly leaves: 'open' | 'closed' | 'either';
}

/** The upstream answers below this path with the last segment. */
export const TARGET = '/healthy/c1';
const SECOND = '/healthy/c2';

const lines = (...parts: readonly string[]): string => `${parts.join('\r\n')}\r\n\r\n`;

const HOST = 'Host: conformance.test';

/** A request with these fields besides Host. */
const get = (...fields: readonly string[]): string => lines(`GET ${TARGET} HTTP/1.1`, HOST, ...fields);
const post = (body: string, ...fields: readonly string[]): string =>
  `${lines(`POST ${TARGET} HTTP/1.1`, HOST, ...fields)}${body}`;

const refused = (description: string, sends: string, status = 400): ClientRequest => ({
  description,
  sends,
  gets: [status],
  leaves: 'either',
});

const taken = (description: string, sends: string): ClientRequest => ({
  description,
  sends,
  gets: [200],
  leaves: 'open',
});

/** A path of so many bytes that still ends with the request's name. */
const longPath = (bytes: number): string => `/healthy/${'p'.repeat(bytes - TARGET.length - 1)}/c1`;

export const CLIENT_REQUESTS = {
  'bad-request': refused('a request line that is none', 'this is no HTTP\r\n\r\n'),
  'no-host': refused('no Host', lines(`GET ${TARGET} HTTP/1.1`)),
  'two-hosts': refused('two Hosts', get('Host: other.test')),
  'unknown-version': refused('HTTP/3.0 in the request line', lines(`GET ${TARGET} HTTP/3.0`, HOST)),
  http09: refused('a request of HTTP/0.9', `GET ${TARGET}\r\n\r\n`),
  'method-unknown': refused('a method that does not exist', lines(`BREW ${TARGET} HTTP/1.1`, HOST)),
  'method-lower-case': refused('a method in lower case', lines(`get ${TARGET} HTTP/1.1`, HOST)),
  connect: refused('CONNECT', lines('CONNECT other.test:443 HTTP/1.1', 'Host: other.test:443')),
  'options-star': refused('OPTIONS *', lines('OPTIONS * HTTP/1.1', HOST)),
  'path-undecodable': refused('a path with %zz', lines('GET /healthy/%zz HTTP/1.1', HOST)),
  'path-space': refused('a path with a space', lines('GET /healthy/c 1 HTTP/1.1', HOST)),
  'url-9k': refused('a URL of 9000 bytes', lines(`GET ${longPath(9_000)} HTTP/1.1`, HOST), 414),
  'url-20k': refused('a URL of 20000 bytes', lines(`GET ${longPath(20_000)} HTTP/1.1`, HOST), 414),
  'url-4k': taken('a URL of 4000 bytes', lines(`GET ${longPath(4_000)} HTTP/1.1`, HOST)),
  'hdr-9k': taken('a field of 9000 bytes', get(`X-Large: ${'h'.repeat(9_000)}`)),
  'hdr-20k': refused('a field of 20000 bytes', get(`X-Large: ${'h'.repeat(20_000)}`), 431),
  'hdr-sum-40k': refused(
    '40 fields of 1 KB',
    get(...Array.from({ length: 40 }, (_, index) => `X-${index}: ${'h'.repeat(1_000)}`)),
    431,
  ),
  'hdr-150': taken('150 fields', get(...Array.from({ length: 150 }, (_, index) => `X-${index}: ${index}`))),
  'hdr-name-space': refused('a field name with a space', get('Bad Name: x')),
  'hdr-space-colon': refused('a space before the colon', get('X-Odd : x')),
  'hdr-ctl': refused('a control character (0x01) in a value', get('X-Odd: a\x01b')),
  'hdr-nul': refused('a NUL in a value', get('X-Odd: a\x00b')),
  'hdr-obsfold': refused('a folded line (obs-fold)', get('X-Folded: one\r\n two')),
  'hdr-bare-lf': refused('lines that end in LF alone', `GET ${TARGET} HTTP/1.1\n${HOST}\n\n`),
  'hdr-bare-cr': refused('a CR alone in a value', get('X-Odd: a\rb')),
  'cl-and-te': refused(
    'Content-Length and Transfer-Encoding',
    post('0\r\n\r\n', 'Content-Length: 5', 'Transfer-Encoding: chunked'),
  ),
  'cl-dup-differ': refused('two lengths', post('xxxxxx', 'Content-Length: 5', 'Content-Length: 6')),
  'cl-abc': refused('Content-Length: abc', post('xxxxx', 'Content-Length: abc')),
  'cl-negative': refused('Content-Length: -1', post('xxxxx', 'Content-Length: -1')),
  'cl-plus': refused('Content-Length: +5', post('xxxxx', 'Content-Length: +5')),
  'te-gzip': refused('Transfer-Encoding: gzip', post('xxxxx', 'Transfer-Encoding: gzip')),
  'te-gzip-chunked': refused(
    'Transfer-Encoding: gzip, chunked',
    post('5\r\nxxxxx\r\n0\r\n\r\n', 'Transfer-Encoding: gzip, chunked'),
  ),
  'te-http10': refused(
    'Transfer-Encoding in HTTP/1.0',
    `${lines(`POST ${TARGET} HTTP/1.0`, HOST, 'Transfer-Encoding: chunked')}5\r\nxxxxx\r\n0\r\n\r\n`,
  ),
  'chunk-bad': refused('a chunk of size "zz"', post('5\r\nxxxxx\r\nzz\r\n', 'Transfer-Encoding: chunked')),
  'chunk-long': refused(
    'a chunk longer than its size',
    post('3\r\nxxxxx\r\n0\r\n\r\n', 'Transfer-Encoding: chunked'),
  ),
  'chunked-trailers': taken(
    'chunks with an extension and a trailer',
    post('5;a=b\r\nxxxxx\r\n0\r\nX-Trailer: t\r\n\r\n', 'Transfer-Encoding: chunked'),
  ),
  'host-path': refused('a Host with a path', lines(`GET ${TARGET} HTTP/1.1`, 'Host: conformance.test/x')),
  'host-user': refused('a Host with a user', lines(`GET ${TARGET} HTTP/1.1`, 'Host: me@conformance.test')),
  'absolute-form': taken(
    'an absolute URL, as to a forward proxy',
    lines(`GET http://conformance.test${TARGET} HTTP/1.1`, HOST),
  ),
  pipelined: {
    description: 'two requests at once',
    sends: get() + lines(`GET ${SECOND} HTTP/1.1`, HOST),
    gets: [200, 200],
    leaves: 'open',
  },
  'get-with-body': {
    description: 'a GET with a body, and a request after it',
    sends: `${get('Content-Length: 5')}xxxxx${lines(`GET ${SECOND} HTTP/1.1`, HOST)}`,
    gets: [200, 200],
    leaves: 'open',
  },
  'garbage-after': {
    description: 'a request, and bytes that are none',
    sends: `${get()}this is no HTTP\r\n\r\n`,
    gets: [200],
    leaves: 'closed',
  },
  'expect-100': {
    description: 'Expect: 100-continue, and the body at once',
    sends: post('xxxxx', 'Content-Length: 5', 'Expect: 100-continue'),
    gets: [200],
    informational: [100],
    leaves: 'open',
  },
  'expect-other': {
    description: 'Expect: something else',
    sends: get('Expect: tea'),
    gets: [[417, 200]],
    leaves: 'either',
  },
  'upgrade-other': {
    description: 'an Upgrade that is not WebSocket',
    sends: get('Connection: Upgrade', 'Upgrade: tea/1'),
    gets: [200],
    leaves: 'either',
  },
  'upgrade-other-post': {
    description: 'an Upgrade that is not WebSocket, with a body',
    sends: post('xxxxx', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'Content-Length: 5'),
    gets: [200],
    leaves: 'either',
  },
  http10: {
    description: 'a request of HTTP/1.0',
    sends: lines(`GET ${TARGET} HTTP/1.0`),
    gets: [200],
    leaves: 'closed',
  },
  'http10-keep-alive': taken(
    'HTTP/1.0 with Connection: keep-alive',
    lines(`GET ${TARGET} HTTP/1.0`, 'Connection: keep-alive'),
  ),
} as const satisfies Record<string, ClientRequest>;

export type ClientRequestId = keyof typeof CLIENT_REQUESTS;

export const CLIENT_REQUEST_IDS = Object.keys(CLIENT_REQUESTS) as ClientRequestId[];

export const clientRequestOf = (id: ClientRequestId): ClientRequest => CLIENT_REQUESTS[id];
