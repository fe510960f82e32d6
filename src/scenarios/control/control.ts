/**
 * The control API of a run: a listener of its own in the command's process, on loopback, through which an operator can
 * look at a run, change its config, and inject and heal faults by hand while it goes on. It does not share fate with the
 * gateway.
 */
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import { UNIT_KEYWORD } from '../../core/schema.js';
import { serveConfig } from '../../delivery/config-api.js';
import { parseWorkerConfig } from '../../upstream/config.js';
import { refusalOf } from '../live/guard.js';
import { carryOut, type Stage } from '../timeline/perform.js';
import type { EntryScope } from '../timeline/timeline.js';
import { serveFaults } from './fault-api.js';
import { serveGateways } from './gateway-api.js';
import { serveLoad } from './load-api.js';
import { serveTimeline } from './timeline-api.js';
import { serveWorkers } from './worker-api.js';
import { workerMetrics } from './worker-metrics.js';

/** Who does what is ordered by hand, for the audit. */
const OPERATOR = 'operator';

export interface Control {
  readonly address: string;
  close(): Promise<void>;
}

/** More than any config; an order that is larger is no order. */
const MAX_BODY_BYTES = 256 * 1024;

interface Missing {
  readonly status: number;
  readonly detail: string;
}

/**
 * A server of orders: what is refused is answered as RFC 9457 has it, and bodies are JSON.
 * @param missing what is said to what it does not know.
 */
export const orderServer = (
  missing = (what: string): Missing => ({ status: 404, detail: `there is no ${what}` }),
): FastifyInstance => {
  const app = Fastify({
    logger: false,
    forceCloseConnections: true,
    bodyLimit: MAX_BODY_BYTES,
    // Nothing a user sends is mended or dropped silently.
    ajv: { customOptions: { keywords: [UNIT_KEYWORD], removeAdditional: false, coerceTypes: false } },
  });
  app.removeContentTypeParser('text/plain');
  app.setErrorHandler<FastifyError>((error, _request, reply) => {
    const { statusCode: status = 500, message: detail } = error;
    reply.code(status).type('application/problem+json');
    return {
      type: 'about:blank',
      status,
      title: status < 500 ? 'Nothing was done' : 'It went wrong',
      detail,
    };
  });
  app.setNotFoundHandler(({ method, url }, reply) => {
    const { status, detail } = missing(`${method} ${url}`);
    reply.code(status).type('application/problem+json');
    return { type: 'about:blank', status, title: 'Nothing was done', detail };
  });
  return app;
};

/** Every route of the API of one run. */
export const serveControl = (app: FastifyInstance, stage: Stage): void => {
  const { world, delivery } = stage;
  const scope = (): EntryScope => world.scope;
  serveWorkers(app, world.fleet, scope);
  const metrics = workerMetrics(world.fleet);
  app.get('/metrics', (_request, reply) => {
    reply.type(metrics.contentType);
    return metrics.render();
  });
  serveFaults(app, world.fleet, scope);
  serveLoad(app, world);
  const gateways = serveGateways(app, world);
  serveTimeline(app, world, async (entry) => {
    // Of those of its timeline the generator has known from the start.
    if (entry.action.type === 'flood') {
      world.beginFlood(entry.action.plan);
      return null;
    }
    // What the gateway says to it is the answer, where it is asked at once.
    if (entry.action.type === 'push-gateway-config' && entry.through === undefined)
      return gateways.push(entry.action, OPERATOR);
    carryOut(entry, { ...stage, by: OPERATOR });
    return null;
  });
  app.get('/dependencies', () => world.dependencies.status());
  app.get('/links', () => ({
    // Of Toxiproxy's HTTP API, for its clients; `null`: there are no links.
    toxiproxy: world.links?.apiAddress ?? null,
    links: world.links?.status() ?? [],
  }));
  // Config is pushed to workers of badgateway alone.
  if (!world.scope.own)
    serveConfig(app, delivery, parseWorkerConfig, () => {
      const nowMs = world.clock.nowMs();
      // Workers report all the time; who runs which version is put down when somebody asks.
      for (const { worker, configVersion, up } of world.fleet.status()) {
        if (up && delivery.reads(worker)) delivery.register.saw(worker, configVersion, nowMs);
      }
      return nowMs;
    });
};

/** The API of one run, which listens nowhere yet. */
export const buildControl = (stage: Stage): FastifyInstance => {
  const app = orderServer();
  serveControl(app, stage);
  return app;
};

export const openControl = async (stage: Stage): Promise<Control> => {
  const app = buildControl(stage);
  app.addHook('onRequest', async ({ raw }, reply) => {
    const refusal = refusalOf(raw, null, false);
    if (refusal === null) return;
    const { status, detail } = refusal;
    reply.code(status).type('application/problem+json');
    return reply.send({ type: 'about:blank', status, title: 'Not allowed', detail });
  });
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  return { address, close: () => app.close() };
};
