/**
 * The gateway: a Fastify server whose every route goes through reply-from, with the pipeline as its dispatcher.
 *
 * reply-from copies the client's fields and streams its body; it accepts any object with `request(options, callback)`
 * in undici's place. The call travels there under a symbol in the fields, since reply-from copies symbols too. On the
 * way back the response is taken over in `onResponse`: reply-from is given an empty answer to copy, and headers and
 * body go straight to the socket. Its own retries are off, and its error mapping is passed by: `cause` is the error
 * the pipeline threw.
 */
import { type IncomingMessage, METHODS, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import replyFrom, { type FastifyReplyFromOptions } from '@fastify/reply-from';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Clock } from '../core/clock.js';
import { causeOf, ERRORS, GatewayError } from '../core/errors.js';
import { type EventListener, EventStream } from '../core/events.js';
import type { Random } from '../core/random.js';
import { type BodySink, Call, type Headers, type ProxyResponse, type Service } from '../policies/service.js';
import { TokenBuckets } from '../policies/token-bucket.js';
import type { GatewayConfig } from './config.js';
import { sendError } from './error-answer.js';
import { prepareRequestHeaders, proxyStatus, RAY_ID_HEADER, relayedHeaders } from './headers.js';
import { HealthChecker } from './health-check.js';
import { buildMetrics, type Metrics, readPool } from './metrics.js';
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

/** There is none before the handler ran. */
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

/** Node's own 511 is full when a thousand clients connect at once; the kernel caps it with a limit of its own. */
const BACKLOG = 4_096;

export interface GatewayOptions {
  readonly config: GatewayConfig;
  readonly upstreams: readonly UpstreamAddress[];
  readonly clock: Clock;
  readonly random: Random;
  /** Gets every event of this gateway. */
  readonly onEvent: EventListener;
}

export interface Gateway {
  readonly app: FastifyInstance;
  readonly pool: UpstreamPool;
  readonly metrics: Metrics;
  /** Listens once every upstream has been checked. @returns the port. */
  listen(host: string, port: number): Promise<number>;
  close(): Promise<void>;
}

/** Lets reply-from drive the pipeline. */
const dispatcherOf = (service: Service) => ({
  request(options: DispatchOptions, callback: DispatchCallback): void {
    const { call, raw } = options.headers[kContext];
    const path = originForm(raw.url!);
    if (path === null) {
      callback(new GatewayError('BGW_ERR_BAD_REQUEST', `${raw.url} is no path`));
      return;
    }
    const body = typeof options.body === 'object' ? options.body : null;
    service({ method: raw.method!, path, headers: options.headers, body }, call).then(
      (response) => callback(null, { statusCode: 200, headers: NO_HEADERS, body: response }),
      callback,
    );
  },
});

export const buildGateway = (options: GatewayOptions): Gateway => {
  const { config, clock, random } = options;
  const pool = new UpstreamPool(options.upstreams);
  const metrics = buildMetrics(() => readPool(pool));
  const stream = new EventStream(clock.nowMs);
  stream.subscribe(metrics.onEvent);
  stream.subscribe(options.onEvent);
  const { emit } = stream;

  const transports: Transport[] = [];
  const service = buildPipeline({
    config,
    pool,
    clock,
    emit,
    random: random.fork('pipeline'),
    transport: (upstream) => {
      const transport = openTransport(upstream, config);
      transports.push(transport);
      return transport.send;
    },
  });
  const checker = config.healthCheck && new HealthChecker(pool, config.healthCheck, clock, emit);
  const rayIds = random.fork('ray-id');

  const fail = (
    raw: ServerResponse,
    error: GatewayError,
    rayId: string,
    retryAfterSeconds?: number,
  ): void => {
    if (raw.destroyed) {
      metrics.onAnswer(ERRORS.BGW_ERR_CLIENT_LEFT.statusCode);
      return;
    }
    const context = { rayId, dialect: config.statusDialect, atMs: clock.nowMs() };
    metrics.onAnswer(sendError(raw, error, { ...context, ...(retryAfterSeconds && { retryAfterSeconds }) }));
  };

  const app = Fastify({
    logger: false,
    requestIdHeader: false,
    exposeHeadRoutes: false,
    // A path that cannot be decoded never gets as far as a hook.
    frameworkErrors: (error, _request, reply) => {
      (reply as FastifyReply).hijack();
      fail(reply.raw, new GatewayError('BGW_ERR_BAD_REQUEST', error.message), rayIds.hex16());
    },
    clientErrorHandler: (error, socket) => rejectMalformed(error, socket, rayIds.hex16()),
  });
  app.decorateRequest(kContext, null);
  const begin = (request: FastifyRequest, reply: FastifyReply): Context => {
    const context = { call: new Call(rayIds.hex16(), clock), raw: request.raw };
    (request as unknown as WithContext)[kContext] = context;
    const { raw } = reply;
    raw.on('close', () => {
      if (!raw.writableFinished) context.call.cancel(new GatewayError('BGW_ERR_CLIENT_LEFT'));
    });
    return context;
  };
  const buckets = config.rateLimit && new TokenBuckets(config.rateLimit);
  const refuseAtDoor = (reply: FastifyReply, call: Call, waitMs: number): void => {
    reply.hijack();
    emit('client.refused', { rayId: call.rayId, cause: causeOf('BGW_ERR_RATE_LIMITED') });
    fail(reply.raw, new GatewayError('BGW_ERR_RATE_LIMITED'), call.rayId, Math.ceil(waitMs / 1000));
  };
  app.setErrorHandler((error, request, reply) => {
    reply.hijack();
    // What Fastify itself refuses never got as far as the handler.
    fail(reply.raw, asGatewayError(error), contextOf(request)?.call.rayId ?? rayIds.hex16());
  });

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
      const { call } = contextOf(request);
      const refused = relay(response, reply.raw, call);
      if (refused === null) metrics.onAnswer(response.statusCode);
      else fail(reply.raw, refused, call.rayId);
    },
    onError: (reply: FastifyReply, { error }: { error: Error }) => {
      reply.hijack();
      fail(reply.raw, asGatewayError(error.cause ?? error), contextOf(reply.request).call.rayId);
    },
  };
  for (const method of METHODS) {
    if (!app.supportedMethods.includes(method) && method !== 'CONNECT')
      app.addHttpMethod(method, { hasBody: true });
  }
  app.all('*', (request, reply) => {
    const { call, raw } = begin(request, reply);
    const waitMs = buckets === null ? 0 : buckets.take(raw.socket.remoteAddress ?? '', call.startedMs);
    if (waitMs > 0) {
      refuseAtDoor(reply, call, waitMs);
      return;
    }
    reply.from('/', forwarding as Parameters<FastifyReply['from']>[1]);
  });

  return {
    app,
    pool,
    metrics,
    listen: async (host, port) => {
      await checker?.start();
      await app.listen({ host, port, backlog: BACKLOG });
      return (app.server.address() as { port: number }).port;
    },
    close: async () => {
      checker?.stop();
      app.server.closeAllConnections();
      await app.close();
      for (const upstream of pool.upstreams) upstream.breaker?.close();
      await Promise.all(transports.map((transport) => transport.close()));
    },
  };
};

/** Errors of Fastify itself carry a status: below 500 the request was at fault. */
const asGatewayError = (error: unknown): GatewayError => {
  if (error instanceof GatewayError) return error;
  const { statusCode = 500, message } = error as { statusCode?: number; message: string };
  return new GatewayError(statusCode < 500 ? 'BGW_ERR_BAD_REQUEST' : 'BGW_ERR_INTERNAL', message, {
    cause: error,
  });
};

/**
 * A client that does not speak HTTP gets its answer on the bare socket: there is no request to answer. In the middle of
 * a response nothing may be written: it would be taken for its body.
 */
const rejectMalformed = (error: NodeJS.ErrnoException, socket: Socket, rayId: string): void => {
  const { _httpMessage: underWay } = socket as Socket & { _httpMessage?: ServerResponse };
  if (error.code === 'ECONNRESET' || !socket.writable || underWay?.headersSent) {
    socket.destroy();
    return;
  }
  const { spec, code } = new GatewayError('BGW_ERR_BAD_REQUEST');
  const status = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? '408 Request Timeout' : '400 Bad Request';
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n${RAY_ID_HEADER}: ${rayId}\r\n` +
      `proxy-status: ${proxyStatus(spec, code)}\r\n\r\n`,
    () => socket.destroy(),
  );
};

/**
 * What a client asked for in origin form (RFC 9112 section 3.2.1); a client that takes us for a forward proxy sends the
 * absolute form. `null` for a target that is no path, such as the `*` of OPTIONS.
 */
export const originForm = (target: string): string | null => {
  if (target.startsWith('/')) return target;
  const path = /^https?:\/\/[^/?#]+(.*)$/i.exec(target)?.[1];
  if (path === undefined) return null;
  return path.startsWith('/') ? path : `/${path}`;
};

/**
 * Writes an upstream's response to the client, no faster than the client reads.
 * @returns why it cannot be passed on; `null` when it is on its way.
 */
const relay = (response: ProxyResponse, raw: ServerResponse, call: Call): GatewayError | null => {
  const headers = relayedHeaders(response.headers, call.rayId, call.tried.at(-1) ?? '');
  if (!raw.req.complete) headers.push('connection', 'close');
  try {
    raw.writeHead(response.statusCode, headers);
  } catch (error) {
    // Node refuses fields that would be unsafe to send, such as control characters in a value.
    const refused = new GatewayError('BGW_ERR_PROTOCOL', String(error));
    response.destroy(refused);
    return refused;
  }
  response.relay(new ClientSink(response, raw));
  return null;
};

/**
 * A body up to this size that arrived whole goes to the socket together with the header, as one text of bytes: a
 * `write` of one buffer costs less than a `writev` of two. Above it, copying costs as much as it saves.
 */
const SINGLE_WRITE_BYTES = 8 * 1024;

/** The client's side of a response's body. */
class ClientSink implements BodySink {
  readonly #response: ProxyResponse;
  readonly #raw: ServerResponse;
  #drains = false;

  constructor(response: ProxyResponse, raw: ServerResponse) {
    this.#response = response;
    this.#raw = raw;
  }

  write(chunk: Uint8Array): boolean {
    const wantsMore = this.#raw.write(chunk);
    if (!wantsMore && !this.#drains) {
      this.#drains = true;
      this.#raw.on('drain', () => this.#response.resume());
    }
    return wantsMore;
  }

  end(last?: Uint8Array): void {
    if (last === undefined) this.#raw.end();
    else if (last.length > SINGLE_WRITE_BYTES) this.#raw.end(last);
    else this.#raw.end(Buffer.from(last.buffer, last.byteOffset, last.length).toString('latin1'), 'latin1');
  }

  abort(): void {
    // Without a length or chunks, the end of the connection is the end of the body: only a reset says it is not.
    if (this.#response.headers['content-length'] !== undefined || this.#raw.chunkedEncoding)
      this.#raw.destroy();
    else this.#raw.socket?.resetAndDestroy();
  }
}
