/**
 * Closing a connection on which the client is still sending. To close with input unread makes the kernel send a reset,
 * and a reset takes the answer away before the client has read it (RFC 9112 section 9.6): so our direction is ended
 * first, and what still comes is dropped for a while.
 */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../core/clock.js';

/** For an answer to arrive and the client to end. nginx waits 5 s; an answer that takes 2 s to arrive is too late anyway. */
export const LINGER_MS = 2_000;

/** Ends our direction, after what was written, and the connection when the client has ended its own or time is over. */
export const lingeringEnd = (socket: Socket, clock: Clock): void => {
  socket.end();
  socket.resume();
  const timer = clock.after(LINGER_MS, () => socket.destroy());
  socket.on('close', () => timer.cancel());
};

/** Has Node close the connection like that when this answer, which has to be its last, has been written. */
export const lingerAfter = ({ req }: ServerResponse, clock: Clock): void => {
  const { socket } = req;
  let ending = false;
  socket.destroySoon = () => {
    if (ending) return;
    ending = true;
    req.resume();
    lingeringEnd(socket, clock);
  };
};
