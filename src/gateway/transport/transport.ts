/**
 * The leaf of every endpoint stack: sends one attempt to one upstream over connections of undici's, and turns whatever
 * can go wrong into a `GatewayError`.
 *
 * undici's `dispatch` is used with a handler of our own, which aborts through its controller and hands body chunks
 * straight on: no Node stream and no AbortSignal per request. Nothing queues there: a connection has one request at a
 * time, and there are no more connections than the config allows. undici's own timeouts are off, because they have a
 * resolution of a second; time is kept by the timeout layers above.
 */
import { isIP, isIPv6 } from 'node:net';
import { Client } from 'undici';
import type { Clock } from '../../core/clock.js';
import { GatewayError } from '../../core/errors.js';
import { formatDuration } from '../../core/units.js';
import { IdleWatch } from '../../policies/idle-watch.js';
import type { Service } from '../../policies/service.js';
import type { GatewayConfig } from '../config.js';
import type { Names } from '../names/names.js';
import type { UpstreamAddress } from '../upstream-pool.js';
import { Connections } from './connections.js';
import { connector } from './connector.js';
import { Exchange } from './exchange.js';
import { readUpstreamTls } from './upstream-tls.js';

export interface Transport {
  readonly send: Service;
  close(): Promise<void>;
}

export type TransportConfig = Pick<
  GatewayConfig,
  'connectTimeoutMs' | 'bodyTimeoutMs' | 'maxConnections' | 'keepAlive' | 'upstreamTls'
>;

/** @param names `null`: Node resolves the names of upstreams that have one. */
export const openTransport = (
  upstream: UpstreamAddress,
  config: TransportConfig,
  clock: Clock,
  names: Pick<Names, 'resolve'> | null = null,
): Transport => {
  const resolve =
    names === null || isIP(upstream.host) !== 0 ? null : (hostname: string) => names.resolve(hostname);
  const host = isIPv6(upstream.host) ? `[${upstream.host}]` : upstream.host;
  const tls = config.upstreamTls && readUpstreamTls(config.upstreamTls)(upstream.host);
  const connections = new Connections(
    (connection) =>
      new Client(`${tls === null ? 'http' : 'https'}://${host}:${upstream.port}`, {
        // 0 is undici's way of not keeping connections.
        pipelining: config.keepAlive ? 1 : 0,
        headersTimeout: 0,
        bodyTimeout: 0,
        connect: connector({
          ...{ timeoutMs: config.connectTimeoutMs, clock, tls, resolve },
          onSocket: (socket) => connection.onSocket(socket),
        }),
      }),
  );
  const bodies = new IdleWatch<Exchange>(config.bodyTimeoutMs, clock, (exchange) => {
    const detail = `no more of the response body within ${formatDuration(config.bodyTimeoutMs)}`;
    exchange.destroy(new GatewayError('BGW_ERR_BODY_TIMEOUT', detail));
  });
  const parts = { connections, bodies, clock, servername: tls?.name };

  const send: Service = (request, call) => {
    const { busy } = connections;
    if (busy >= config.maxConnections) {
      const error = new GatewayError('BGW_ERR_CONNECTION_LIMIT', `${busy} connections to ${upstream.id}`);
      return Promise.reject(error);
    }
    const exchange = new Exchange(parts, request, call);
    return new Promise((resolve, reject) => exchange.begin(resolve, reject));
  };

  const close = async (): Promise<void> => {
    await connections.close();
    bodies.stop();
  };

  return { send, close };
};
