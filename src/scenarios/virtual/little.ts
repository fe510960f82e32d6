/**
 * Little's law, L = λW, as a check on the engine: what was in flight, summed up over time, has to be the time that all
 * tries took together (Little, "A Proof for the Queuing Formula L = λW", 1961). It holds for whatever a scenario does; where
 * it does not, a try was lost, counted twice, or lived in two times.
 */
import type { Clock } from '../../core/clock.js';
import type { RequestRecord } from '../clients/clients.js';

/** Sums of many floating-point differences. */
const TOLERANCE = 1e-6;

export class LittleCheck {
  readonly #clock: Pick<Clock, 'nowMs'>;
  #inFlight = 0;
  #sinceMs: number;
  /** Tries in flight × milliseconds. */
  #area = 0;
  #tookMs = 0;

  constructor(clock: Pick<Clock, 'nowMs'>) {
    this.#clock = clock;
    this.#sinceMs = clock.nowMs();
  }

  began(): void {
    this.#move(1);
  }

  ended(): void {
    this.#move(-1);
  }

  /** A request is over, with all its tries. */
  recorded({ attempts }: RequestRecord): void {
    for (const { startMs, endMs } of attempts) this.#tookMs += endMs - startMs;
  }

  /** @throws when the law does not hold; once nothing is in flight any more. */
  assert(): void {
    const difference = Math.abs(this.#area - this.#tookMs);
    if (this.#inFlight === 0 && difference <= TOLERANCE * Math.max(1, this.#tookMs)) return;
    throw new Error(
      `Little's law does not hold: ${this.#area} ms of tries in flight, ${this.#tookMs} ms of tries that ended, ` +
        `${this.#inFlight} still in flight`,
    );
  }

  #move(by: number): void {
    const nowMs = this.#clock.nowMs();
    this.#area += this.#inFlight * (nowMs - this.#sinceMs);
    this.#sinceMs = nowMs;
    this.#inFlight += by;
  }
}
