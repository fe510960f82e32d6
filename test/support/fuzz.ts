/** Bytes that are nearly HTTP: valid messages with something done to them, and plain noise. */
import type { Random } from '../../src/core/random.js';

const REQUESTS: readonly string[] = [
  'GET /fuzz HTTP/1.1\r\nhost: x\r\n\r\n',
  'GET /fuzz?a=b HTTP/1.1\r\nhost: x\r\naccept: */*\r\ncookie: a=b; c=d\r\n\r\n',
  'POST /fuzz HTTP/1.1\r\nhost: x\r\ncontent-length: 11\r\n\r\nhello world',
  'POST /fuzz HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n',
  'PUT /fuzz HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\nhello',
  'GET /fuzz HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: YQ==\r\n\r\n',
  'GET /fuzz HTTP/1.1\r\nhost: x\r\n\r\nGET /fuzz HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
  'GET /fuzz HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nGET /fuzz HTTP/1.1\r\nhost: x\r\n\r\n',
  'POST /fuzz HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: h2c\r\ncontent-length: 5\r\n\r\nhello',
  'GET http://x/fuzz HTTP/1.1\r\nhost: x\r\nrange: bytes=0-5\r\nif-none-match: "a"\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\nGET /fuzz HTTP/1.1\r\nhost: x\r\n\r\n',
  'CONNECT x:443 HTTP/1.1\r\nhost: x:443\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
];

const RESPONSES: readonly string[] = [
  'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhello',
  'HTTP/1.1 503 Busy\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n',
  'HTTP/1.1 304 Not Modified\r\netag: "a"\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok',
  'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\nxx',
  'HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\nset-cookie: a=b\r\nvary: accept\r\ncontent-length: 1\r\n\r\nx',
  'HTTP/1.1 204 No Content\r\n\r\n',
];

/** Pieces that parsers have stumbled over. */
const PIECES: readonly string[] = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  ' ',
  '\t',
  ':',
  ';',
  '\r\n\r\n',
  '\r\n ',
  'content-length: 3\r\n',
  'content-length: -1\r\n',
  'content-length: 99999999999999999999\r\n',
  'transfer-encoding: chunked\r\n',
  'transfer-encoding: identity\r\n',
  'connection: close\r\n',
  'connection: content-length\r\n',
  'ffffffffffffffff\r\n',
  '0\r\n\r\n',
  '\u00ff\u00fe',
  '%00',
  '__proto__: x\r\n',
  'HTTP/1.1 200 OK\r\n',
  'GET / HTTP/1.1\r\n',
  `${'a'.repeat(20_000)}`,
  `x: ${'y'.repeat(9_000)}\r\n`,
];

const pick = <Item>(items: readonly Item[], random: Random): Item => items[random.below(items.length)]!;

const mutateOnce = (text: string, random: Random): string => {
  const at = random.below(text.length + 1);
  const length = random.below(12);
  switch (random.below(6)) {
    case 0:
      return text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at + 1);
    case 1:
      return text.slice(0, at) + text.slice(at + length);
    case 2:
      return text.slice(0, at) + pick(PIECES, random) + text.slice(at);
    case 3:
      return text.slice(0, at) + text.slice(Math.max(0, at - length)) + text.slice(at);
    case 4:
      return text.slice(0, at);
    default:
      return text.slice(0, at).toUpperCase() + text.slice(at);
  }
};

const noise = (random: Random): string =>
  Array.from({ length: random.below(400) }, () => String.fromCharCode(random.below(256))).join('');

const nearly = (originals: readonly string[], random: Random): string => {
  if (random.below(10) === 0) return noise(random);
  let text = pick(originals, random);
  for (let count = random.below(4); count >= 0; count--) text = mutateOnce(text, random);
  return text;
};

export const nearlyRequest = (random: Random): string => nearly(REQUESTS, random);
export const nearlyResponse = (random: Random): string => nearly(RESPONSES, random);
