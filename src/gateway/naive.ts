/**
 * The naive profile: @fastify/reply-from in front of the upstreams as its documentation shows it, with all its defaults.
 * It is there to be compared with. What those defaults do, measured with 12.6: a refused or reset connection is a 500; a
 * GET that is answered 503 is sent ten times more; `Retry-After: 1` is waited for a millisecond; a client that leaves
 * before the answer leaves its request at the upstream. Several upstreams share one `BalancedPool` of undici, which
 * knows broken connections and nothing else.
 */
import replyFrom from '@fastify/reply-from';
import Fastify from 'fastify';
import { EventStream } from '../core/events.js';
import { BACKLOG } from './edge/listener.js';
import { buildMetrics, type Metrics, readPool } from './metrics.js';
import { plainLookup } from './names/dns-query.js';
import { readMemory, readProcessorUse } from './process-use.js';
import type { Gateway, GatewayOptions } from './server.js';
import { UpstreamPool } from './upstream-pool.js';

export const buildNaiveGateway = (options: GatewayOptions): Gateway => {
  const { upstreams, resolver, clock, onEvent, onResult } = options;
  const pool = new UpstreamPool(upstreams);
  const metrics: Metrics = buildMetrics({
    upstreams: () => readPool(pool),
    configVersion: () => 1,
    processes: () => [{ memory: readMemory(), open: metrics.tallies.open, global: null }],
    use: readProcessorUse,
  });
  const stream = new EventStream(clock.nowMs);
  stream.subscribe(metrics.onEvent);
  stream.subscribe(onEvent);
  const app = Fastify();
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  const addresses = upstreams.map(({ host, port }) => `http://${host}:${port}`);
  const undici = resolver === undefined ? {} : { undici: { connect: { lookup: plainLookup(resolver) } } };
  app.register(replyFrom, { base: addresses as unknown as string, globalAgent: false, ...undici });
  app.addHook('onRequest', (_request, _reply, done) => {
    metrics.tallies.open++;
    done();
  });
  app.addHook('onResponse', (_request, reply, done) => {
    metrics.tallies.open--;
    metrics.tallies.durations.add(reply.statusCode, reply.elapsedTime);
    metrics.onAnswer(reply.statusCode);
    onResult?.(1, reply.statusCode < 500);
    done();
  });
  app.all('*', (request, reply) => {
    reply.from(request.url);
  });
  return {
    pool,
    metrics,
    generations: null,
    emit: stream.emit,
    listen: async (host, port) => {
      await app.listen({ host, port, backlog: BACKLOG });
      return (app.server.address() as { port: number }).port;
    },
    close: async () => {
      app.server.closeAllConnections();
      await app.close();
    },
  };
};
