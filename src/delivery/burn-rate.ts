/**
 * Whether results spend the error budget too fast: the multiwindow, multi-burn-rate alert of the Site Reliability
 * Workbook (Google, 2018, chapter 5, "Alerting on SLOs").
 *
 * An objective of 99 % leaves a budget of 1 %. A burn rate of 1 spends it in exactly the objective's period, one of
 * 14.4 in the 14.4th part of that. The alert is on while the rate is above a factor in a long window, so that it is
 * worth acting, and in a short one of a twelfth of that, so that it is still going on. A lab has no thirty days: all
 * windows are scaled by one factor, which leaves what they mean to each other as it is.
 */
import { RollingWindow } from '../core/rolling-window.js';
import { formatDuration } from '../core/units.js';

export interface BurnWindow {
  readonly longMs: number;
  /** Burn rate above which both windows must be. */
  readonly factor: number;
}

/** The short window, of the long one. */
export const SHORT_WINDOW_RATIO = 1 / 12;

const HOUR_MS = 3_600_000;

/**
 * The two rows of the workbook's table for which somebody is woken: 2 % of the budget of 30 days in an hour, 5 % in six
 * hours. Its third row, 10 % in three days, opens a ticket, and is too slow for a machine that decides on a rollout.
 */
export const WORKBOOK_WINDOWS: readonly BurnWindow[] = [
  { longMs: HOUR_MS, factor: 14.4 },
  { longMs: 6 * HOUR_MS, factor: 6 },
];

/** @param hourMs what an hour of the workbook is here. */
export const scaleWindows = (windows: readonly BurnWindow[], hourMs: number): readonly BurnWindow[] =>
  windows.map(({ longMs, factor }) => ({ longMs: (longMs / HOUR_MS) * hourMs, factor }));

export interface BurnRateOptions {
  /** Share of the results that are to be good; below 1, or there is no budget to spend. */
  readonly objectiveRatio: number;
  readonly windows: readonly BurnWindow[];
  /** With fewer results in the long window there is no rate to speak of. */
  readonly minResults: number;
  /** Nor with fewer failures: of few results, a single failure is a large share. */
  readonly minFailures: number;
}

/** Why it is burning. */
export interface Burning {
  /** Which of the windows, by its place in the options. */
  readonly window: number;
  readonly longMs: number;
  readonly factor: number;
  readonly results: number;
  readonly failures: number;
  readonly longRate: number;
  readonly shortRate: number;
}

export interface Counts {
  readonly results: number;
  readonly failures: number;
}

/** Buckets of a short window: its length is kept to a tenth. A long one has as many for each of its short ones. */
const SHORT_BUCKETS = 10;
const LONG_BUCKETS = Math.round(SHORT_BUCKETS / SHORT_WINDOW_RATIO);

/** Results over the last while, and how many of them were not good. */
class WindowCounts {
  readonly #results: RollingWindow;
  readonly #failures: RollingWindow;

  constructor(windowMs: number, buckets: number) {
    this.#results = new RollingWindow(windowMs, buckets);
    this.#failures = new RollingWindow(windowMs, buckets);
  }

  add(results: number, failures: number, nowMs: number): void {
    this.#results.add(results, nowMs);
    if (failures > 0) this.#failures.add(failures, nowMs);
  }

  at(nowMs: number): Counts {
    return { results: this.#results.sumAt(nowMs), failures: this.#failures.sumAt(nowMs) };
  }
}

export class BurnRate {
  readonly #options: BurnRateOptions;
  readonly #budgetRatio: number;
  readonly #long: readonly WindowCounts[];
  readonly #short: readonly WindowCounts[];

  /** @throws RangeError for an objective that leaves no budget, and for a factor that no failure could exceed. */
  constructor(options: BurnRateOptions) {
    const problem = findUnreachable(options.objectiveRatio, options.windows);
    if (problem !== null) throw new RangeError(problem);
    this.#options = options;
    this.#budgetRatio = 1 - options.objectiveRatio;
    this.#long = options.windows.map(({ longMs }) => new WindowCounts(longMs, LONG_BUCKETS));
    this.#short = options.windows.map(
      ({ longMs }) => new WindowCounts(longMs * SHORT_WINDOW_RATIO, SHORT_BUCKETS),
    );
  }

  onResult(good: boolean, nowMs: number): void {
    this.onResults(1, good ? 0 : 1, nowMs);
  }

  /** @param failures how many of the results were not good. */
  onResults(results: number, failures: number, nowMs: number): void {
    for (const counts of this.#long) counts.add(results, failures, nowMs);
    for (const counts of this.#short) counts.add(results, failures, nowMs);
  }

  /** The results in a long window. @param window its place in the options. */
  countsOf(window: number, nowMs: number): Counts {
    return this.#long[window]!.at(nowMs);
  }

  /** The first window whose rate is too high; `null` when none is. */
  burning(nowMs: number): Burning | null {
    const { windows, minResults, minFailures } = this.#options;
    for (const [window, { longMs, factor }] of windows.entries()) {
      const { results, failures } = this.countsOf(window, nowMs);
      if (results < minResults || failures < minFailures) continue;
      const longRate = this.#rate(results, failures);
      if (longRate <= factor) continue;
      const latest = this.#short[window]!.at(nowMs);
      const shortRate = this.#rate(latest.results, latest.failures);
      if (shortRate > factor) return { window, longMs, factor, results, failures, longRate, shortRate };
    }
    return null;
  }

  #rate(results: number, failures: number): number {
    return results === 0 ? 0 : failures / results / this.#budgetRatio;
  }
}

/** Why no result could ever make a rate exceed its factor; `null` when one could. */
export const findUnreachable = (objectiveRatio: number, windows: readonly BurnWindow[]): string | null => {
  if (!(objectiveRatio > 0 && objectiveRatio < 1)) {
    return `an objective of ${percent(objectiveRatio)} leaves no budget; it must be above 0% and below 100%`;
  }
  const highestRate = 1 / (1 - objectiveRatio);
  const beyond = windows.find(({ factor }) => factor >= highestRate);
  if (beyond === undefined) return null;
  return (
    `with an objective of ${percent(objectiveRatio)} the burn rate is at most ${round(highestRate)}, when everything ` +
    `fails, and can never exceed ${beyond.factor}; raise the objective above ${percent(1 - 1 / beyond.factor)}`
  );
};

const round = (value: number): string => String(Number(value.toFixed(1)));
const percent = (ratio: number): string => `${Number((ratio * 100).toFixed(2))}%`;

/** In words, with the numbers it rests on. */
export const describeBurning = ({ longMs, factor, results, failures, ...rates }: Burning): string =>
  `${failures} of ${results} results failed within ${formatDuration(longMs)}: the error budget burns ` +
  `${round(rates.longRate)} times too fast (and ${round(rates.shortRate)} times within ` +
  `${formatDuration(longMs * SHORT_WINDOW_RATIO)}), where ${factor} times is the limit`;
