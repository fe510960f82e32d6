/**
 * Quarantine of requests that kill ("query of death"): a fingerprint that was in flight at so many deaths is refused from
 * then on, before anything is done with it. Decides from what each worker says of the requests it begins and ends.
 *
 * What was in flight beside such a request is a suspect too, and innocent. A suspect that is served is cleared; one that
 * is sent again beside the same killer, and dies with it as often, is taken for one. So a request is held no longer than
 * `for`.
 */
import { Count, Duration, Optional, Section, type Static } from '../../core/schema.js';
import { parseDurationMsOr } from '../../core/units.js';

export const QuarantineSchema = Section(
  {
    after: Optional(Count(1, 'Refused when it was in flight at so many deaths of workers; default 2.')),
    for: Optional(Duration('Refused for so long; default 1m.')),
  },
  'Requests that killed workers are refused; told apart by their x-request-id.',
);

export interface QuarantineConfig {
  readonly after: number;
  readonly forMs: number;
}

/** One death may be anybody's; two of the same request on two workers are hardly chance. */
export const resolveQuarantine = (section: Static<typeof QuarantineSchema>): QuarantineConfig => ({
  after: section.after ?? 2,
  forMs: parseDurationMsOr(section.for, 60_000),
});

/** Suspects kept: a fleet's worth of slots and queues. The oldest makes way, and has then to kill once more. */
export const MAX_SUSPECTS = 4_096;

/** Kept for each worker, since its queue has no bound; what comes beyond is not seen. */
export const MAX_IN_FLIGHT = 4_096;

/** Fingerprints refused at once. The oldest makes way. */
export const MAX_QUARANTINED = 256;

/** A longer one, which a client may send, is not looked at: memory is bounded by number and by size. */
export const MAX_FINGERPRINT_CHARS = 256;

export class Quarantine {
  readonly #config: QuarantineConfig;
  /** Per worker, how often each is in flight there. */
  readonly #inFlight = new Map<string, Map<string, number>>();
  /** Deaths at which it was in flight. */
  readonly #suspects = new Map<string, number>();
  /** Until when. */
  readonly #held = new Map<string, number>();

  constructor(config: QuarantineConfig) {
    this.#config = config;
  }

  began(worker: string, fingerprint: string): void {
    if (fingerprint.length > MAX_FINGERPRINT_CHARS) return;
    const here = this.#inFlight.get(worker) ?? new Map<string, number>();
    const count = here.get(fingerprint) ?? 0;
    if (count === 0 && here.size >= MAX_IN_FLIGHT) return;
    here.set(fingerprint, count + 1);
    this.#inFlight.set(worker, here);
  }

  /** @param answered the worker lived through it, so it does not kill. */
  ended(worker: string, fingerprint: string, answered: boolean): void {
    const here = this.#inFlight.get(worker);
    const count = here?.get(fingerprint);
    if (here === undefined || count === undefined) return;
    if (count > 1) here.set(fingerprint, count - 1);
    else here.delete(fingerprint);
    if (answered) this.#suspects.delete(fingerprint);
  }

  /** @returns those that are refused from now on, with the deaths they were at. */
  died(worker: string, nowMs: number): readonly { readonly fingerprint: string; readonly deaths: number }[] {
    const inHand = [...(this.#inFlight.get(worker)?.keys() ?? [])];
    this.#inFlight.delete(worker);
    const caught: { fingerprint: string; deaths: number }[] = [];
    for (const fingerprint of inHand) {
      const deaths = (this.#suspects.get(fingerprint) ?? 0) + 1;
      this.#suspects.delete(fingerprint);
      if (deaths < this.#config.after) {
        this.#suspects.set(fingerprint, deaths);
        dropOldest(this.#suspects, MAX_SUSPECTS);
        continue;
      }
      this.#held.set(fingerprint, nowMs + this.#config.forMs);
      dropOldest(this.#held, MAX_QUARANTINED);
      caught.push({ fingerprint, deaths });
    }
    return caught;
  }

  /** A process ended on purpose: nothing is to be learned from what it had in hand. */
  left(worker: string): void {
    this.#inFlight.delete(worker);
  }

  /** What is refused now. */
  held(nowMs: number): readonly string[] {
    for (const [fingerprint, untilMs] of this.#held) {
      if (untilMs <= nowMs) this.#held.delete(fingerprint);
    }
    return [...this.#held.keys()];
  }

  get suspects(): number {
    return this.#suspects.size;
  }
}

/** A map's first key is the one that was put in first. */
const dropOldest = (map: Map<string, number>, most: number): void => {
  for (const key of map.keys()) {
    if (map.size <= most) return;
    map.delete(key);
  }
};
