/**
 * The gateway without sockets: the same versions, policies and answers as behind Fastify (`server.ts`), for requests
 * that come from memory. What reply-from does for a request there, its fields and its way into the pipeline, is `handle`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { GatewayError } from '../core/errors.js';
import { type Emit, EventStream } from '../core/events.js';
import { bodyOf } from '../core/memory-http.js';
import type { Headers } from '../policies/service.js';
import type { GatewayConfig } from './config.js';
import { Door } from './edge/door.js';
import { originForm } from './edge/request-checks.js';
import { Generations } from './generations.js';
import { prepareRequestHeaders, withoutConnectionFields } from './headers.js';
import { type Check, HealthChecks } from './health-check.js';
import { KeptState } from './kept-state.js';
import { ownMetrics } from './metrics/own.js';
import type { Metrics } from './metrics.js';
import { type Names, type OpenNamesParts, openNames } from './names/names.js';
import type { GatewayOptions } from './server.js';
import type { Transport } from './transport/transport.js';
import { type UpstreamAddress, UpstreamPool } from './upstream-pool.js';

export interface MemoryGatewayOptions extends GatewayOptions {
  /** The way to an upstream. */
  readonly open: (upstream: UpstreamAddress, config: GatewayConfig, names: Names | null) => Transport;
  /** How a DNS server is asked. */
  readonly openQuery: NonNullable<OpenNamesParts['openQuery']>;
  /** Makes one health check, of whichever type. */
  readonly check: Check;
}

export class MemoryGateway {
  readonly pool: UpstreamPool;
  readonly metrics: Metrics;
  readonly generations: Generations;
  readonly emit: Emit;
  readonly #config: GatewayConfig;
  readonly #names: Names | null;
  readonly #checks: HealthChecks;
  readonly #door: Door;

  constructor(options: MemoryGatewayOptions) {
    const { config, clock, random, open, check } = options;
    this.#config = config;
    this.pool = new UpstreamPool(options.upstreams);
    this.metrics = ownMetrics(this);
    const stream = new EventStream(clock.nowMs);
    stream.subscribe(this.metrics.onEvent);
    stream.subscribe(options.onEvent);
    this.emit = stream.emit;
    const { pool, metrics } = this;
    // Nobody records traces of virtual time.
    const tracing = null;
    const around = { pool, clock, emit: stream.emit, metrics, kept: new KeptState(), tracing };
    const { resolver, openQuery } = options;
    const names = openNames({ config: config.names, resolver, clock, emit: this.emit, openQuery });
    this.#names = names;
    this.#checks = new HealthChecks(pool, config.healthCheck, {
      ...{ ...around, check, lookup: names?.lookup, random: random.fork('health') },
      onGood: ({ id }) => this.generations.onGoodCheck(id),
    });
    this.generations = new Generations(
      config,
      {
        ...{ ...around, random: random.fork('pipeline') },
        open: (upstream, own) => open(upstream, own, names),
      },
      ({ healthCheck }) => this.#checks.reconfigure(healthCheck),
      options.version,
    );
    this.#door = new Door({
      ...{ config: config.listener, clock, rayIds: random.fork('ray-id'), metrics, emit: stream.emit },
      ...{ generations: this.generations, onResult: options.onResult, tracing },
    });
  }

  /** Settles when every upstream has been checked once. */
  start(): Promise<void> {
    return this.#checks.start();
  }

  handle(raw: IncomingMessage, response: ServerResponse): void {
    const begun = this.#door.begin(raw, response);
    if (begun === null) return;
    const { call, version, hasBody } = begun;
    const path = originForm(raw.url!);
    if (path === null) {
      this.#door.fail(response, new GatewayError('BGW_ERR_BAD_REQUEST', `${raw.url} is no path`), begun);
      return;
    }
    const copied: Headers = { ...raw.headers };
    if (copied.connection !== undefined) withoutConnectionFields(copied);
    const headers = prepareRequestHeaders(raw, copied, call.rayId, this.#config.listener.forwarded);
    version.live
      .handle(
        {
          method: raw.method!,
          path,
          headers,
          body: hasBody ? bodyOf(Number(raw.headers['content-length'] ?? 0)) : null,
        },
        call,
      )
      .then(
        (answer) => this.#door.answer(answer, response, begun),
        (error) => this.#door.fail(response, error, begun),
      );
  }

  close(): void {
    this.#checks.stop();
    this.generations.close();
    this.#names?.close();
  }
}
