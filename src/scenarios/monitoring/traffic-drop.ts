/**
 * Requests that stay away: what the workers finish falls far below what it was. Whoever watches errors alone sees nothing when
 * the edge before him fails, for the requests that fail never come.
 */
import { medianOf } from '../../core/statistics.js';
import { formatRatio } from '../../core/units.js';
import type { Rule } from './rule.js';
import { TICK_MS, type Tick } from './ticks.js';

/**
 * Below this share of what it was, traffic is missing. Traffic that is halved may be the end of a busy hour; the outages that
 * are told of took four fifths away.
 */
export const DROP_SHARE = 0.3;
/** Now is the last second; with fewer requests in a second before, chance alone makes it drop. */
const NOW_MS = 1_000;
const MIN_USUAL = 20;
/** What it was: the median of the seconds of so long before, of which there have to be a few. */
const MEMORY_SECONDS = 10;
const MIN_MEMORY = 3;

export class TrafficDrop implements Rule {
  readonly #recent: number[] = [];
  /** Of whole seconds before now. */
  readonly #seconds: number[] = [];
  #ticks = 0;
  #sum = 0;
  /** What traffic was when it dropped; kept while the alert is on, or none would become usual. */
  #usual = 0;
  #isOn = false;

  observe({ worked }: Tick): string | null {
    const perSecond = NOW_MS / TICK_MS;
    this.#recent.push(worked);
    this.#sum += worked;
    this.#ticks++;
    if (this.#recent.length > perSecond) this.#sum -= this.#recent.shift()!;
    if (!this.#isOn) this.#usual = medianOf(this.#seconds);
    const known = this.#seconds.length >= MIN_MEMORY && this.#usual >= MIN_USUAL;
    this.#isOn = known && this.#sum < this.#usual * DROP_SHARE;
    if (this.#ticks % perSecond === 0 && !this.#isOn) {
      this.#seconds.push(this.#sum);
      if (this.#seconds.length > MEMORY_SECONDS) this.#seconds.shift();
    }
    if (!this.#isOn) return null;
    const share = formatRatio(this.#sum / this.#usual);
    return `workers finished ${this.#sum} requests in the last second, ${share} of the ${this.#usual} that are usual`;
  }
}
