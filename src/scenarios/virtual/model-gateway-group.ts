/**
 * A gateway of several processes in virtual time: its primary's own code (`gateway/primary.ts`), and processes that are
 * models. Connections are dealt to them in turn.
 */
import type { ChildExit, ParentLink } from '../../core/child.js';
import { Deferred } from '../../core/deferred.js';
import { UserError } from '../../core/errors.js';
import { Random } from '../../core/random.js';
import { StallableClock } from '../../core/stallable-clock.js';
import type { Admin } from '../../gateway/admin.js';
import type { GatewayReady } from '../../gateway/gateway-child.js';
import type {
  FromGateway,
  FromServing,
  ServingArgument,
  ToGateway,
  ToServing,
} from '../../gateway/messages.js';
import { NO_USE } from '../../gateway/metrics/tallies.js';
import { Primary } from '../../gateway/primary.js';
import type { ServingChild } from '../../gateway/process-group.js';
import type { MemoryUse } from '../../gateway/process-use.js';
import { ServingService } from '../../gateway/serving-service.js';
import { BARE_BOOT_MS } from '../../upstream/virtual/model-child.js';
import { checkOver } from './model-check.js';
import type { ModelGatewayOptions, ModelGatewayProcess } from './model-gateway.js';
import { modelQuery } from './model-query.js';
import { ModelServing, type ModelServingParts } from './model-serving.js';
import { addressOf, type Connection, DirectConnection, type Host, type Reachability } from './network.js';

/** It is counted in workers alone. */
const NO_MEMORY: MemoryUse = { heapBytes: 0, externalBytes: 0, residentBytes: 0 };

/** One process that serves. */
class ModelServingProcess implements ServingChild {
  readonly pid: number;
  readonly stderr = '';
  readonly exited: Promise<ChildExit>;
  readonly #exit = new Deferred<ChildExit>();
  readonly #parts: ModelServingParts;
  readonly #clock: StallableClock;
  readonly #send: (message: FromServing) => void;
  #serving: ModelServing | null = null;
  #service: ServingService | null = null;
  #running = true;

  constructor(
    argument: ServingArgument,
    onMessage: (message: FromServing) => void,
    parts: ModelServingParts,
  ) {
    const { network, nextPort } = parts;
    this.pid = nextPort();
    this.exited = this.#exit.promise;
    this.#parts = parts;
    this.#clock = new StallableClock(network.clock);
    // Heard in another turn, as over a channel.
    this.#send = (message) => {
      network.clock.after(0, () => onMessage(message));
    };
    this.#clock.after(BARE_BOOT_MS, () => this.#boot(argument));
  }

  /** `null`: it does not listen. */
  get listening(): ModelServing | null {
    return this.#serving?.listens ? this.#serving : null;
  }

  send(message: ToServing): void {
    this.#parts.network.clock.after(0, () => this.#clock.now(() => void this.#service?.onMessage(message)));
  }

  kill(): void {
    this.#end({ code: null, signal: 'SIGKILL' });
  }

  #boot({ config, version, upstreams, resolver, seed }: ServingArgument): void {
    const clock = this.#clock;
    this.#service = new ServingService(
      {
        ...{
          clock,
          pid: this.pid,
          send: this.#send,
          takeStallMs: () => 0,
          readMemory: () => NO_MEMORY,
          readUse: () => NO_USE,
        },
        listen: () => this.#serving!.start(),
        end: () => this.#end({ code: 0, signal: null }),
      },
      (told) => {
        const random = new Random(seed);
        const options = { config, version, upstreams, resolver, random, clock, ...told };
        this.#serving = new ModelServing(options, this.#parts);
        return this.#serving.gateway;
      },
    );
  }

  #end(exit: ChildExit): void {
    if (!this.#running) return;
    this.#running = false;
    this.#clock.end();
    this.#serving?.end();
    this.#exit.resolve(exit);
  }
}

export class ModelGatewayGroup implements ModelGatewayProcess, Host {
  readonly ready: Promise<GatewayReady>;
  /** It does not end by accident. */
  readonly failed = new Promise<string>(() => {});
  readonly #ready = new Deferred<GatewayReady>();
  readonly #options: ModelGatewayOptions;
  readonly #parts: ModelServingParts;
  readonly #clock: StallableClock;
  readonly #primary: Primary;
  readonly #processes: ModelServingProcess[] = [];
  readonly #ended = new Deferred<void>();
  #tell: (message: ToGateway) => void = () => {};
  #turn = 0;

  constructor(options: ModelGatewayOptions, parts: ModelServingParts) {
    const { network, nextPort } = parts;
    const clock = new StallableClock(network.clock);
    this.ready = this.#ready.promise;
    this.#options = options;
    this.#parts = parts;
    this.#clock = clock;
    const link: ParentLink<ToGateway, FromGateway> = {
      send: (message) => this.#hear(message),
      onMessage: (listener) => {
        this.#tell = listener;
      },
    };
    this.#primary = new Primary(options.argument, link, {
      ...{ clock, pid: nextPort(), takeStallMs: () => 0, readMemory: () => NO_MEMORY, readUse: () => NO_USE },
      spawn: (argument, onMessage) => {
        const process = new ModelServingProcess(argument, onMessage, parts);
        this.#processes.push(process);
        return process;
      },
      findPort: async (host, wanted) => {
        const port = wanted || nextPort();
        network.listen(addressOf({ host, port }), this);
        return port;
      },
      openAdmin: async (_admin, wanted) => wanted || nextPort(),
      checking: ({ upstreamTls }) => ({ check: checkOver({ network, clock, secure: upstreamTls !== null }) }),
      openQuery: modelQuery(network, clock),
      end: () => this.#ended.resolve(),
    });
    void this.#primary.run();
  }

  get reachability(): Reachability {
    return this.#listening.length > 0 ? 'open' : 'refused';
  }

  accept(): Connection {
    const { network } = this.#parts;
    const listening = this.#listening;
    return new DirectConnection(network, listening[this.#turn++ % listening.length]!);
  }

  readonly ask: Admin['ask'] = (method, path, body) => this.#primary.ask(method, path, body);

  /** What meets one process of several has no meaning here; the check of a scenario refuses it. */
  block(_forMs: number): void {}

  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
    if (signal === 'SIGKILL') this.#end();
  }

  async stop(): Promise<void> {
    this.#tell({ type: 'stop' });
    await this.#ended.promise;
    this.#end();
  }

  get #listening(): ModelServing[] {
    return this.#processes.flatMap(({ listening }) => listening ?? []);
  }

  /** None of them outlives the primary. */
  #end(): void {
    this.#clock.end();
    this.#primary.kill();
    this.#ended.resolve();
  }

  #hear(message: FromGateway): void {
    const { onReport, onSettled } = this.#options;
    if (message.type === 'ready') this.#ready.resolve(message);
    else if (message.type === 'failed') this.#ready.reject(new UserError('couldNotStart', message.message));
    else if (message.type === 'report') onReport(message);
    else if (message.type === 'settled') onSettled?.(message.history);
  }
}
