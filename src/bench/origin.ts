/**
 * What stands behind the gateway in a benchmark: a bare `node:http` server that answers at once, so that as little as
 * possible of the cost is its own.
 */
import { createServer } from 'node:http';
import { parentLink } from '../core/child.js';

export type FromOrigin = { readonly type: 'ready'; readonly port: number };

const SMALL = Buffer.from('{"message":"hello"}\n');

/** Bodies of `/bytes/N`, made once each. */
const MAX_BODY_BYTES = 16 * 1024 ** 2;
const bodies = new Map<number, Buffer>();

const bodyOf = (url: string): Buffer => {
  const bytes = Math.min(MAX_BODY_BYTES, Number(/^\/bytes\/(\d+)/.exec(url)?.[1] ?? 0));
  if (bytes === 0) return SMALL;
  let body = bodies.get(bytes);
  if (body === undefined) {
    body = Buffer.alloc(bytes, 'x');
    bodies.set(bytes, body);
  }
  return body;
};

/**
 * A proxy may open a thousand connections at once. With Node's 511 places for those not accepted yet, the kernel drops
 * the rest, and each is tried again only after a second.
 */
const BACKLOG = 4_096;

const link = parentLink<{ type: 'stop' }, FromOrigin>();
const server = createServer((request, response) => {
  const body = bodyOf(request.url ?? '/');
  const answer = (): void => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
    response.end(body);
  };
  if (request.method === 'GET') answer();
  else request.on('end', answer).resume();
});
// A gateway that keeps a connection for later must not find it closed: nothing here ends an idle one.
server.keepAliveTimeout = 0;
link.onMessage(() => process.exit(0));
server.listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG }, () => {
  link.send({ type: 'ready', port: (server.address() as { port: number }).port });
});
