/** The database's model behind a socket: see `database-protocol.ts`. */
import { createServer, type Server } from 'node:net';
import { ERROR, OK, onLine, QUERY, READY } from './database-protocol.js';
import type { DependencyModel } from './model.js';

export const openDatabase = (model: DependencyModel): Server =>
  createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {});
    const session = model.connect();
    if (session === null) {
      socket.resume().end(`${ERROR} too many connections\n`);
      return;
    }
    socket.on('close', () => session.leave());
    onLine(socket, (line) => {
      if (line !== QUERY || session.busy) {
        socket.destroy();
        return;
      }
      session.call({
        answer: () => socket.write(`${OK}\n`),
        fail: (statusCode) => socket.write(`${ERROR} ${statusCode}\n`),
        cut: () => socket.resetAndDestroy(),
      });
    });
    socket.write(`${READY}\n`);
  });
