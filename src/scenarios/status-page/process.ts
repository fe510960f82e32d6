/**
 * The status page's own process: it shares nothing with the gateway, and answers when that is dead. It is told what is seen, and
 * decides by itself what that means; a command that falls silent is said to have.
 */
import { childArgument, parentLink } from '../../core/child.js';
import { wallClock } from '../../core/clock.js';
import { StatusBoard } from './board.js';
import type { FromStatusPage, StatusPageArgument, ToStatusPage } from './messages.js';
import { StatusServer } from './server.js';

const { host, port, title } = childArgument<StatusPageArgument>();
const link = parentLink<ToStatusPage, FromStatusPage>();
const board = new StatusBoard(title);
const server = new StatusServer(board, wallClock, title, (rayId) => link.send({ type: 'reported', rayId }));

link.onMessage(async (message) => {
  switch (message.type) {
    case 'begin':
      return board.begin(message, wallClock.nowMs());
    case 'observed':
      return board.observe(message, wallClock.nowMs());
    case 'end':
      return board.end(message.atMs, wallClock.nowMs());
    case 'stop':
      await server.close();
      process.disconnect();
  }
});

server.listen(host, port).then(
  (taken) => link.send({ type: 'ready', port: taken }),
  (error: Error) => link.send({ type: 'failed', message: `the status page cannot listen: ${error.message}` }),
);
