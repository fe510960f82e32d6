/** A worker in virtual time: its service (`worker-service.ts`) on a model of a process, from its boot to its end. */
import { Bag } from '../../core/bag.js';
import type { ChildExit } from '../../core/child.js';
import type { Timer } from '../../core/clock.js';
import { Deferred } from '../../core/deferred.js';
import type { MemoryExchange } from '../../core/memory-http.js';
import type { Processors } from '../../core/processors.js';
import { Random } from '../../core/random.js';
import { StallableClock } from '../../core/stallable-clock.js';
import type { VirtualClock } from '../../core/virtual-clock.js';
import type { DependencyClients, DependencyParts } from '../dependencies/client.js';
import type { WorkerChild, WorkerSpawn } from '../machine.js';
import type { FromWorker, ToWorker, WorkerArgument } from '../messages.js';
import { WorkerService } from '../worker-service.js';
import { type ModelExit, ModelRuntime } from './model-runtime.js';

/** Processor time from its start until it listens. Measured on Node 20: 89 to 95 ms of a bare worker process. */
const BOOT_MS = 90;

/** Connections that the kernel holds for a process that does not accept them: what Node asks for (`listen`). */
const ACCEPT_BACKLOG = 511;

export interface ModelWorkerParts {
  readonly clock: VirtualClock;
  /** Of the machine that it runs on, with all others. */
  readonly processors: Processors;
  /**
   * Processor time of a request, in everybody through whose hands it goes, milliseconds. It passes as messages' time on their way;
   * what they wait for a processor, where others keep all of them busy, is put together where the worker gets it.
   */
  readonly requestMs: number;
  /** A number of its own, as a process has. */
  readonly pid: number;
  /** Called when it listens, and when it is gone. */
  readonly onListening: (worker: ModelWorker, listens: boolean) => void;
  /** By which it calls what it depends on; `null`: it depends on nothing. */
  readonly callers: (own: Omit<DependencyParts, 'wires'>) => DependencyClients | null;
}

export class ModelWorker implements WorkerChild {
  readonly pid: number;
  readonly name: string;
  readonly exited: Promise<ChildExit>;
  stderr = '';
  readonly #exit = new Deferred<ChildExit>();
  readonly #clock: StallableClock;
  readonly #parts: ModelWorkerParts;
  readonly #onMessage: (message: FromWorker) => void;
  /** Requests that it has taken and not answered. */
  readonly #open = new Bag<MemoryExchange>();
  readonly #runtime: ModelRuntime;
  readonly #boot: Timer;
  readonly #unread: (() => void)[] = [];
  /** Requests that have come and that it has not read, since it stands still. */
  #unserved = 0;
  #service: WorkerService | null = null;
  #running = true;
  #listens = false;
  #filesExhausted = false;

  constructor({ argument, heapLimitBytes, onMessage }: WorkerSpawn, parts: ModelWorkerParts) {
    this.name = argument.id;
    this.pid = parts.pid;
    this.exited = this.#exit.promise;
    this.#parts = parts;
    this.#onMessage = onMessage;
    this.#clock = new StallableClock(parts.clock);
    this.#runtime = new ModelRuntime({
      heapLimitBytes,
      clock: this.#clock,
      processors: parts.processors,
      random: new Random(argument.seed).fork('runtime'),
      onEnd: (exit) => this.#end(exit),
      onFiles: (exhausted) => {
        this.#filesExhausted = exhausted;
      },
    });
    this.#boot = parts.processors.work(BOOT_MS, () => this.#clock.now(() => this.#begin(argument)));
  }

  get running(): boolean {
    return this.#running;
  }

  /** What becomes of a new connection; libuv takes those that it has no file for, and closes them at once. */
  get reachability(): 'open' | 'refused' | 'reset' {
    if (!this.#listens) return 'refused';
    return this.#filesExhausted ? 'reset' : 'open';
  }

  serve(exchange: MemoryExchange): void {
    const place = this.#open.add(exchange);
    exchange.response.on('close', () => place.leave());
    const isHeld = this.#unserved < ACCEPT_BACKLOG;
    this.#unserved++;
    const read = (): void => {
      this.#unserved--;
      const { over } = exchange;
      if (over && !isHeld) return;
      // Who left while it stood still left the request in its socket: it is read first, and then that nobody waits.
      this.#service?.handle(exchange.request, exchange.response);
      if (over) exchange.response.emit('close');
    };
    const { processors, requestMs, clock } = this.#parts;
    const waitMs = processors.waitMs(requestMs, this.#runtime.processors);
    if (waitMs > 0) clock.after(waitMs, () => this.#clock.now(read));
    else this.#clock.now(read);
  }

  /** What comes while it boots lies in its channel until it reads. */
  send(message: ToWorker): void {
    if (!this.#running) return;
    const hear = (): void => this.#service?.onMessage(message);
    if (this.#service === null) this.#unread.push(hear);
    else this.#parts.clock.after(0, () => this.#clock.now(hear));
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    if (!this.#running) return;
    if (signal === 'SIGSTOP') this.#clock.freeze();
    else if (signal === 'SIGCONT') this.#clock.thaw();
    else this.#end({ code: null, signal, stderr: '' });
  }

  #begin(argument: WorkerArgument): void {
    const random = new Random(argument.seed);
    const send = (message: FromWorker): void => this.#tell(message);
    const dependencies = this.#parts.callers({
      clock: this.#clock,
      random: random.fork('dependencies'),
      onCircuit: (dependency, state) => send({ type: 'circuit', dependency, state }),
    });
    this.#service = new WorkerService(argument, random, {
      ...{ clock: this.#clock, send, runtime: this.#runtime, dependencies },
      // Nobody records traces of virtual time.
      traces: null,
    });
    for (const hear of this.#unread.splice(0)) this.#clock.after(0, hear);
    this.#clock.after(argument.bootDelayMs, () => {
      this.#listens = true;
      this.#parts.onListening(this, true);
      this.#tell({ type: 'ready', port: argument.port });
    });
  }

  /** What it sends is heard in another turn, as over a channel; by then it may be gone. */
  #tell(message: FromWorker): void {
    this.#parts.clock.after(0, () => this.#onMessage(message));
  }

  #end({ code, signal, stderr }: ModelExit): void {
    if (!this.#running) return;
    this.#running = false;
    this.#listens = false;
    this.stderr = stderr;
    this.#clock.end();
    this.#boot.cancel();
    this.#runtime.end();
    this.#parts.onListening(this, false);
    // The kernel closes what the process had open; the requests had been read, so it is no reset.
    for (const exchange of this.#open.empty()) exchange.breakOff('closed');
    this.#parts.clock.after(0, () => this.#exit.resolve({ code, signal }));
  }
}
