/**
 * A watchdog on a worker's event loop: its samples are the heartbeat, since they come from a timer of its own. A loop
 * that is blocked and a process that is stopped send none; both take connections as ever, which is why no check that
 * only connects finds them. Decides when it is time, and knows no time of its own.
 */

/**
 * Four samples (one every 50 ms). A shorter time would kill a worker for one pause of its collector, or for having to
 * wait for a processor.
 */
export const MIN_WATCHDOG_MS = 200;

/** Looked at so often within the time it has. */
const CHECKS_PER_TIMEOUT = 5;

export const watchdogIntervalMs = (timeoutMs: number): number => timeoutMs / CHECKS_PER_TIMEOUT;

export class Watchdog {
  readonly #timeoutMs: number;
  #lastBeatMs: number;
  #lastCheckMs: number;

  /** @param nowMs counts as the first beat. */
  constructor(timeoutMs: number, nowMs: number) {
    this.#timeoutMs = timeoutMs;
    this.#lastBeatMs = nowMs;
    this.#lastCheckMs = nowMs;
  }

  beat(nowMs: number): void {
    this.#lastBeatMs = nowMs;
  }

  /**
   * To be asked every `watchdogIntervalMs`.
   * @returns how long there was no beat, when that is too long; else `null`.
   */
  check(nowMs: number): number | null {
    const sinceCheckMs = nowMs - this.#lastCheckMs;
    this.#lastCheckMs = nowMs;
    // Who could not look could not hear either: the beats of that time are still on their way.
    if (sinceCheckMs > 2 * watchdogIntervalMs(this.#timeoutMs)) {
      this.#lastBeatMs = nowMs;
      return null;
    }
    const silentMs = nowMs - this.#lastBeatMs;
    return silentMs > this.#timeoutMs ? silentMs : null;
  }
}
