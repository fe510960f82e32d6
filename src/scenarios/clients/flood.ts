/**
 * Hostile floods: many client identities that send at a steady rate, whatever they get for it. They have no patience to
 * lose, try nothing again, and are nobody's users: their requests are counted apart from those of the clients.
 *
 * This file decides what is sent, and knows neither time nor timers; `flood-load.ts` enacts it.
 */
import type { EventMap } from '../../core/event-map.js';
import type { Asked } from './classes.js';
import { isGood } from './clients.js';

/**
 * Connections of one flood, each with a request in flight: as many as fit beside everything else into the 4,096 open files
 * that many systems allow. What is due while all of an identity's are taken is skipped and counted.
 */
export const DEFAULT_FLOOD_CONNECTIONS = 1_000;
export const MAX_FLOOD_CONNECTIONS = 2_000;

/** Requests of one flood: 2,000 a second for 50 s. What is due beyond that is skipped and counted. */
export const DEFAULT_FLOOD_REQUESTS = 100_000;

/** One generator sends no more without falling behind with the clients it is there for. More is refused with the file. */
export const MAX_FLOOD_RPS = 5_000;

/** What is due after a stall of the machine longer than this is skipped and counted: a flood keeps its rate. */
export const MAX_CATCH_UP_MS = 100;

export interface FloodPlan extends Asked {
  /** Milliseconds since the load began. */
  readonly atMs: number;
  readonly durationMs: number;
  readonly rateRps: number;
  readonly identities: number;
  readonly maxConnections: number;
  readonly maxRequests: number;
}

export interface FloodCounts {
  readonly sent: number;
  /** Due and not sent, for one of the limits. */
  readonly skipped: number;
  /** Good answers. */
  readonly ok: number;
  /** Answers by status; 0: the connection was refused or broken. */
  readonly status: Readonly<Record<string, number>>;
}

/** One that is over, with what came of it. */
export interface EndedFlood {
  readonly plan: FloodPlan;
  readonly counts: FloodCounts;
}

/** What is told of one that begins. */
export const beginningOf = ({ path, rateRps, identities }: FloodPlan): EventMap['flood.began'] => ({
  path,
  rateRps,
  identities,
});

/** What is told of one that is over. */
export const endOf = ({ plan, counts }: EndedFlood): EventMap['flood.ended'] => ({
  path: plan.path,
  sent: counts.sent,
  skipped: counts.skipped,
});

export class Flood {
  readonly #plan: FloodPlan;
  readonly #perIdentity: number;
  readonly #inFlight: number[];
  readonly #status: Record<string, number> = {};
  /** How many were due so far, sent or not. */
  #due = 0;
  #sent = 0;
  #ok = 0;

  constructor(plan: FloodPlan) {
    this.#plan = plan;
    this.#perIdentity = Math.floor(plan.maxConnections / plan.identities);
    this.#inFlight = new Array<number>(plan.identities).fill(0);
  }

  get counts(): FloodCounts {
    return { sent: this.#sent, skipped: this.#due - this.#sent, ok: this.#ok, status: { ...this.#status } };
  }

  /**
   * What is to be sent now; each has to be ended.
   * @param elapsedMs since the flood began; what is beyond its length counts for its end.
   * @returns an identity for each, in turn.
   */
  due(elapsedMs: number): number[] {
    const { rateRps, durationMs, identities, maxRequests } = this.#plan;
    const untilMs = Math.min(elapsedMs, durationMs);
    const total = Math.floor((untilMs / 1000) * rateRps);
    const late = Math.floor((Math.max(0, elapsedMs - MAX_CATCH_UP_MS) / 1000) * rateRps);
    const now: number[] = [];
    for (; this.#due < total; this.#due++) {
      const identity = this.#due % identities;
      const full = this.#inFlight[identity]! >= this.#perIdentity || this.#sent >= maxRequests;
      if (full || this.#due < late) continue;
      this.#inFlight[identity]!++;
      this.#sent++;
      now.push(identity);
    }
    return now;
  }

  /** @param status 0: none came. */
  ended(identity: number, status: number): void {
    this.#inFlight[identity]!--;
    if (isGood(status)) this.#ok++;
    this.#status[status] = (this.#status[status] ?? 0) + 1;
  }
}
