/**
 * What serves in a process of a gateway, in virtual time: the gateway's own code (`gateway/memory-gateway.ts`) with an
 * event loop that can stand still, a processor that takes one request at a time, and a certificate.
 */
import { Bag } from '../../core/bag.js';
import type { MemoryExchange } from '../../core/memory-http.js';
import type { StallableClock } from '../../core/stallable-clock.js';
import { MemoryGateway, type MemoryGatewayOptions } from '../../gateway/memory-gateway.js';
import type { ModelCertificate, ModelCertificates } from './model-certificates.js';
import { checkOver } from './model-check.js';
import { modelQuery } from './model-query.js';
import { openModelTransport } from './model-transport.js';
import { GONE, type Handshake, type Network, type Server } from './network.js';

export interface ModelServingParts {
  readonly network: Network;
  /** A port that nobody has. */
  readonly nextPort: () => number;
  /** What one request keeps the processor busy, milliseconds; 0: nothing. */
  readonly requestMs: number;
  readonly certificates: ModelCertificates;
}

export interface ModelServingOptions
  extends Pick<
    MemoryGatewayOptions,
    'config' | 'version' | 'upstreams' | 'resolver' | 'random' | 'onEvent' | 'onResult'
  > {
  /** Of its process. */
  readonly clock: StallableClock;
}

export class ModelServing implements Server {
  readonly clock: StallableClock;
  readonly gateway: MemoryGateway;
  readonly #parts: ModelServingParts;
  readonly #number: number;
  /** Requests that it has taken and not answered. */
  readonly #open = new Bag<MemoryExchange>();
  #listens = false;
  #busyUntilMs = 0;
  /** The one that it shows; `null`: it does not speak TLS. */
  #certificate: ModelCertificate | null = null;

  constructor(options: ModelServingOptions, parts: ModelServingParts) {
    const { network, nextPort } = parts;
    const { config, clock } = options;
    this.#number = nextPort();
    this.#parts = parts;
    this.clock = clock;
    this.gateway = new MemoryGateway({
      ...options,
      open: (upstream, own, names) => openModelTransport({ network, clock, names }, upstream, own),
      openQuery: modelQuery(network, clock),
      check: checkOver({ network, clock, secure: config.upstreamTls !== null }),
    });
    const { tls } = config.listener;
    if (tls !== null) this.#watchCertificate(tls.certificatePath, tls.reloadMs);
  }

  get listens(): boolean {
    return this.#listens;
  }

  get incarnation(): number {
    return this.#listens ? this.#number : GONE;
  }

  get handshake(): Handshake | null {
    if (this.#certificate === null) return null;
    return (onCertificate) => this.clock.now(() => onCertificate(this.#certificate!));
  }

  /** Settles when it listens: every upstream has been checked once, if it checks any. */
  async start(): Promise<void> {
    await this.gateway.start();
    this.#listens = true;
  }

  serve(exchange: MemoryExchange): void {
    const { network, requestMs } = this.#parts;
    const nowMs = network.clock.nowMs();
    const place = this.#open.add(exchange);
    exchange.response.on('close', () => place.leave());
    // One processor, first come, first served.
    this.#busyUntilMs = Math.max(this.#busyUntilMs, nowMs) + requestMs;
    if (requestMs === 0) this.clock.now(() => this.#handle(exchange));
    else this.clock.after(this.#busyUntilMs - nowMs, () => this.#handle(exchange));
  }

  /** As a process that is gone: whatever it had open is closed. */
  end(): void {
    this.#listens = false;
    this.gateway.close();
    this.clock.end();
    for (const exchange of this.#open.empty()) exchange.breakOff('closed');
  }

  /** As the listener does it with files: whoever is connected goes on, whoever connects anew gets the new one. */
  #watchCertificate(path: string, reloadMs: number): void {
    const { certificates } = this.#parts;
    this.#certificate = certificates.at(path);
    this.clock.every(reloadMs, () => {
      const now = certificates.at(path);
      if (now === this.#certificate) return;
      this.#certificate = now;
      this.gateway.emit('certificate.reloaded', { certificate: path });
    });
  }

  #handle(exchange: MemoryExchange): void {
    if (exchange.over) return;
    this.gateway.handle(exchange.request, exchange.response);
    exchange.readOn();
  }
}
