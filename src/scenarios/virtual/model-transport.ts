/**
 * The gateway's way to an upstream in virtual time: what `gateway/transport` does with undici over sockets, over the
 * model of the network.
 */
import { isIP } from 'node:net';
import type { Clock } from '../../core/clock.js';
import { GatewayError } from '../../core/errors.js';
import { formatDuration } from '../../core/units.js';
import type { Names } from '../../gateway/names/names.js';
import type { Transport, TransportConfig } from '../../gateway/transport/transport.js';
import type { UpstreamAddress } from '../../gateway/upstream-pool.js';
import { IdleWatch } from '../../policies/idle-watch.js';
import type { Service } from '../../policies/service.js';
import { Attempt } from './model-attempt.js';
import { Connections, type Network } from './network.js';

export interface ModelTransportParts {
  readonly network: Network;
  /** Of the gateway. */
  readonly clock: Clock;
  /** By which it resolves names; `null`: nobody has one. */
  readonly names: Pick<Names, 'resolve'> | null;
}

export const openModelTransport = (
  { network, clock, names }: ModelTransportParts,
  upstream: UpstreamAddress,
  config: TransportConfig,
): Transport => {
  const connections = new Connections(config.keepAlive);
  const bodies = new IdleWatch<Attempt>(config.bodyTimeoutMs, clock, (attempt) => {
    const detail = `no more of the response body within ${formatDuration(config.bodyTimeoutMs)}`;
    attempt.destroy(new GatewayError('BGW_ERR_BODY_TIMEOUT', detail));
  });
  const parts = {
    ...{ network, clock, connections, bodies, upstream, connectTimeoutMs: config.connectTimeoutMs },
    secure: config.upstreamTls !== null,
    names: isIP(upstream.host) === 0 ? names : null,
  };
  const send: Service = (request, call) => {
    const { busy } = connections;
    if (busy >= config.maxConnections) {
      const error = new GatewayError('BGW_ERR_CONNECTION_LIMIT', `${busy} connections to ${upstream.id}`);
      return Promise.reject(error);
    }
    return new Promise((resolve, reject) => new Attempt(parts, request, call, { resolve, reject }).begin());
  };
  return {
    send,
    close: async () => {
      bodies.stop();
      connections.close();
    },
  };
};
