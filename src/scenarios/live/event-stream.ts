/** A channel as a stream of server-sent events (HTML Living Standard, section 9.2). */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../core/clock.js';
import type { Channel } from './channel.js';
import { MAX_TICK_BYTES } from './history.js';

/** A page has a few tabs at most; each more gets everything once more. */
export const MAX_LISTENERS = 16;

/** What may wait to be read by one page: everything that is kept, and a mebibyte. A page that is further behind asks anew. */
export const MAX_BEHIND_BYTES = 2 * MAX_TICK_BYTES + 1024 ** 2;

/** While nothing happens, so that whoever is between keeps the connection. */
const COMMENT_MS = 15_000;

const HEAD = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  // It ends when the page is left, and is not to be used for anything else.
  connection: 'close',
} as const;

/** @param maxBehindBytes beyond it a page is dropped. */
export const serveStream = (
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
  channel: Channel,
  clock: Clock,
  maxBehindBytes = MAX_BEHIND_BYTES,
): void => {
  if (channel.listeners >= MAX_LISTENERS) {
    const detail = `${MAX_LISTENERS} pages are open already; close one`;
    response.writeHead(503, { 'content-type': 'text/plain; charset=utf-8', 'retry-after': '5' });
    response.end(`${detail}\n`);
    return;
  }
  response.writeHead(200, HEAD);
  const { 'last-event-id': lastId } = request.headers;
  const take = (text: string): void => {
    if (response.destroyed) return;
    response.write(text);
    if (response.writableLength > maxBehindBytes) response.destroy();
  };
  const leave = channel.join(
    { take, end: () => response.end() },
    typeof lastId === 'string' ? lastId : undefined,
  );
  const comments = clock.every(COMMENT_MS, () => take(':\n\n'));
  const over = (): void => {
    leave();
    comments.cancel();
  };
  response.on('close', over);
  response.on('error', over);
};
