/** A server of a process that comes back on its port after a death: listens, and tries again while the port is held. */
import type { Server } from 'node:net';
import type { Clock } from '../core/clock.js';

/** A port that was taken over a restart may be held for a moment by a connection that is just ending. */
const LISTEN_RETRY_MS = 50;
const LISTEN_ATTEMPTS = 40;

export interface ListenOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly clock: Clock;
  readonly onReady: (port: number) => void;
  readonly onFailed: (message: string) => void;
}

export const listenOn = (
  server: Pick<Server, 'listen' | 'on' | 'address'>,
  { host, port, clock, onReady, onFailed }: ListenOptions,
): void => {
  let attempts = 0;
  const listen = (): void => {
    attempts++;
    server.listen(port, host);
  };
  server.on('listening', () => onReady((server.address() as { port: number }).port));
  server.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE' && attempts < LISTEN_ATTEMPTS) clock.after(LISTEN_RETRY_MS, listen);
    else onFailed(error.message);
  });
  listen();
};
