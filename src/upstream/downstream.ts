/**
 * A worker's side of a downstream service it depends on: which endpoint the next call goes to, by weighted round
 * robin, as the load-balancing config says.
 *
 * **This holds a planted bug**, the one of the outage of 8 November 2024 as far as the postmortem tells it: a valid
 * config, and a latent fault in the logic that actuates it. Weights are expanded into an array of slots (one entry per
 * unit of weight, after division by the greatest common divisor), the array is made anew at every refresh of the
 * endpoints' health, and the past arrays of the present version are retained, so that a routing decision could be
 * explained. That history is bounded by the number of arrays, not by their size. With weights like 1, 1, 2 an array has four entries and nobody notices.
 * With weights like 50000, 1, 49999, which are as valid, it has a hundred thousand, and the heap is full in seconds.
 */

import type { WorkerRuntime } from './runtime.js';

export interface Endpoint {
  readonly name: string;
  /** Share of the calls, relative to the other weights. */
  readonly weight: number;
}

export interface DownstreamConfig {
  readonly service: string;
  readonly endpoints: readonly Endpoint[];
}

/** Past slot arrays kept per version. A bound on their number is no bound on their size. */
const HISTORY_LENGTH = 4096;

/** A whole history of arrays so long, of entries of 8 bytes, is less than a MiB, which a model need not count. */
const UNCOUNTED_LENGTH = 25;

/** How often the health of the endpoints is looked at, and the slots are made anew. */
export const REFRESH_INTERVAL_MS = 25;

const greatestCommonDivisor = (a: number, b: number): number =>
  b === 0 ? a : greatestCommonDivisor(b, a % b);

export class DownstreamBalancer {
  #endpoints: readonly Endpoint[] = [];
  #slots: readonly Endpoint[] = [];
  #turn = 0;
  /** Each lets one past array go. */
  #history: (() => void)[] = [];
  readonly #runtime: Pick<WorkerRuntime, 'keep' | 'isModel'>;

  constructor(runtime: Pick<WorkerRuntime, 'keep' | 'isModel'>) {
    this.#runtime = runtime;
  }

  /** Whether a refresh changes anything that can be noticed. */
  get grows(): boolean {
    return !this.#runtime.isModel || this.#slots.length > UNCOUNTED_LENGTH;
  }

  /** Takes a new version over; what was retained for the one before is let go. */
  actuate(config: DownstreamConfig): void {
    this.#endpoints = config.endpoints;
    for (const letGo of this.#history.splice(0)) letGo();
    this.#slots = this.#expand();
    this.#retain();
  }

  /** Makes the slots anew. */
  refresh(): void {
    // Where memory is only counted, an array that is the same need not be made again.
    if (!this.#runtime.isModel) this.#slots = this.#expand();
    this.#retain();
  }

  /** The endpoint for the next call; `undefined` when every weight is 0. */
  pick(): string | undefined {
    return this.#slots.length === 0 ? undefined : this.#slots[this.#turn++ % this.#slots.length]!.name;
  }

  #retain(): void {
    this.#history.push(this.#runtime.keep(this.#slots));
    if (this.#history.length > HISTORY_LENGTH) this.#history.shift()!();
  }

  #expand(): readonly Endpoint[] {
    const weights = this.#endpoints.map((endpoint) => endpoint.weight);
    const divisor = weights.reduce(greatestCommonDivisor, 0);
    const slots: Endpoint[] = [];
    for (const endpoint of this.#endpoints) {
      for (let count = divisor === 0 ? 0 : endpoint.weight / divisor; count > 0; count--)
        slots.push(endpoint);
    }
    return slots;
  }
}
