/**
 * What a worker does with requests, without time or sockets: `slots` at once, the rest in a first-in-first-out queue.
 *
 * The queue has no bound. That is the point: a Node server accepts everything, and what bounds it has to stand in
 * front of it.
 */
import type { Random } from '../core/random.js';
import { type ServiceTime, sampleServiceTime } from './service-time.js';

/** A request that begins to be served now and will have been served in `serviceMs`. */
export interface Start<Job> {
  readonly job: Job;
  readonly serviceMs: number;
}

export class WorkerModel<Job> {
  readonly #slots: number;
  readonly #serviceTime: ServiceTime;
  readonly #random: Random;
  readonly #queue = new Set<Job>();
  #busy = 0;

  constructor(slots: number, serviceTime: ServiceTime, random: Random) {
    this.#slots = slots;
    this.#serviceTime = serviceTime;
    this.#random = random;
  }

  /** Slots in use. */
  get busy(): number {
    return this.#busy;
  }

  get queued(): number {
    return this.#queue.size;
  }

  /** A request comes in: starts at once, or waits (`null`). */
  arrive(job: Job): Start<Job> | null {
    if (this.#busy < this.#slots) return this.#start(job);
    this.#queue.add(job);
    return null;
  }

  /** A slot becomes free. @returns the request that gets it. */
  finish(): Start<Job> | null {
    this.#busy--;
    for (const job of this.#queue) {
      this.#queue.delete(job);
      return this.#start(job);
    }
    return null;
  }

  /** A waiting request is given up. @returns whether it was waiting. */
  leave(job: Job): boolean {
    return this.#queue.delete(job);
  }

  #start(job: Job): Start<Job> {
    this.#busy++;
    return { job, serviceMs: sampleServiceTime(this.#serviceTime, this.#random) };
  }
}
