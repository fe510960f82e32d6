/**
 * The gateway's admin API, on a listener of its own: it must answer while the data path drowns, and nobody who may
 * only send requests may reach it.
 */
import Fastify, { type FastifyInstance } from 'fastify';
import type { CircuitState } from '../policies/breaker.js';
import type { Outcome } from '../policies/outcome.js';
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

export interface MemoryUse {
  readonly heapBytes: number;
  readonly externalBytes: number;
  readonly residentBytes: number;
}

export interface UpstreamView {
  readonly id: string;
  readonly address: string;
  readonly healthy: boolean;
  readonly inFlight: number;
  readonly queued: number;
  /** `null`: there is no breaker. Of several processes that differ, each one's state under its number. */
  readonly circuit: CircuitState | null | Readonly<Record<string, CircuitState | null>>;
  readonly counts: Readonly<Record<Outcome, number>>;
}

/** What the admin API shows: one process, or several as one. */
export interface AdminSource {
  memory(): MemoryUse | Promise<MemoryUse>;
  upstreams(): readonly UpstreamView[] | Promise<readonly UpstreamView[]>;
  /** In Prometheus's text format. */
  renderMetrics(): Promise<string>;
  readonly metricsType: string;
}

export const readMemory = (): MemoryUse => {
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heapBytes: heapUsed, externalBytes: external, residentBytes: rss };
};

/** This process alone. */
export const ownSource = (pool: UpstreamPool, metrics: Metrics): AdminSource => ({
  memory: readMemory,
  upstreams: () =>
    pool.upstreams.map(({ id, host, port, healthy, inFlight, queued, breaker, counts }) => ({
      id,
      address: `${host}:${port}`,
      healthy,
      inFlight,
      queued,
      circuit: breaker?.state ?? null,
      counts,
    })),
  renderMetrics: () => metrics.render(),
  metricsType: metrics.contentType,
});

export const buildAdmin = (config: GatewayConfig, source: AdminSource): Admin => {
  const app: FastifyInstance = Fastify({ logger: false });
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/config', () => config);
  app.get('/memory', () => source.memory());
  app.get('/upstreams', () => source.upstreams());
  app.get('/metrics', async (_request, reply) => {
    reply.type(source.metricsType);
    return source.renderMetrics();
  });
  return {
    listen: async (port) => {
      await app.listen({ host: ADMIN_HOST, port }).catch(because('the admin API', ADMIN_HOST, port));
      return (app.server.address() as { port: number }).port;
    },
    close: () => app.close(),
  };
};
