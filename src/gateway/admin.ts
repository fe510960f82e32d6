/**
 * The gateway's admin API, on a listener of its own: it must answer while the data path drowns, and nobody who may
 * only send requests may reach it.
 */
import Fastify, { type FastifyInstance } from 'fastify';
import type { GatewayConfig } from './config.js';
import { because } from './listen.js';
import type { Metrics } from './metrics.js';
import type { UpstreamPool } from './upstream-pool.js';

/** Loopback only, wherever requests are taken from. */
export const ADMIN_HOST = '127.0.0.1';

export interface Admin {
  /** @returns the port. */
  listen(port: number): Promise<number>;
  close(): Promise<void>;
}

export const buildAdmin = (config: GatewayConfig, pool: UpstreamPool, metrics: Metrics): Admin => {
  const app: FastifyInstance = Fastify({ logger: false });
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/config', () => config);
  app.get('/memory', () => {
    const { heapUsed, external, rss } = process.memoryUsage();
    return { heapBytes: heapUsed, externalBytes: external, residentBytes: rss };
  });
  app.get('/upstreams', () =>
    pool.upstreams.map(({ id, host, port, healthy, inFlight, queued, breaker, counts }) => ({
      id,
      address: `${host}:${port}`,
      healthy,
      inFlight,
      queued,
      circuit: breaker?.state ?? null,
      counts,
    })),
  );
  app.get('/metrics', async (_request, reply) => {
    reply.type(metrics.contentType);
    return metrics.render();
  });
  return {
    listen: async (port) => {
      await app.listen({ host: ADMIN_HOST, port }).catch(because('the admin API', ADMIN_HOST, port));
      return (app.server.address() as { port: number }).port;
    },
    close: () => app.close(),
  };
};
