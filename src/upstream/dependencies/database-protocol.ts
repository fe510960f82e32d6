/**
 * How workers and the database stub talk: lines of text over TCP, one query at a time on a connection, as PostgreSQL's
 * and MySQL's protocols have it, and nothing else of theirs.
 *
 * The database speaks first: `ready`, or `error …` and the end. A worker says `query`, and gets `ok` or `error STATUS`.
 */
import type { Socket } from 'node:net';

export const READY = 'ready';
export const QUERY = 'query';
export const OK = 'ok';
export const ERROR = 'error';

/** No line is nearly as long; what is longer is not from one of us, and ends the connection. */
const MAX_LINE_CHARS = 256;

export const onLine = (socket: Socket, read: (line: string) => void): void => {
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (text + chunk).split('\n');
    text = lines.pop()!;
    for (const line of lines) read(line);
    if (text.length > MAX_LINE_CHARS) socket.destroy();
  });
};
