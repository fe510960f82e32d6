/**
 * The gateway: a Fastify server whose every route goes through reply-from, with the pipeline as its dispatcher.
 *
 * reply-from copies the client's fields and streams its body; it accepts any object with `request(options, callback)`
 * in undici's place. The request and its fields travel there under symbols, since reply-from copies symbols too; the
 * fields themselves in one piece, because copying them again cost 4 % of a small request's time. On the way back the
 * response is taken over in `onResponse`: reply-from is given an empty answer to copy, and headers and
 * body go straight to the socket. Its own retries are off, and its error mapping is passed by: `cause` is the error
 * the pipeline threw.
 */
import {
  type IncomingMessage,
  METHODS,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import replyFrom, { type FastifyReplyFromOptions } from '@fastify/reply-from';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Clock } from '../core/clock.js';
import { GatewayError } from '../core/errors.js';
import { type Emit, type EventListener, EventStream } from '../core/events.js';
import type { Random } from '../core/random.js';
import type { Headers, ProxyResponse } from '../policies/service.js';
import type { GatewayConfig } from './config.js';
import { ClientBodies } from './edge/client-body.js';
import { clientErrors } from './edge/client-errors.js';
import { type Begun, Door } from './edge/door.js';
import { BACKLOG, createListener, type Listener } from './edge/listener.js';
import { originForm } from './edge/request-checks.js';
import { upgrades } from './edge/upgrade.js';
import { Generations } from './generations.js';
import { prepareRequestHeaders } from './headers.js';
import { HealthChecks } from './health-check.js';
import { KeptState } from './kept-state.js';
import { ownMetrics } from './metrics/own.js';
import type { Metrics } from './metrics.js';
import { buildNaiveGateway } from './naive.js';
import { type Names, openNames } from './names/names.js';
import type { Tracing } from './tracing/tracing.js';
import { openTransport } from './transport/transport.js';
import { readUpstreamTls } from './transport/upstream-tls.js';
import { type UpstreamAddress, UpstreamPool } from './upstream-pool.js';

const kContext = Symbol('context');
const kHeaders = Symbol('headers');

/** What a request takes along through reply-from. */
interface WithContext {
  readonly [kContext]: Begun;
}

/** There is none before the handler ran. */
const contextOf = (request: FastifyRequest): Begun => (request as unknown as WithContext)[kContext];

/** What reply-from passes to a dispatcher, in place of fields. */
interface Carried extends WithContext {
  /** The fields for the upstream. */
  readonly [kHeaders]: Headers;
}

type DispatchCallback = (
  error: unknown,
  response?: { statusCode: number; headers: object; body: unknown },
) => void;

/** Nothing for reply-from to copy: the true fields are written in `onResponse`. */
const NO_HEADERS = {};

export interface GatewayOptions {
  readonly config: GatewayConfig;
  /** Its number; default 1. */
  readonly version?: number;
  readonly upstreams: readonly UpstreamAddress[];
  /** Who resolves the names of upstreams, where the config does not say; such as `127.0.0.1:5353`. */
  readonly resolver?: string | undefined;
  readonly clock: Clock;
  readonly random: Random;
  /** Gets every event of this gateway. */
  readonly onEvent: EventListener;
  /** Called for every answer that its client got, or that broke off: under which version, and whether it was good. */
  readonly onResult?: (version: number, good: boolean) => void;
  /** Default: requests are not traced. */
  readonly tracing?: Tracing | null;
}

export interface Gateway {
  readonly pool: UpstreamPool;
  readonly metrics: Metrics;
  /** The versions of the config at work; `null`: it takes no other than its first. */
  readonly generations: Generations | null;
  /** Tells an event of whoever acts on this gateway from outside. */
  readonly emit: Emit;
  /** Listens once every upstream has been checked. @returns the port. */
  listen(host: string, port: number): Promise<number>;
  close(): Promise<void>;
}

export const buildGateway = (options: GatewayOptions): Gateway =>
  options.config.profile === 'naive' ? buildNaiveGateway(options) : new BuiltGateway(options);

class BuiltGateway implements Gateway {
  readonly pool: UpstreamPool;
  readonly metrics: Metrics;
  readonly generations: Generations;
  readonly #options: GatewayOptions;
  readonly emit: Emit;
  readonly #rayIds: Random;
  readonly #names: Names | null;
  readonly #checks: HealthChecks;
  readonly #bodies: ClientBodies;
  readonly #door: Door;
  readonly #app: FastifyInstance;
  #listener!: Listener;

  constructor(options: GatewayOptions) {
    const { config, clock, random } = options;
    this.#options = options;
    this.pool = new UpstreamPool(options.upstreams);
    this.metrics = ownMetrics(this);
    const stream = new EventStream(clock.nowMs);
    stream.subscribe(this.metrics.onEvent);
    stream.subscribe(options.onEvent);
    this.emit = stream.emit;
    this.#rayIds = random.fork('ray-id');
    const { pool, metrics } = this;
    const tracing = options.tracing ?? null;
    if (tracing !== null) {
      tracing.countIn(metrics.tallies);
      stream.subscribe(tracing.onEvent);
    }
    const around = { pool, clock, emit: stream.emit, metrics, kept: new KeptState(), tracing };
    this.#names = openNames({ config: config.names, resolver: options.resolver, clock, emit: this.emit });
    const lookup = this.#names?.lookup;
    this.#checks = new HealthChecks(pool, config.healthCheck, {
      ...{ ...around, lookup, tls: config.upstreamTls && readUpstreamTls(config.upstreamTls) },
      random: random.fork('health'),
      onGood: ({ id }) => this.generations.onGoodCheck(id),
    });
    this.generations = new Generations(
      config,
      {
        ...around,
        random: random.fork('pipeline'),
        open: (upstream, own) => openTransport(upstream, own, clock, this.#names),
      },
      ({ healthCheck }) => this.#checks.reconfigure(healthCheck),
      options.version,
    );
    this.#bodies = new ClientBodies(config.listener, clock);
    this.#door = new Door({
      ...{ config: config.listener, clock, rayIds: this.#rayIds, metrics, emit: stream.emit },
      ...{ generations: this.generations, onResult: options.onResult, tracing },
    });
    this.#app = this.#buildApp();
  }

  async listen(host: string, port: number): Promise<number> {
    await this.#checks.start();
    await this.#app.listen({ host, port, backlog: BACKLOG });
    return (this.#app.server.address() as { port: number }).port;
  }

  async close(): Promise<void> {
    this.#checks.stop();
    this.#listener.close();
    await this.#app.close();
    this.generations.close();
    this.#names?.close();
  }

  #buildApp(): FastifyInstance {
    const answered = (status: number, cause?: string): void => this.metrics.onAnswer(status, cause);
    const { config, clock } = this.#options;
    const { maxHeaderBytes, forwarded } = config.listener;
    const onClientError = clientErrors({
      clock,
      maxHeaderBytes,
      answered,
      rayId: () => this.#rayIds.hex16(),
    });
    const app = Fastify({
      logger: false,
      requestIdHeader: false,
      exposeHeadRoutes: false,
      serverFactory: (handler: RequestListener) => {
        this.#listener = createListener(handler, { config: config.listener, clock, emit: this.emit });
        const { server } = this.#listener;
        // A gateway is no tunnel; Node would close the connection without a word.
        server.on('connect', (raw: IncomingMessage, client: Socket | ServerResponse) => {
          const refusal = new GatewayError('BGW_ERR_BAD_REQUEST', 'CONNECT');
          // Over HTTP/2 it is a stream like any other.
          if (raw.httpVersionMajor === 2) this.#door.fail(client as ServerResponse, refusal, null);
          else onClientError(refusal, client as Socket);
        });
        server.on('upgrade', upgrades({ door: this.#door, clock, forwarded, answered }));
        return server as Server;
      },
      // As an option: Fastify's own would answer too.
      clientErrorHandler: onClientError,
      // A path that cannot be decoded never gets as far as a hook.
      frameworkErrors: (error, _request, reply) => {
        (reply as FastifyReply).hijack();
        this.#door.fail(reply.raw, new GatewayError('BGW_ERR_BAD_REQUEST', error.message), null);
      },
    });
    app.decorateRequest(kContext, null);
    app.setErrorHandler((error, request, reply) => {
      reply.hijack();
      // What Fastify itself refuses never got as far as the handler.
      this.#door.fail(reply.raw, error, contextOf(request) ?? null);
    });
    app.register(replyFrom, {
      base: 'http://upstream.invalid',
      undici: { request: this.#dispatch } as unknown as NonNullable<FastifyReplyFromOptions['undici']>,
      retryMethods: [],
      disableRequestLogging: true,
    });
    // Bodies pass by Fastify unread, whatever their type and size: it would drop some, and refuse others.
    for (const method of METHODS) {
      if (method !== 'CONNECT') app.addHttpMethod(method, { hasBody: false, overrideExisting: true });
    }
    const forwarding = this.#forwarding();
    app.all('*', (request, reply) => {
      const context = this.#door.begin(request.raw, reply.raw);
      if (context === null) {
        reply.hijack();
        return;
      }
      (request as unknown as { [kContext]: Begun })[kContext] = context;
      reply.from('/', forwarding);
    });
    return app;
  }

  /** What reply-from asks for on the way there and back. */
  #forwarding(): Parameters<FastifyReply['from']>[1] {
    const { forwarded } = this.#options.config.listener;
    const forwarding = {
      rewriteRequestHeaders: (request: FastifyRequest, copied: Headers): Carried => {
        const context = contextOf(request);
        const headers = prepareRequestHeaders(request.raw, copied, context.call.rayId, forwarded);
        if (!context.hasBody && headers['content-length'] !== '0') headers['content-length'] = undefined;
        return { [kContext]: context, [kHeaders]: headers };
      },
      onResponse: (request: FastifyRequest, reply: FastifyReply, answer: unknown) => {
        reply.hijack();
        this.#door.answer((answer as { stream: ProxyResponse }).stream, reply.raw, contextOf(request));
      },
      onError: (reply: FastifyReply, { error }: { error: Error }) => {
        reply.hijack();
        this.#door.fail(reply.raw, error.cause ?? error, contextOf(reply.request));
      },
    };
    return forwarding as unknown as Parameters<FastifyReply['from']>[1];
  }

  /** Lets reply-from drive the pipeline. */
  readonly #dispatch = (options: { headers: Carried }, callback: DispatchCallback): void => {
    const { [kContext]: context, [kHeaders]: headers } = options.headers;
    const { call, raw, version, hasBody } = context;
    const path = originForm(raw.url!);
    if (path === null) {
      callback(new GatewayError('BGW_ERR_BAD_REQUEST', `${raw.url} is no path`));
      return;
    }
    if (hasBody) this.#bodies.watch(raw, call);
    version.live
      .handle({ method: raw.method!, path, headers, body: hasBody ? raw : null }, call)
      .then((response) => callback(null, { statusCode: 200, headers: NO_HEADERS, body: response }), callback);
  };
}
