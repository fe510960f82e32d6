/** What workers run on in virtual time: models in place of processes, and ports that are numbers. */
import type { MemoryExchange } from '../../core/memory-http.js';
import type { Processors } from '../../core/processors.js';
import type { DependencyClients, DependencyParts } from '../../upstream/dependencies/client.js';
import type { Machine, WorkerChild, WorkerSpawn } from '../../upstream/machine.js';
import type { WorkerArgument } from '../../upstream/messages.js';
import { ModelWorker } from '../../upstream/virtual/model-worker.js';
import { askOver } from './model-check.js';
import {
  addressOf,
  type Connection,
  DirectConnection,
  type Host,
  type Network,
  type Reachability,
  type Server,
} from './network.js';

/** One address, and whoever serves there now. */
class Place implements Host, Server {
  readonly #network: Network;
  #worker: ModelWorker | null = null;
  readonly handshake = null;
  incarnation = 0;

  constructor(network: Network) {
    this.#network = network;
  }

  accept(): Connection {
    return new DirectConnection(this.#network, this);
  }

  get reachability(): Reachability {
    return this.#worker?.reachability ?? 'refused';
  }

  change(worker: ModelWorker | null): void {
    this.#worker = worker;
    this.incarnation++;
  }

  serve(exchange: MemoryExchange): void {
    this.#worker?.serve(exchange);
  }
}

export interface ModelMachineParts {
  readonly network: Network;
  readonly processors: Processors;
  /** Of a processor, for each request. */
  readonly requestMs: number;
  /** A port that nobody has. */
  readonly nextPort: () => number;
  /** By which a worker calls what it depends on; `null`: it depends on nothing. */
  readonly callers: (
    argument: WorkerArgument,
    own: Omit<DependencyParts, 'wires'>,
  ) => DependencyClients | null;
}

export class ModelMachine implements Machine {
  readonly #parts: ModelMachineParts;
  readonly #places = new Map<string, Place>();
  #lastPid = 0;

  readonly ports = {
    keep: async (port: number): Promise<number> => port || this.#parts.nextPort(),
    release: async (): Promise<void> => {},
    stop: async (): Promise<void> => {},
  };

  constructor(parts: ModelMachineParts) {
    this.#parts = parts;
  }

  spawn(options: WorkerSpawn): WorkerChild {
    const { network, processors, requestMs, nextPort, callers } = this.#parts;
    const argument = { ...options.argument, port: options.argument.port || nextPort() };
    const place = this.#placeAt(addressOf(argument));
    return new ModelWorker(
      { ...options, argument },
      {
        ...{ clock: network.clock, processors, requestMs },
        pid: ++this.#lastPid,
        onListening: (worker, listens) => place.change(listens ? worker : null),
        callers: (own) => callers(argument, own),
      },
    );
  }

  ask(
    asked: { readonly host: string; readonly port: number; readonly path: string },
    timeoutMs: number,
  ): Promise<string | null> {
    const { network } = this.#parts;
    return askOver({ network, clock: network.clock, secure: false }, { ...asked, timeoutMs });
  }

  #placeAt(address: string): Place {
    let place = this.#places.get(address);
    if (place === undefined) {
      place = new Place(this.#parts.network);
      this.#places.set(address, place);
      this.#parts.network.listen(address, place);
    }
    return place;
  }
}
