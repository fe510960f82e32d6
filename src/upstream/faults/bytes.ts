/** An answer as bytes, so that a fault can send it in pieces, spoiled, or in part. */
import type { Socket } from 'node:net';
import type { Visit } from './fault.js';

const BODY = 'x'.repeat(1_000);

/** The last answer of its connection: `node:http` would take no other there. */
export const HEAD = `HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: ${BODY.length}\r\nconnection: close\r\n\r\n`;

export const WHOLE = HEAD + BODY;

/** Up to the middle of the body. */
export const HALF = HEAD + BODY.slice(0, BODY.length / 2);

/** Connections that are past `node:http`. */
const raw = new WeakSet<Socket>();

/** `node:http` waits there for the end of an answer that it never sees, and breaks at the end of any other. */
export const isRaw = (socket: Socket): boolean => raw.has(socket);

/** The connection itself, past `node:http`, which then knows nothing of what is sent. It serves no other request. */
export const rawConnection = ({ request, response }: Visit): Socket => {
  const { socket } = request;
  raw.add(socket);
  // Not the response's own yet while an earlier one on the same connection is under way (pipelining).
  if (response.socket === socket) response.detachSocket(socket);
  // Whoever waits for the end of the request is told all the same.
  socket.once('close', () => response.emit('close'));
  // What `node:http` would do when the peer leaves is not its business any more.
  socket.removeAllListeners('error').on('error', () => {});
  return socket;
};
