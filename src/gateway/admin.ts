/**
 * The gateway's admin API, on a listener of its own: it must answer while the data path drowns, and nobody who may
 * only send requests may reach it. On loopback it trusts whoever can connect; elsewhere it asks for a token.
 */
import swagger from '@fastify/swagger';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { isLoopbackHost } from '../core/http-address.js';
import { isSameText } from '../core/same-text.js';
import { UNIT_KEYWORD } from '../core/schema.js';
import { serveTrafficConfig } from '../delivery/config-api.js';
import type { ReaderState } from '../delivery/readers.js';
import type { CircuitState } from '../policies/breaker.js';
import type { Outcome } from '../policies/outcome.js';
import { serveUpstreams } from './admin-upstreams.js';
import { parseGatewayConfig } from './config-document.js';
import type { GatewayControl } from './control.js';
import { because } from './listen.js';
import type { GatewayArgument } from './messages.js';
import { type MemoryUse, readMemory } from './process-use.js';
import type { Gateway } from './server.js';

/** Loopback, unless somebody says otherwise. */
export const ADMIN_HOST = '127.0.0.1';

export interface Admin {
  /** @returns the port. */
  listen(port: number): Promise<number>;
  /** Answers a request that comes without a socket. */
  ask(
    method: 'PUT' | 'POST' | 'DELETE',
    path: string,
    body: object,
  ): Promise<{ readonly statusCode: number; readonly text: string }>;
  close(): Promise<void>;
}

export interface UpstreamView {
  readonly id: string;
  readonly address: string;
  readonly weight: number;
  readonly priority: number;
  /** `null`, here and below: whoever serves does not say. */
  readonly healthy: boolean | null;
  /** Of several processes: whether one of them has ejected it. */
  readonly ejected: boolean;
  readonly drained: boolean;
  readonly inFlight: number | null;
  readonly queued: number | null;
  /** Requests that may be in flight; `null`: there is no limit. */
  readonly limit: number | null;
  /** `null`: there is no breaker. Of several processes that differ, each one's state under its number. */
  readonly circuit: CircuitState | null | Readonly<Record<string, CircuitState | null>>;
  readonly counts: Readonly<Record<Outcome, number>> | null;
}

/** What the admin API shows: one process, or several as one. */
export interface AdminSource {
  /** `null`: whoever serves does not say. */
  memory(): MemoryUse | null | Promise<MemoryUse>;
  upstreams(): readonly UpstreamView[] | Promise<readonly UpstreamView[]>;
  /** Which version of the config each process runs. */
  readers(): readonly ReaderState[];
  /** Resolves when what was asked for so far is in force, before which it is not answered; default: it is at once. */
  taken?(): Promise<void>;
  /** In Prometheus's text format. */
  renderMetrics(): Promise<string>;
  readonly metricsType: string;
}

/** This process alone. */
export const ownSource = (
  { pool, metrics }: Pick<Gateway, 'pool' | 'metrics'>,
  readers: () => readonly ReaderState[],
): AdminSource => ({
  memory: readMemory,
  readers,
  upstreams: () =>
    pool.upstreams.map((upstream) => ({
      id: upstream.id,
      address: `${upstream.host}:${upstream.port}`,
      weight: upstream.weight,
      priority: upstream.priority,
      healthy: upstream.healthy,
      ejected: upstream.ejected,
      drained: upstream.drained,
      inFlight: upstream.inFlight,
      queued: upstream.queued,
      limit: upstream.limit?.limit ?? null,
      circuit: upstream.breaker?.state ?? null,
      counts: upstream.counts,
    })),
  renderMetrics: () => metrics.render(),
  metricsType: metrics.contentType,
});

const deny = (reply: FastifyReply, status: number, detail: string) =>
  reply
    .code(status)
    .type('application/problem+json')
    .send({ type: 'about:blank', status, title: 'Not allowed', detail });

/**
 * Keeps out who has no token, and pages of other sites that a browser on this machine shows: those can send requests to
 * loopback, with an `Origin` of their own, or under a name of theirs that leads here.
 */
const guard = (app: FastifyInstance, token: string | undefined): void => {
  app.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
    const { origin, host = '', authorization = '' } = request.headers;
    if (token !== undefined) {
      if (isSameText(authorization, `Bearer ${token}`)) return;
      reply.header('www-authenticate', 'Bearer');
      return deny(reply, 401, 'the admin API asks for its token: Authorization: Bearer …');
    }
    if (origin !== undefined && origin !== `http://${host}`) {
      return deny(reply, 403, `requests of ${origin} are not taken`);
    }
    const name = host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
    if (!isLoopbackHost(name)) return deny(reply, 403, `${host} is not this machine`);
  });
};

export type AdminOptions = Pick<GatewayArgument, 'adminHost' | 'adminToken' | 'upstreams'>;

export const buildAdmin = (
  source: AdminSource,
  control: GatewayControl,
  { adminHost = ADMIN_HOST, adminToken, upstreams }: AdminOptions,
): Admin => {
  const app: FastifyInstance = Fastify({
    logger: false,
    forceCloseConnections: true,
    // Nothing an operator sends is mended or dropped silently.
    ajv: { customOptions: { keywords: [UNIT_KEYWORD], removeAdditional: false, coerceTypes: false } },
  });
  guard(app, adminToken);
  app.addHook('onSend', async ({ method }) => {
    if (method !== 'GET' && method !== 'HEAD') await source.taken?.();
  });
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'badgateway admin API', version: '1' },
    },
  });
  app.register(async (routes) => {
    const about = (summary: string) => ({ schema: { summary, tags: ['gateway'] } });
    routes.get('/healthz', about('Whether the admin API answers'), () => ({ status: 'ok' }));
    routes.get('/memory', about('Memory of the gateway’s processes'), () => source.memory());
    routes.get('/metrics', about('Metrics in Prometheus’s text format'), async (_request, reply) => {
      reply.type(source.metricsType);
      return source.renderMetrics();
    });
    routes.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
    serveUpstreams(routes, source, control);
    const ids = upstreams.map(({ id }) => id);
    const running = control.delivery.config;
    const parse = (sent: unknown, approved: boolean) => parseGatewayConfig(sent, { ids, running, approved });
    serveTrafficConfig(routes, control.delivery, parse, () => source.readers());
  });
  return {
    listen: async (port) => {
      if (adminToken === undefined && !isLoopbackHost(adminHost)) {
        throw new Error(
          `the admin API is not opened on ${adminHost} without a token; give one with --admin-token`,
        );
      }
      await app.listen({ host: adminHost, port }).catch(because('the admin API', adminHost, port));
      return (app.server.address() as { port: number }).port;
    },
    ask: async (method, path, body) => {
      const headers = {
        host: ADMIN_HOST,
        ...(adminToken !== undefined && { authorization: `Bearer ${adminToken}` }),
      };
      const { statusCode, payload: text } = await app.inject({ method, url: path, headers, payload: body });
      return { statusCode, text };
    },
    close: () => app.close(),
  };
};
