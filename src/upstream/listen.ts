/** A server that comes back on its port after a death, or after somebody else had it: it tries again while that is held. */
import type { Server } from 'node:net';
import type { Clock } from '../core/clock.js';

/** A port that was taken over a restart may be held for a moment by a connection that is just ending. */
const DEFAULT_PATIENCE_MS = 2_000;
const RETRY_MS = 25;

export interface ListenOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly clock: Clock;
  /** For how long it tries while the port is held; default 2 s. */
  readonly patienceMs?: number;
}

/** @returns the port, when it listens. @throws the system's error. */
export const listenOn = (
  server: Pick<Server, 'listen' | 'on' | 'address'>,
  { host, port, clock, patienceMs = DEFAULT_PATIENCE_MS }: ListenOptions,
): Promise<number> =>
  new Promise((resolve, reject) => {
    const untilMs = clock.nowMs() + patienceMs;
    const listen = (): unknown => server.listen(port, host);
    server.on('listening', () => resolve((server.address() as { port: number }).port));
    // Of one that listens it is a connection that could not be accepted: no matter of those that are.
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' && clock.nowMs() < untilMs) clock.after(RETRY_MS, listen);
      else reject(error);
    });
    listen();
  });
