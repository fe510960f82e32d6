/**
 * The faults at work on one worker, as its fleet keeps them: until they are healed, through as many lives of its process
 * as they last.
 */
import type { Child } from '../core/child.js';
import type { Clock, Timer } from '../core/clock.js';
import type { Emit } from '../core/events.js';
import { WORKER_FAULTS, type WorkerFaultName } from './faults/worker-faults.js';
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

interface Active {
  readonly injection: Injection;
  /** Infinity: until it is healed. */
  readonly endMs: number;
  readonly timer: Timer | null;
}

/** The number of those that are over when they have begun: nobody heals them. */
const MOMENT_ID = 0;

export class ActiveFaults {
  readonly #worker: string;
  readonly #clock: Clock;
  readonly #emit: Emit;
  readonly #active = new Map<number, Active>();
  #process: WorkerProcess | null = null;
  #lastId = MOMENT_ID;

  constructor(worker: string, clock: Clock, emit: Emit) {
    this.#worker = worker;
    this.#clock = clock;
    this.#emit = emit;
  }

  get list(): readonly Injection[] {
    return [...this.#active.values()].map(({ injection }) => injection);
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
    if (lasts === 'moment') {
      this.#begin(MOMENT_ID, injection);
      return true;
    }
    const id = ++this.#lastId;
    const endMs = this.#clock.nowMs() + (forMs ?? Number.POSITIVE_INFINITY);
    const timer = forMs === null ? null : this.#clock.after(forMs, () => this.#end(id, 'time-over'));
    this.#active.set(id, { injection, endMs, timer });
    this.#begin(id, injection);
    return true;
  }

  /**
   * Ends what is at work, except what nothing can be said to before its time is over.
   * @param fault `null`: whatever there is.
   */
  heal(fault: WorkerFaultName | null): void {
    for (const [id, { injection }] of [...this.#active]) {
      if (WORKER_FAULTS[injection.fault].lasts === 'bounded') continue;
      if (fault === null || injection.fault === fault) this.#end(id, 'ordered');
    }
  }

  /** A process serves in the worker's place: what was at work on the one before, and outlasts it, begins anew in it. */
  started(process: WorkerProcess): void {
    this.#process = process;
    const nowMs = this.#clock.nowMs();
    for (const [id, { injection, endMs }] of this.#active) {
      this.#begin(id, injection.forMs === null ? injection : { ...injection, forMs: endMs - nowMs });
    }
  }

  /** The process is gone, and what was wrong with it alone went with it. */
  died(): void {
    this.#process = null;
    for (const [id, { injection }] of [...this.#active]) {
      if (!WORKER_FAULTS[injection.fault].survivesRestart) this.#end(id, 'restarted');
    }
  }

  /** Forgets everything without a word: the run is over, and the process is about to be. */
  stop(): void {
    for (const { timer } of this.#active.values()) timer?.cancel();
    this.#active.clear();
    this.#process = null;
  }

  #begin(id: number, { fault, options, forMs }: Injection): void {
    const definition = WORKER_FAULTS[fault];
    if ('signals' in definition) this.#process?.kill(definition.signals.begin);
    else this.#process?.send({ type: 'inject', id, fault, options, forMs });
  }

  #end(id: number, reason: EndReason): void {
    const active = this.#active.get(id);
    if (active === undefined) return;
    active.timer?.cancel();
    this.#active.delete(id);
    const { fault } = active.injection;
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
