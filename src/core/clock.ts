/**
 * Time as everything in badgateway sees it: one reading and two kinds of timers.
 *
 * No other file under `src/` reads a clock or sets a timer (`test/tidy.test.ts` checks it), so whatever is handed a
 * `Clock` runs unchanged on the wall clock and on a virtual one.
 */

/** A pending timer. */
export interface Timer {
  /** Takes the timer back; does nothing once it has fired or been cancelled. */
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since the Unix epoch, fractional, never going back within one process. */
  nowMs(): number;
  /**
   * Runs once, `delayMs` from now; a delay of 0 or less runs as soon as possible, never at once. One of infinity is kept
   * for longer than anything runs: on the wall clock, as any that is longer than a timer keeps, for 24 days.
   */
  after(delayMs: number, run: () => void): Timer;
  /** Runs every `intervalMs`, first after one interval. */
  every(intervalMs: number, run: () => void): Timer;
}

/** Resolves `delayMs` from now. */
export const sleep = (clock: Clock, delayMs: number): Promise<void> =>
  new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });

/** 24 days and 20 hours; Node runs a longer timer after 1 ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Read once: the getter costs more than the addition. */
const ORIGIN_MS = performance.timeOrigin;

/** When this process began, milliseconds since the Unix epoch. */
export const PROCESS_STARTED_MS = ORIGIN_MS;

/**
 * The machine's own time. Based on the monotonic clock and the process's start, so that a step of the system's time
 * during a run does not bend a measurement, and so that processes of one run agree to well under a millisecond.
 */
export const wallClock: Clock = {
  nowMs: () => ORIGIN_MS + performance.now(),
  after(delayMs, run) {
    const handle = setTimeout(run, Math.min(Math.max(0, delayMs), LONGEST_TIMER_MS));
    return { cancel: () => clearTimeout(handle) };
  },
  every(intervalMs, run) {
    const handle = setInterval(run, Math.min(intervalMs, LONGEST_TIMER_MS));
    return { cancel: () => clearInterval(handle) };
  },
};
