/**
 * Processors that processes share, in virtual time. Work that is under way gets as much as all other work, and never more
 * than one processor: processor sharing, which a kernel's fair scheduler comes near to over some ten milliseconds. No
 * processor idles while there is work for it.
 */
import type { Clock, Timer } from './clock.js';

interface Job {
  /** Where all work together, each piece at the same pace, has to come to for this to be done; milliseconds of work. */
  readonly endMs: number;
  /** `null`: nobody is to be told. */
  done: (() => void) | null;
}

/** Times since the epoch are exact to a quarter of a microsecond: less than this is no work, or its end would be missed. */
const NOTHING_MS = 1e-3;

export class Processors {
  readonly #clock: Clock;
  readonly #count: number;
  /** Work under way, by when it ends. */
  readonly #jobs: Job[] = [];
  /** Held for good, until whoever holds one lets it go. */
  #held = 0;
  /** What one piece of work that had been there all the time would have had. */
  #paceMs = 0;
  #sinceMs: number;
  #timer: Timer | null = null;

  /** @param count whole or not, above 0; infinity: nobody waits for anybody. */
  constructor(clock: Clock, count: number) {
    if (!(count > 0)) throw new RangeError(`processors must be more than 0, got ${count}`);
    this.#clock = clock;
    this.#count = count;
    this.#sinceMs = clock.nowMs();
  }

  /** Does work that takes so long on a processor of its own. `done` is not called any more once it is cancelled. */
  work(ms: number, done: () => void): Timer {
    this.#move();
    const job: Job = { endMs: this.#paceMs + Math.max(0, ms), done };
    const place = this.#jobs.findLastIndex(({ endMs }) => endMs <= job.endMs) + 1;
    this.#jobs.splice(place, 0, job);
    this.#arm();
    return { cancel: () => this.#remove(job) };
  }

  /**
   * How much longer work of so long takes beside what is under way now, if nothing comes and nothing ends.
   * @param own of what is under way: those of whoever asks, who does one thing after another.
   */
  waitMs(ms: number, own = 0): number {
    const wanted = this.#jobs.length + this.#held - own + 1;
    return wanted > this.#count ? ms * (wanted / this.#count - 1) : 0;
  }

  /** Keeps a processor busy. @returns ends it. */
  hold(): () => void {
    let holds = true;
    this.#change(1);
    return () => {
      if (!holds) return;
      holds = false;
      this.#change(-1);
    };
  }

  /** What one piece of work gets of a processor now. */
  get #share(): number {
    return Math.min(1, this.#count / (this.#jobs.length + this.#held));
  }

  #change(by: number): void {
    this.#move();
    this.#held += by;
    this.#arm();
  }

  #remove(job: Job): void {
    job.done = null;
    const place = this.#jobs.indexOf(job);
    if (place === -1) return;
    this.#move();
    this.#jobs.splice(place, 1);
    this.#arm();
  }

  /** To now, at the pace of the time since the last change. */
  #move(): void {
    const nowMs = this.#clock.nowMs();
    if (this.#jobs.length > 0) this.#paceMs += (nowMs - this.#sinceMs) * this.#share;
    this.#sinceMs = nowMs;
  }

  #arm(): void {
    this.#timer?.cancel();
    const [first] = this.#jobs;
    this.#timer =
      first === undefined
        ? null
        : this.#clock.after((first.endMs - this.#paceMs) / this.#share, () => this.#finish());
  }

  #finish(): void {
    this.#move();
    const ended: Job[] = [];
    while (this.#jobs.length > 0 && this.#jobs[0]!.endMs - this.#paceMs <= NOTHING_MS) {
      ended.push(this.#jobs.shift()!);
    }
    this.#arm();
    for (const job of ended) job.done?.();
  }
}
