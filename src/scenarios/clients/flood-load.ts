/** Enacts a flood: starts it on time, sends what is due, and ends it on time with everything that is in flight. */
import type { Clock, Timer } from '../../core/clock.js';
import type { OnAnswer, RequestId } from './clients.js';
import { Flood, type FloodCounts, type FloodPlan } from './flood.js';

/** What became due is sent in steps of this: ten requests at 2,000 a second. */
const TICK_MS = 5;

export interface FloodParts {
  readonly plan: FloodPlan;
  readonly clock: Clock;
  /** The clock's time at which it begins. */
  readonly startMs: number;
  /** Tells the ids of its requests from those of others. */
  readonly label: string;
  readonly send: (identity: number, id: RequestId, onAnswer: OnAnswer) => { abort(): void };
  readonly onOver: () => void;
}

export class FloodLoad {
  readonly #parts: FloodParts;
  readonly #flood: Flood;
  readonly #inFlight = new Set<{ abort(): void }>();
  #timer: Timer;
  #ids = 0;
  #over = false;

  constructor(parts: FloodParts) {
    this.#parts = parts;
    this.#flood = new Flood(parts.plan);
    const { clock, startMs, plan } = parts;
    this.#timer = clock.after(startMs - clock.nowMs(), () => {
      const ticking = clock.every(TICK_MS, () => this.#tick());
      const ending = clock.after(startMs + plan.durationMs - clock.nowMs(), () => this.stop());
      this.#timer = {
        cancel: () => {
          ticking.cancel();
          ending.cancel();
        },
      };
    });
  }

  get counts(): FloodCounts {
    return this.#flood.counts;
  }

  get over(): boolean {
    return this.#over;
  }

  /** Ends it now, if it has not ended; nothing of it is in flight afterwards. */
  stop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#timer.cancel();
    for (const request of this.#inFlight) request.abort();
    this.#inFlight.clear();
    this.#parts.onOver();
  }

  #tick(): void {
    const { clock, startMs, label, send } = this.#parts;
    for (const identity of this.#flood.due(clock.nowMs() - startMs)) {
      let answered = false;
      let request: { abort(): void } | null = null;
      request = send(identity, `${label}${++this.#ids}`, ({ status }) => {
        answered = true;
        if (request !== null) this.#inFlight.delete(request);
        this.#flood.ended(identity, status);
      });
      // An answer may come before `send` returns; then nothing is in flight any more.
      if (!answered) this.#inFlight.add(request);
    }
  }
}
