/** When service was good again after it had failed, from counts by the second. */
import type { RequestRecord } from '../clients/clients.js';
import type { Window } from '../scenario.js';

/** Service counts as recovered when this many seconds in a row were at least this good. */
export const RECOVERY_SECONDS = 3;
export const RECOVERY_AVAILABILITY = 0.99;

const SECOND_MS = 1000;

export interface Recovery {
  /** When service was first good again after it had failed; 0 when it never failed, null when it never recovered. */
  readonly recoveredMs: number | null;
  /** From the end of the outage; null when it never recovered, or when there is no window `outage`. */
  readonly recoveryMs: number | null;
}

const firstGoodRun = (good: readonly boolean[], from: number): number | null => {
  for (let second = from; second + RECOVERY_SECONDS <= good.length; second++) {
    if (good.slice(second, second + RECOVERY_SECONDS).every(Boolean)) return second * SECOND_MS;
  }
  return null;
};

export class RecoveryWatch {
  readonly #offered: Uint32Array;
  readonly #ok: Uint32Array;

  constructor(durationMs: number) {
    const seconds = Math.ceil(durationMs / SECOND_MS);
    this.#offered = new Uint32Array(seconds);
    this.#ok = new Uint32Array(seconds);
  }

  record({ arrivalMs, ok }: RequestRecord): void {
    const second = Math.floor(arrivalMs / SECOND_MS);
    if (second < 0 || second >= this.#offered.length) return;
    this.#offered[second]!++;
    if (ok) this.#ok[second]!++;
  }

  result(outage: Window | undefined): Recovery {
    const good = this.#goodSeconds();
    // A lone failure before the outage is the baseline's affair, and not what service recovered from.
    const firstBad = good.indexOf(false, Math.floor((outage?.fromMs ?? 0) / SECOND_MS));
    const recoveredMs = firstBad === -1 ? 0 : firstGoodRun(good, firstBad);
    if (outage === undefined) return { recoveredMs, recoveryMs: null };
    const after = firstGoodRun(good, Math.floor(outage.toMs / SECOND_MS));
    return { recoveredMs, recoveryMs: after === null ? null : Math.max(0, after - outage.toMs) };
  }

  /** Whether each second of the run was good; a second without requests says nothing against it. */
  #goodSeconds(): boolean[] {
    return Array.from(
      this.#offered,
      (count, second) => count === 0 || this.#ok[second]! / count >= RECOVERY_AVAILABILITY,
    );
  }
}
