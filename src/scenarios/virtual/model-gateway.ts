/**
 * A gateway in virtual time, as the process that it is in the other engine: it boots, listens, stands still, dies, and
 * comes back.
 */
import { Deferred } from '../../core/deferred.js';
import { Random } from '../../core/random.js';
import { StallableClock } from '../../core/stallable-clock.js';
import { ReaderRegister } from '../../delivery/readers.js';
import { type Admin, buildAdmin, ownSource } from '../../gateway/admin.js';
import { GatewayControl } from '../../gateway/control.js';
import type { GatewayChildOptions, GatewayReady } from '../../gateway/gateway-child.js';
import { startingVersion } from '../../gateway/messages.js';
import { OwnReach } from '../../gateway/reach.js';
import type { GatewayProcess } from '../front/front.js';
import { ModelServing, type ModelServingParts } from './model-serving.js';
import { addressOf, type Connection, DirectConnection, type Host, type Reachability } from './network.js';

/** Processor time of one request in the gateway, milliseconds: what docs/performance.md measures, rounded up. */
export const GATEWAY_REQUEST_MS = 0.05;

/** A gateway of one process or of several, as the world has it. */
export interface ModelGatewayProcess extends GatewayProcess {
  /** As its admin API over HTTP. */
  readonly ask: Admin['ask'];
}

export type ModelGatewayOptions = Omit<GatewayChildOptions, 'reaper'>;

export class ModelGateway implements ModelGatewayProcess, Host {
  readonly ready: Promise<GatewayReady>;
  /** It does not end by accident. */
  readonly failed = new Promise<string>(() => {});
  readonly #parts: ModelServingParts;
  readonly #serving: ModelServing;
  readonly #control: GatewayControl;
  readonly #options: ModelGatewayOptions;
  #admin: Admin | null = null;

  constructor(options: ModelGatewayOptions, parts: ModelServingParts) {
    const { argument, onReport, onSettled } = options;
    const { network, nextPort } = parts;
    const { version, config } = startingVersion(argument);
    const { upstreams, resolver, seed } = argument;
    this.#parts = parts;
    this.#options = options;
    const clock = new StallableClock(network.clock);
    this.#serving = new ModelServing(
      {
        clock,
        ...{ config, version, upstreams, resolver, random: new Random(seed).fork('gateway') },
        onEvent: (event) => onReport({ type: 'report', events: [event], stallMs: 0, ruleMs: 0 }),
        onResult: (by, good) => this.#control.delivery.onResults(by, 1, good ? 0 : 1),
      },
      parts,
    );
    const { gateway } = this.#serving;
    this.#control = new GatewayControl({
      ...{ config, history: argument.history, pool: gateway.pool, clock, emit: gateway.emit },
      ...{ drained: argument.drained, reach: new OwnReach(gateway, clock) },
      ...(onSettled && { onSettled }),
    });
    const ready = new Deferred<GatewayReady>();
    this.ready = ready.promise;
    const port = argument.port || nextPort();
    const adminPort = argument.adminPort || nextPort();
    network.listen(addressOf({ host: argument.host, port }), this);
    void this.#serving.start().then(() => ready.resolve({ port, adminPort }));
  }

  get reachability(): Reachability {
    return this.#serving.listens ? 'open' : 'refused';
  }

  accept(): Connection {
    return new DirectConnection(this.#parts.network, this.#serving);
  }

  readonly ask: Admin['ask'] = (method, path, body) => {
    this.#admin ??= buildAdmin(
      ownSource(this.#serving.gateway, () => this.#readers()),
      this.#control,
      this.#options.argument,
    );
    return this.#admin.ask(method, path, body);
  };

  block(forMs: number): void {
    this.#serving.clock.stall(forMs);
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
    if (signal === 'SIGSTOP') this.#serving.clock.freeze();
    else if (signal === 'SIGCONT') this.#serving.clock.thaw();
    else this.#end();
  }

  async stop(): Promise<void> {
    this.#end();
  }

  #end(): void {
    this.#control.stop();
    this.#serving.end();
  }

  #readers() {
    const register = new ReaderRegister();
    const nowMs = this.#serving.clock.nowMs();
    register.expect('gateway', this.#control.delivery.version, nowMs);
    register.saw('gateway', this.#serving.gateway.generations.stable.version, nowMs);
    return register.list(nowMs);
  }
}
