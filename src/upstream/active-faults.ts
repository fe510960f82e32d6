/**
 * The faults at work on one worker, as its fleet keeps them: until they are healed, through as many lives of its process
 * as they last.
 */
import type { Child } from '../core/child.js';
import type { Clock } from '../core/clock.js';
import type { Emit } from '../core/events.js';
import { WORKER_FAULTS, type WorkerFaultName } from './faults/worker-faults.js';
import { Lasting } from './lasting.js';
import type { FromWorker, ToWorker } from './messages.js';

/** A fault with everything it was given. */
export interface Injection {
  readonly fault: WorkerFaultName;
  readonly options: Readonly<Record<string, unknown>>;
  /** `null`: until it is healed. */
  readonly forMs: number | null;
}

/** What can be done to a worker's process. */
export type WorkerProcess = Pick<Child<ToWorker, FromWorker>, 'send' | 'kill'>;

/** Why a fault is at work no more: its time is over, somebody said so, or it was the process's own and went with it. */
type EndReason = 'time-over' | 'ordered' | 'restarted';

/** The number of those that are over when they have begun: nobody heals them. */
const MOMENT_ID = 0;

export class ActiveFaults {
  readonly #worker: string;
  readonly #emit: Emit;
  readonly #active: Lasting<Injection>;
  #process: WorkerProcess | null = null;

  constructor(worker: string, clock: Clock, emit: Emit) {
    this.#worker = worker;
    this.#emit = emit;
    this.#active = new Lasting(clock, (id) => this.#end(id, 'time-over'));
  }

  get list(): readonly Injection[] {
    return this.#active.all;
  }

  /**
   * @returns whether it was: what would be wrong with a process alone finds none while the worker is down. What outlasts
   * a process waits for the next one.
   */
  inject(injection: Injection): boolean {
    const { fault, forMs, options } = injection;
    const { lasts, survivesRestart } = WORKER_FAULTS[fault];
    if (this.#process === null && !survivesRestart) return false;
    this.#emit('fault.injected', { fault, worker: this.#worker, forMs, options });
    this.#begin(lasts === 'moment' ? MOMENT_ID : this.#active.begin(injection, forMs), injection);
    return true;
  }

  /**
   * Ends what is at work, except what nothing can be said to before its time is over.
   * @param fault `null`: whatever there is.
   */
  heal(fault: WorkerFaultName | null): void {
    for (const [id, injection] of this.#active.numbered) {
      if (WORKER_FAULTS[injection.fault].lasts === 'bounded') continue;
      if (fault === null || injection.fault === fault) this.#end(id, 'ordered');
    }
  }

  /** A process serves in the worker's place: what was at work on the one before, and outlasts it, begins anew in it. */
  started(process: WorkerProcess): void {
    this.#process = process;
    for (const [id, injection] of this.#active.numbered) {
      this.#begin(id, { ...injection, forMs: this.#active.leftMs(id) });
    }
  }

  /** The process is gone, and what was wrong with it alone went with it. */
  died(): void {
    this.#process = null;
    for (const [id, { fault }] of this.#active.numbered) {
      if (!WORKER_FAULTS[fault].survivesRestart) this.#end(id, 'restarted');
    }
  }

  /** Forgets everything without a word: the run is over, and the process is about to be. */
  stop(): void {
    this.#active.clear();
    this.#process = null;
  }

  #begin(id: number, { fault, options, forMs }: Injection): void {
    const definition = WORKER_FAULTS[fault];
    if ('signals' in definition) this.#process?.kill(definition.signals.begin);
    else this.#process?.send({ type: 'inject', id, fault, options, forMs });
  }

  #end(id: number, reason: EndReason): void {
    const ended = this.#active.take(id);
    if (ended === null) return;
    const { fault } = ended;
    const definition = WORKER_FAULTS[fault];
    if (!('signals' in definition)) this.#process?.send({ type: 'heal', id });
    // A signal has no number: it would end another one as well that has the same.
    else if (!this.#hasSignal(definition.signals.end)) this.#process?.kill(definition.signals.end);
    this.#emit('fault.healed', { fault, worker: this.#worker, reason });
  }

  /** Whether something at work is ended by that signal. */
  #hasSignal(end: NodeJS.Signals): boolean {
    return this.list.some(({ fault }) => {
      const definition = WORKER_FAULTS[fault];
      return 'signals' in definition && definition.signals.end === end;
    });
  }
}
