/** The model of a third party's API behind HTTP: every request is a call. */
import { createServer, type Server } from 'node:http';
import type { DependencyModel } from './model.js';

/** Longer than a worker keeps an idle connection, so that this side is not the one to close it. */
const KEEP_ALIVE_MS = 65_000;

export const openThirdParty = (model: DependencyModel): Server =>
  createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    const { socket } = request;
    const session = model.connect();
    if (session === null) {
      socket.destroy();
      return;
    }
    const respond = (statusCode: number): void => {
      response.writeHead(statusCode, { 'content-length': 0 }).end();
    };
    response.on('close', () => session.leave());
    request.resume();
    session.call({ answer: () => respond(200), fail: respond, cut: () => socket.resetAndDestroy() });
  });
