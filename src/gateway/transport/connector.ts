/**
 * How connections to an upstream are made: undici's way, with the time kept by our clock, because undici's timers have a
 * resolution of half a second.
 */
import type { Socket } from 'node:net';
import { buildConnector } from 'undici';
import type { Clock } from '../../core/clock.js';
import { formatDuration } from '../../core/units.js';

/** The time of a lookup does not count: it has a limit of its own. */
type Resolve = (hostname: string) => Promise<string>;

/**
 * @param onSocket called with every connection that came about, before undici sees it.
 * @param resolve of an upstream that has a name; `null`: Node does it.
 */
export const connector = (
  timeoutMs: number,
  clock: Clock,
  onSocket: (socket: Socket) => void,
  resolve: Resolve | null,
): buildConnector.connector => {
  const open = openSocket(timeoutMs, clock, onSocket);
  if (resolve === null) return open;
  return (options, callback) => {
    resolve(options.hostname).then(
      (hostname) => open({ ...options, hostname }, callback),
      (error: Error) => callback(error, null),
    );
  };
};

const openSocket = (
  timeoutMs: number,
  clock: Clock,
  onSocket: (socket: Socket) => void,
): buildConnector.connector => {
  const connect = buildConnector({ timeout: 0 });
  return (options, callback) => {
    const socket = connect(options, (...[error, made]) => {
      timer.cancel();
      if (error !== null) {
        callback(error, null);
        return;
      }
      onSocket(made);
      callback(null, made);
    }) as unknown as Socket;
    const timer = clock.after(timeoutMs, () => {
      const error = new Error(`no connection within ${formatDuration(timeoutMs)}`);
      socket.destroy(Object.assign(error, { code: 'UND_ERR_CONNECT_TIMEOUT' }));
    });
  };
};
