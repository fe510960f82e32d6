/**
 * The bars of a component: how it was in each span of the time that somebody watched. A bar is a second at first; when there
 * would be too many, each two become one, so a page has as many for a minute as for a day.
 */
import { type ComponentState, isOutage, worstOf } from './states.js';

/** As many as fit beside each other on a telephone. */
export const MAX_BARS = 60;

const FIRST_BAR_MS = 1_000;

export interface Bar {
  /** Worst of what it was; `unknown`: nobody watched. */
  state: ComponentState;
  /** For so long somebody knew. */
  knownMs: number;
  /** Of that, for so long it was a partial or a major outage. */
  outMs: number;
}

const emptyBar = (): Bar => ({ state: 'unknown', knownMs: 0, outMs: 0 });

const merged = (one: Bar, other: Bar | undefined): Bar =>
  other === undefined
    ? one
    : {
        state: worstOf([one.state, other.state]),
        knownMs: one.knownMs + other.knownMs,
        outMs: one.outMs + other.outMs,
      };

export class UptimeBars {
  #barMs = FIRST_BAR_MS;
  #bars: Bar[] = [];
  readonly #fromMs: number;

  /** @param fromMs where the first bar begins. */
  constructor(fromMs: number) {
    this.#fromMs = fromMs;
  }

  /** How long each is. */
  get barMs(): number {
    return this.#barMs;
  }

  /** Oldest first. */
  get bars(): readonly Bar[] {
    return this.#bars;
  }

  /** Share of the time that somebody watched in which it was no outage; `null`: nobody did. */
  get upRatio(): number | null {
    const knownMs = this.#bars.reduce((sum, bar) => sum + bar.knownMs, 0);
    const outMs = this.#bars.reduce((sum, bar) => sum + bar.outMs, 0);
    return knownMs === 0 ? null : 1 - outMs / knownMs;
  }

  /** It was like this from one moment to another, which go on from what was told before. */
  add(state: ComponentState, fromMs: number, toMs: number): void {
    for (let atMs = Math.max(fromMs, this.#fromMs); atMs < toMs; ) {
      const index = this.#indexOf(atMs);
      const endMs = Math.min(toMs, this.#fromMs + (index + 1) * this.#barMs);
      const bar = this.#bars[index]!;
      if (state !== 'unknown') {
        bar.state = worstOf([bar.state, state]);
        bar.knownMs += endMs - atMs;
        if (isOutage(state)) bar.outMs += endMs - atMs;
      }
      atMs = endMs;
    }
  }

  /** The place of a moment's bar, which is there then. */
  #indexOf(atMs: number): number {
    let index = Math.floor((atMs - this.#fromMs) / this.#barMs);
    while (index >= MAX_BARS) {
      this.#halve();
      index = Math.floor((atMs - this.#fromMs) / this.#barMs);
    }
    while (this.#bars.length <= index) this.#bars.push(emptyBar());
    return index;
  }

  #halve(): void {
    this.#barMs *= 2;
    this.#bars = this.#bars.flatMap((bar, index) =>
      index % 2 === 0 ? [merged(bar, this.#bars[index + 1])] : [],
    );
  }
}
