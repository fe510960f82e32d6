/** How far the machine kept up, by the window in which it did worst: late sends and starved probes. */
import type { RequestRecord } from '../clients/clients.js';
import type { Window } from '../scenario.js';
import { isWithin } from './windows.js';

export interface ProbeReport {
  readonly atMs: number;
  /** How long each piece of the probe's work had to wait for a processor. */
  readonly waitsMs: readonly number[];
}

/** Of something in each window, how much of it there was, and how much of that should not have been. */
class Shares {
  readonly #windows: readonly Window[];
  readonly #total: Float64Array;
  readonly #bad: Float64Array;

  constructor(windows: readonly Window[]) {
    this.#windows = windows;
    this.#total = new Float64Array(windows.length);
    this.#bad = new Float64Array(windows.length);
  }

  count(runMs: number, isBad: boolean): void {
    for (let index = 0; index < this.#windows.length; index++) {
      if (!isWithin(this.#windows[index]!, runMs)) continue;
      this.#total[index]!++;
      if (isBad) this.#bad[index]!++;
    }
  }

  /**
   * @param ofNothing what counts as the share of a window without any; `null`: such windows are passed over.
   * @returns `null` when all were passed over.
   */
  worst(ofNothing: number | null): number | null {
    const shares = Array.from(this.#total, (total, index) =>
      total === 0 ? ofNothing : this.#bad[index]! / total,
    ).filter((share) => share !== null);
    return shares.length === 0 ? null : Math.max(...shares);
  }
}

export class LateSends {
  readonly #shares: Shares;
  readonly #limitMs: number;

  /** @param limitMs a send more than this after it was meant to be is late. */
  constructor(windows: readonly Window[], limitMs: number) {
    this.#shares = new Shares(windows);
    this.#limitMs = limitMs;
  }

  record({ arrivalMs, lateMs }: RequestRecord): void {
    this.#shares.count(arrivalMs, lateMs > this.#limitMs);
  }

  /** `null`: nothing was sent. */
  worstShare(): number | null {
    return this.#shares.worst(null);
  }
}

export class StarvedProbes {
  readonly #shares: Shares;
  readonly #lastMs: number;
  readonly #limitMs: number;
  /** Whether the probe ran at all while there was a window. */
  #watched = false;

  /** @param limitMs a piece of work that waits longer than this is starved. */
  constructor(windows: readonly Window[], limitMs: number) {
    this.#shares = new Shares(windows);
    this.#lastMs = Math.max(0, ...windows.map(({ toMs }) => toMs));
    this.#limitMs = limitMs;
  }

  /** @param runMs when it came, since the load began. */
  report(waitsMs: readonly number[], runMs: number): void {
    if (runMs >= 0 && runMs < this.#lastMs) this.#watched = true;
    for (const waitMs of waitsMs) this.#shares.count(runMs, waitMs > this.#limitMs);
  }

  /** `null`: nobody looked. A window in which the probe did not run even once is the worst there is. */
  worstShare(): number | null {
    return this.#shares.worst(this.#watched ? 1 : null);
  }
}
