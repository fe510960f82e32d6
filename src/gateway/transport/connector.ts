/**
 * How connections to an upstream are made: undici's way, with the time kept by our clock, because undici's timers have a
 * resolution of half a second.
 */
import type { Socket } from 'node:net';
import { buildConnector } from 'undici';
import type { Clock } from '../../core/clock.js';
import { forUndici } from '../../core/tls-errors.js';
import { formatDuration } from '../../core/units.js';
import type { UpstreamTls } from './upstream-tls.js';

export interface ConnectorParts {
  readonly timeoutMs: number;
  readonly clock: Clock;
  /** `null`: plain TCP. The time of the handshake counts. */
  readonly tls: UpstreamTls | null;
  /** Called with every connection that came about, before undici sees it. */
  readonly onSocket: (socket: Socket) => void;
  /** Of an upstream that has a name; `null`: Node does it. */
  readonly resolve: Resolve | null;
}

/** The time of a lookup does not count: it has a limit of its own. */
type Resolve = (hostname: string) => Promise<string>;

export const connector = (parts: ConnectorParts): buildConnector.connector => {
  const { resolve } = parts;
  const open = openSocket(parts);
  if (resolve === null) return open;
  return (options, callback) => {
    resolve(options.hostname).then(
      (hostname) => open({ ...options, hostname }, callback),
      (error: Error) => callback(error, null),
    );
  };
};

const openSocket = ({ timeoutMs, clock, tls, onSocket }: ConnectorParts): buildConnector.connector => {
  const connect = buildConnector({ timeout: 0, ...(tls?.ca !== undefined && { ca: tls.ca }) });
  const secure = tls === null ? {} : { servername: tls.servername };
  return (options, callback) => {
    const socket = connect({ ...options, ...secure }, (...[error, made]) => {
      timer.cancel();
      if (error !== null) {
        callback(forUndici(error), null);
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
