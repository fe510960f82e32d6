/**
 * The clock of an event loop that can stand still, in virtual time: what falls due meanwhile waits, and happens in its
 * order, all at once, when the loop goes on.
 */
import type { Clock, Timer } from './clock.js';
import type { Due, Loop, VirtualClock } from './virtual-clock.js';

/** What comes from outside, and nobody takes back. */
class Arrival implements Due {
  readonly run: () => void;
  readonly cancelled = false;

  constructor(run: () => void) {
    this.run = run;
  }
}

export class StallableClock implements Clock, Loop {
  readonly clock: VirtualClock;
  readonly #waiting: Due[] = [];
  #stalledUntilMs = Number.NEGATIVE_INFINITY;
  /** Stands still until somebody says otherwise. */
  #frozen = false;
  /** And for what else keeps it. */
  #halts = 0;
  #dead = false;
  #waking = false;

  constructor(clock: VirtualClock) {
    this.clock = clock;
  }

  readonly nowMs = (): number => this.clock.nowMs();

  after(delayMs: number, run: () => void): Timer {
    return this.clock.afterOn(this, delayMs, run);
  }

  every(intervalMs: number, run: () => void): Timer {
    // As Node's: a loop that stood still for ten intervals runs once, and not ten times.
    let waiting = false;
    const turn = (): void => {
      waiting = false;
      run();
    };
    const timer = this.clock.every(intervalMs, () => {
      if (this.#dead) {
        timer.cancel();
      } else if (!waiting) {
        waiting = true;
        this.now(turn);
      }
    });
    return timer;
  }

  /** Runs what comes from outside: at once, or when the loop goes on. */
  now(run: () => void): void {
    if (this.#dead) return;
    if (this.#goesOn) run();
    else this.#wait(new Arrival(run));
  }

  /** For its timers: one is due. */
  fire(due: Due): void {
    if (this.#dead) return;
    if (this.#goesOn) due.run();
    else this.#wait(due);
  }

  /** Nothing that came before is still to run. */
  get #goesOn(): boolean {
    return !this.stands && this.#waiting.length === 0;
  }

  get stands(): boolean {
    return this.#frozen || this.#halts > 0 || this.#stalledUntilMs > this.clock.nowMs();
  }

  /** Nothing runs for so long, from now on or from the end of what keeps it now. */
  stall(forMs: number): void {
    const nowMs = this.clock.nowMs();
    this.#stalledUntilMs = Math.max(this.#stalledUntilMs, nowMs) + forMs;
    this.#wakeLater();
  }

  /** Nothing runs from now on. @returns lets it go on; to be called once. */
  halt(): () => void {
    this.#halts++;
    return () => {
      this.#halts--;
      this.#wakeLater();
    };
  }

  freeze(): void {
    this.#frozen = true;
  }

  thaw(): void {
    this.#frozen = false;
    this.#wakeLater();
  }

  /** Nothing runs any more. */
  end(): void {
    this.#dead = true;
    this.#waiting.length = 0;
  }

  #wait(due: Due): void {
    this.#waiting.push(due);
    this.#wakeLater();
  }

  #wakeLater(): void {
    if (this.#waking || this.#frozen || this.#halts > 0 || this.#waiting.length === 0) return;
    this.#waking = true;
    this.clock.after(this.#stalledUntilMs - this.clock.nowMs(), () => {
      this.#waking = false;
      this.#wake();
    });
  }

  #wake(): void {
    while (!this.stands && !this.#dead) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      if (!next.cancelled) next.run();
    }
    this.#wakeLater();
  }
}
