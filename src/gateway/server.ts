/**
 * The gateway: a Fastify server whose every route goes through reply-from, with the pipeline as its dispatcher.
 *
 * reply-from copies the client's fields and streams its body; it accepts any object with `request(options, callback)`
 * in undici's place. The call travels there under a symbol in the fields, since reply-from copies symbols too. On the
 * way back the response is taken over in `onResponse`: reply-from is given an empty answer to copy, and headers and
 * body go straight to the socket. Its own retries are off, and its error mapping is passed by: `cause` is the error
 * the pipeline threw.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import replyFrom, { type FastifyReplyFromOptions } from '@fastify/reply-from';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Clock } from '../core/clock.js';
import { GatewayError } from '../core/errors.js';
import type { Emit } from '../core/events.js';
import type { Random } from '../core/random.js';
import { type BodySink, Call, type Headers, type ProxyResponse, type Service } from '../policies/service.js';
import type { GatewayConfig } from './config.js';
import { sendError } from './error-answer.js';
import { prepareRequestHeaders, relayedHeaders } from './headers.js';
import { HealthChecker } from './health-check.js';
import { buildPipeline } from './pipeline.js';
import { openTransport, type Transport } from './transport.js';
import { type UpstreamAddress, UpstreamPool } from './upstream-pool.js';

/** What a request takes along through reply-from. */
interface Context {
  readonly call: Call;
  readonly raw: IncomingMessage;
}

const kContext = Symbol('context');

interface WithContext {
  [kContext]: Context;
}

const contextOf = (request: FastifyRequest): Context => (request as unknown as WithContext)[kContext];

/** What reply-from passes to a dispatcher. */
interface DispatchOptions {
  readonly headers: Headers & WithContext;
  readonly body?: NodeJS.ReadableStream | string;
}

type DispatchCallback = (
  error: unknown,
  response?: { statusCode: number; headers: object; body: unknown },
) => void;

/** Nothing for reply-from to copy: the true fields are written in `onResponse`. */
const NO_HEADERS = {};

export interface GatewayOptions {
  readonly config: GatewayConfig;
  readonly upstreams: readonly UpstreamAddress[];
  readonly clock: Clock;
  readonly random: Random;
  readonly emit: Emit;
}

export interface Gateway {
  readonly app: FastifyInstance;
  readonly pool: UpstreamPool;
  /** Listens once every upstream has been checked. @returns the port. */
  listen(host: string, port: number): Promise<number>;
  close(): Promise<void>;
}

/** Lets reply-from drive the pipeline. */
const dispatcherOf = (service: Service) => ({
  request(options: DispatchOptions, callback: DispatchCallback): void {
    const { call, raw } = options.headers[kContext];
    const body = typeof options.body === 'object' ? options.body : null;
    service({ method: raw.method!, path: raw.url!, headers: options.headers, body }, call).then(
      (response) => callback(null, { statusCode: 200, headers: NO_HEADERS, body: response }),
      callback,
    );
  },
});

export const buildGateway = (options: GatewayOptions): Gateway => {
  const { config, clock, random, emit } = options;
  const pool = new UpstreamPool(options.upstreams);
  const transports: Transport[] = [];
  const service = buildPipeline({
    config,
    pool,
    clock,
    emit,
    random: random.fork('balancer'),
    transport: (upstream) => {
      const transport = openTransport(upstream, config);
      transports.push(transport);
      return transport.send;
    },
  });
  const rayIds = random.fork('ray-id');
  const checker = config.healthCheck && new HealthChecker(pool, config.healthCheck, clock, emit);

  const app = Fastify({ logger: false, requestIdHeader: false, exposeHeadRoutes: false });
  // Bodies pass through unread, whatever their type and size.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  app.register(replyFrom, {
    base: 'http://upstream.invalid',
    undici: dispatcherOf(service) as unknown as NonNullable<FastifyReplyFromOptions['undici']>,
    retryMethods: [],
    disableRequestLogging: true,
  });

  const forwarding = {
    rewriteRequestHeaders: (request: FastifyRequest, headers: object) => {
      const context = contextOf(request);
      const prepared = prepareRequestHeaders(request.raw, headers as Headers, context.call.rayId);
      // Fastify reads no body of a GET, so none is sent on.
      if (request.body === undefined && prepared['content-length'] !== '0')
        prepared['content-length'] = undefined;
      (prepared as Headers & WithContext)[kContext] = context;
      return prepared;
    },
    onResponse: (request: FastifyRequest, reply: FastifyReply, answer: unknown) => {
      reply.hijack();
      const response = (answer as { stream: ProxyResponse }).stream;
      relay(response, reply.raw, contextOf(request).call, request.headers.accept);
    },
    onError: (reply: FastifyReply, { error }: { error: Error }) => {
      reply.hijack();
      const { cause } = error;
      const failure =
        cause instanceof GatewayError
          ? cause
          : new GatewayError('BGW_ERR_INTERNAL', error.message, { cause: error });
      const { rayId } = contextOf(reply.request).call;
      if (!reply.raw.destroyed) sendError(reply.raw, failure, rayId, reply.request.headers.accept);
    },
  };

  app.all('*', (request, reply) => {
    const call = new Call(rayIds.hex16(), clock);
    (request as unknown as WithContext)[kContext] = { call, raw: request.raw };
    reply.raw.on('close', () => {
      if (!reply.raw.writableFinished) call.cancel(new GatewayError('BGW_ERR_CLIENT_LEFT'));
    });
    reply.from('/', forwarding as Parameters<FastifyReply['from']>[1]);
  });

  return {
    app,
    pool,
    listen: async (host, port) => {
      await checker?.start();
      await app.listen({ host, port });
      return (app.server.address() as { port: number }).port;
    },
    close: async () => {
      checker?.stop();
      app.server.closeAllConnections();
      await app.close();
      await Promise.all(transports.map((transport) => transport.close()));
    },
  };
};

/** Writes an upstream's response to the client, no faster than the client reads. */
const relay = (
  response: ProxyResponse,
  raw: ServerResponse,
  call: Call,
  accept: string | undefined,
): void => {
  const headers = relayedHeaders(response.headers, call.rayId, call.upstreamId);
  if (!raw.req.complete) headers.push('connection', 'close');
  try {
    raw.writeHead(response.statusCode, headers);
  } catch (error) {
    // Node refuses fields that would be unsafe to send, such as control characters in a value.
    response.destroy();
    sendError(raw, new GatewayError('BGW_ERR_PROTOCOL', String(error)), call.rayId, accept);
    return;
  }
  const sink: BodySink = {
    write: (chunk) => raw.write(chunk),
    end: () => raw.end(),
    abort: () => {
      // Without a length or chunks, the end of the connection is the end of the body: only a reset says it is not.
      if (response.headers['content-length'] !== undefined || raw.chunkedEncoding) raw.destroy();
      else raw.socket?.resetAndDestroy();
    },
  };
  raw.on('drain', () => response.resume());
  response.relay(sink);
};
