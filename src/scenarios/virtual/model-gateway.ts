/**
 * A gateway in virtual time, as the process that it is in the other engine: it boots, listens, stands still, dies, and
 * comes back. What it does with requests is the gateway's own code (`gateway/memory-gateway.ts`).
 */
import { Bag } from '../../core/bag.js';
import { Deferred } from '../../core/deferred.js';
import type { Event } from '../../core/events.js';
import type { MemoryExchange } from '../../core/memory-http.js';
import { Random } from '../../core/random.js';
import { StallableClock } from '../../core/stallable-clock.js';
import { ReaderRegister } from '../../delivery/readers.js';
import { type Admin, buildAdmin, ownSource } from '../../gateway/admin.js';
import type { TlsConfig } from '../../gateway/config/listener.js';
import { GatewayControl } from '../../gateway/control.js';
import type { GatewayChildOptions, GatewayReady } from '../../gateway/gateway-child.js';
import { MemoryGateway } from '../../gateway/memory-gateway.js';
import { startingVersion } from '../../gateway/messages.js';
import { OwnReach } from '../../gateway/reach.js';
import type { GatewayProcess } from '../front.js';
import type { ModelCertificate, ModelCertificates } from './model-certificates.js';
import { checkOver } from './model-check.js';
import { modelQuery } from './model-query.js';
import { openModelTransport } from './model-transport.js';
import {
  addressOf,
  type Connection,
  DirectConnection,
  GONE,
  type Host,
  type Network,
  type Reachability,
  type Server,
} from './network.js';

/** Processor time of one request in the gateway, milliseconds: what docs/performance.md measures, rounded up. */
export const GATEWAY_REQUEST_MS = 0.05;

export interface ModelGatewayParts {
  readonly network: Network;
  /** A port that nobody has. */
  readonly nextPort: () => number;
  /** What one request keeps the gateway's processor busy; 0: nothing. */
  readonly requestMs: number;
  readonly certificates: ModelCertificates;
}

export class ModelGateway implements GatewayProcess, Host, Server {
  readonly ready: Promise<GatewayReady>;
  /** It does not end by accident. */
  readonly failed = new Promise<string>(() => {});
  readonly #number: number;
  readonly #clock: StallableClock;
  readonly #parts: ModelGatewayParts;
  readonly #gateway: MemoryGateway;
  readonly #control: GatewayControl;
  readonly #options: Omit<GatewayChildOptions, 'reaper'>;
  /** Requests that it has taken and not answered. */
  readonly #open = new Bag<MemoryExchange>();
  #admin: Admin | null = null;
  /** The one that it shows; `null`: it does not speak TLS. */
  #certificate: ModelCertificate | null = null;
  #listens = false;
  #busyUntilMs = 0;

  constructor(options: Omit<GatewayChildOptions, 'reaper'>, parts: ModelGatewayParts) {
    const { argument, onReport, onSettled } = options;
    const { network, nextPort } = parts;
    const { version, config } = startingVersion(argument);
    const random = new Random(argument.seed).fork('gateway');
    const clock = new StallableClock(network.clock);
    this.#number = nextPort();
    this.#clock = clock;
    this.#parts = parts;
    this.#options = options;
    const onEvent = (event: Event): void =>
      onReport({ type: 'report', events: [event], stallMs: 0, ruleMs: 0 });
    this.#gateway = new MemoryGateway({
      ...{ config, version, upstreams: argument.upstreams, clock, random, onEvent },
      resolver: argument.resolver,
      open: (upstream, own, names) => openModelTransport({ network, clock, names }, upstream, own),
      openQuery: modelQuery(network, clock),
      check: checkOver({ network, clock, secure: config.upstreamTls !== null }),
      onResult: (by, good) => this.#control.delivery.onResults(by, 1, good ? 0 : 1),
    });
    this.#control = new GatewayControl({
      ...{ config, history: argument.history, pool: this.#gateway.pool, clock, emit: this.#gateway.emit },
      ...{ drained: argument.drained, reach: new OwnReach(this.#gateway, clock) },
      ...(onSettled && { onSettled }),
    });
    if (config.listener.tls !== null) this.#watchCertificate(config.listener.tls);
    const ready = new Deferred<GatewayReady>();
    this.ready = ready.promise;
    const port = argument.port || nextPort();
    const adminPort = argument.adminPort || nextPort();
    network.listen(addressOf({ host: argument.host, port }), this);
    void this.#gateway.start().then(() => {
      this.#listens = true;
      ready.resolve({ port, adminPort });
    });
  }

  get reachability(): Reachability {
    return this.#listens ? 'open' : 'refused';
  }

  accept(): Connection {
    return new DirectConnection(this.#parts.network, this);
  }

  get secure() {
    const certificate = this.#certificate;
    if (certificate === null) return null;
    return (onCertificate: (shown: ModelCertificate) => void) =>
      this.#clock.now(() => onCertificate(this.#certificate ?? certificate));
  }

  get incarnation(): number {
    return this.#listens ? this.#number : GONE;
  }

  serve(exchange: MemoryExchange): void {
    const { network, requestMs } = this.#parts;
    const nowMs = network.clock.nowMs();
    const place = this.#open.add(exchange);
    exchange.response.on('close', () => place.leave());
    // One processor, first come, first served.
    this.#busyUntilMs = Math.max(this.#busyUntilMs, nowMs) + requestMs;
    if (requestMs === 0) this.#clock.now(() => this.#handle(exchange));
    else this.#clock.after(this.#busyUntilMs - nowMs, () => this.#handle(exchange));
  }

  /** As its admin API over HTTP. */
  async ask(method: 'PUT' | 'POST' | 'DELETE', path: string, body: object) {
    this.#admin ??= buildAdmin(
      ownSource(this.#gateway, () => this.#readers()),
      this.#control,
      this.#options.argument,
    );
    return this.#admin.ask(method, path, body);
  }

  block(forMs: number): void {
    this.#clock.stall(forMs);
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
    if (signal === 'SIGSTOP') this.#clock.freeze();
    else if (signal === 'SIGCONT') this.#clock.thaw();
    else this.#end();
  }

  async stop(): Promise<void> {
    this.#end();
  }

  /** As the listener does it with files: whoever is connected goes on, whoever connects anew gets the new one. */
  #watchCertificate({ certificatePath, reloadMs }: TlsConfig): void {
    const { certificates } = this.#parts;
    this.#certificate = certificates.at(certificatePath);
    this.#clock.every(reloadMs, () => {
      const now = certificates.at(certificatePath);
      if (now === this.#certificate) return;
      this.#certificate = now;
      this.#gateway.emit('certificate.reloaded', { certificate: certificatePath });
    });
  }

  #handle(exchange: MemoryExchange): void {
    if (!exchange.over) this.#gateway.handle(exchange.request, exchange.response);
  }

  #end(): void {
    this.#listens = false;
    this.#control.stop();
    this.#gateway.close();
    this.#clock.end();
    for (const exchange of this.#open.empty()) exchange.breakOff('closed');
  }

  #readers() {
    const register = new ReaderRegister();
    const nowMs = this.#clock.nowMs();
    register.expect('gateway', this.#control.delivery.version, nowMs);
    register.saw('gateway', this.#gateway.generations.stable.version, nowMs);
    return register.list(nowMs);
  }
}
