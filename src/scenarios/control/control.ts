/**
 * The control API of a run: a listener of its own in the command's process, on loopback, through which an operator can
 * look at a run, change its config, and inject and heal faults by hand while it goes on. It does not share fate with the
 * gateway.
 */
import Fastify from 'fastify';
import { UNIT_KEYWORD } from '../../core/schema.js';
import { serveConfig } from '../../delivery/config-api.js';
import { parseWorkerConfig } from '../../upstream/config.js';
import { carryOut, type Stage } from '../timeline/perform.js';
import type { EntryScope } from '../timeline/timeline.js';
import { serveFaults } from './fault-api.js';
import { serveTimeline } from './timeline-api.js';
import { workerMetrics } from './worker-metrics.js';

export interface Control {
  readonly address: string;
  close(): Promise<void>;
}

export const openControl = async (stage: Stage): Promise<Control> => {
  const { world, delivery } = stage;
  const app = Fastify({
    logger: false,
    forceCloseConnections: true,
    // Nothing a user sends is mended or dropped silently.
    ajv: { customOptions: { keywords: [UNIT_KEYWORD], removeAdditional: false, coerceTypes: false } },
  });
  app.get('/workers', () => world.fleet.status());
  const metrics = workerMetrics(world.fleet);
  app.get('/metrics', (_request, reply) => {
    reply.type(metrics.contentType);
    return metrics.render();
  });
  const scope = (): EntryScope => world.scope;
  serveFaults(app, world.fleet, scope);
  serveTimeline(app, scope, (entry) => carryOut(entry, { ...stage, by: 'operator' }));
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
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  return { address, close: () => app.close() };
};
