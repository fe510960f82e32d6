/** The places in a worker where faults take hold (`faults/fault.ts`), and what the worker asks there. */
import type { Clock } from '../core/clock.js';
import type { Random } from '../core/random.js';
import type { Undo, Visit, WorkerSite } from './faults/fault.js';
import type { WorkerRuntime } from './runtime.js';

/** In the order in which they came; each leaves on its own. */
export class Hooks<Hook> {
  #hooks: readonly Hook[] = [];

  add(hook: Hook): Undo {
    this.#hooks = [...this.#hooks, hook];
    return () => {
      this.#hooks = this.#hooks.filter((other) => other !== hook);
    };
  }

  get all(): readonly Hook[] {
    return this.#hooks;
  }
}

export class Site implements WorkerSite {
  readonly clock: Clock;
  readonly random: Random;
  readonly runtime: WorkerRuntime;
  readonly #arrival = new Hooks<(visit: Visit) => boolean>();
  readonly #service = new Hooks<(serviceMs: number, visit: Visit) => number>();
  readonly #wait = new Hooks<(visit: Visit) => Undo>();
  readonly #answer = new Hooks<(visit: Visit) => boolean>();
  readonly #readiness = new Hooks<(truth: boolean) => boolean>();

  constructor(clock: Clock, random: Random, runtime: WorkerRuntime) {
    this.clock = clock;
    this.random = random;
    this.runtime = runtime;
  }

  readonly onArrival = (take: (visit: Visit) => boolean): Undo => this.#arrival.add(take);
  readonly onService = (change: (serviceMs: number, visit: Visit) => number): Undo =>
    this.#service.add(change);
  readonly onWait = (hold: (visit: Visit) => Undo): Undo => this.#wait.add(hold);
  readonly onAnswer = (take: (visit: Visit) => boolean): Undo => this.#answer.add(take);
  readonly onReadiness = (says: (truth: boolean) => boolean): Undo => this.#readiness.add(says);

  /** Whether a fault has taken the request over; the first that does, and those that come after do not see it. */
  taken(visit: Visit): boolean {
    return this.#arrival.all.length > 0 && this.#arrival.all.some((take) => take(visit));
  }

  serviceMs(planned: number, visit: Visit): number {
    if (this.#service.all.length === 0) return planned;
    return this.#service.all.reduce((ms, change) => change(ms, visit), planned);
  }

  /** @returns what to call when the wait is over. */
  waits(visit: Visit): Undo {
    const undos = this.#wait.all.map((hold) => hold(visit));
    return () => {
      for (const undo of undos) undo();
    };
  }

  /** Whether a fault answers in the worker's place. */
  answered(visit: Visit): boolean {
    return this.#answer.all.length > 0 && this.#answer.all.some((take) => take(visit));
  }

  ready(truth: boolean): boolean {
    return this.#readiness.all.reduce((says, change) => change(says), truth);
  }
}
