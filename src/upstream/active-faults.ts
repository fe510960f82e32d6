/** The faults at work on one worker, as its fleet keeps them: until they are healed, through as many lives as they last. */

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

type WorkerProcess = Pick<Child<ToWorker, FromWorker>, 'send' | 'kill'>;

interface Active {
  readonly injection: Injection;
  readonly endMs: number;
  readonly timer: Timer | null;
}

export class ActiveFaults {
  readonly #worker: string;
  readonly #clock: Clock;
  readonly #emit: Emit;
  readonly #active = new Map<number, Active>();
  #lastId = 0;

  constructor(worker: string, clock: Clock, emit: Emit) {
    this.#worker = worker;
    this.#clock = clock;
    this.#emit = emit;
  }

  get list(): readonly Injection[] {
    return [...this.#active.values()].map(({ injection }) => injection);
  }

  inject(injection: Injection, process: WorkerProcess): void {
    const { fault, forMs, options } = injection;
    this.#emit('fault.injected', { fault, worker: this.#worker, forMs, options });
    if (WORKER_FAULTS[fault].lasts === 'moment') {
      this.#begin(0, injection, 0, process);
      return;
    }
    const id = ++this.#lastId;
    const endMs = this.#clock.nowMs() + (forMs ?? Number.POSITIVE_INFINITY);
    const timer = forMs === null ? null : this.#clock.after(forMs, () => this.#end(id, 'time-over', process));
    this.#active.set(id, { injection, endMs, timer });
    this.#begin(id, injection, forMs, process);
  }

  /** @param fault `null`: all of them. */
  heal(fault: WorkerFaultName | null, process: WorkerProcess | null): void {
    for (const [id, { injection }] of [...this.#active]) {
      if (fault === null || injection.fault === fault) this.#end(id, 'ordered', process);
    }
  }

  /** A new process stands in the worker's place: what its cause outlasts begins anew in it. */
  restarted(process: WorkerProcess): void {
    const nowMs = this.#clock.nowMs();
    for (const [id, { injection, endMs, timer }] of [...this.#active]) {
      const leftMs = endMs - nowMs;
      timer?.cancel();
      const forMs = injection.forMs === null ? null : leftMs;
      const again =
        forMs === null ? null : this.#clock.after(leftMs, () => this.#end(id, 'time-over', process));
      this.#active.set(id, { injection, endMs, timer: again });
      this.#begin(id, injection, forMs, process);
    }
  }

  /** The process is gone, and what was wrong with it alone went with it. */
  died(): void {
    for (const [id, { injection }] of [...this.#active]) {
      if (!WORKER_FAULTS[injection.fault].survivesRestart) this.#end(id, 'restarted', null);
    }
  }

  stop(): void {
    for (const { timer } of this.#active.values()) timer?.cancel();
    this.#active.clear();
  }

  #begin(id: number, { fault, options }: Injection, forMs: number | null, process: WorkerProcess): void {
    const definition = WORKER_FAULTS[fault];
    if ('signals' in definition) process.kill(definition.signals.begin);
    else process.send({ type: 'inject', id, fault, options, forMs });
  }

  #end(id: number, reason: string, process: WorkerProcess | null): void {
    const active = this.#active.get(id);
    if (active === undefined) return;
    active.timer?.cancel();
    this.#active.delete(id);
    const { fault } = active.injection;
    const definition = WORKER_FAULTS[fault];
    if ('signals' in definition) process?.kill(definition.signals.end);
    else process?.send({ type: 'heal', id });
    this.#emit('fault.healed', { fault, worker: this.#worker, reason });
  }
}
