/**
 * Forecasts of the offered load by exponential smoothing (Hyndman and Athanasopoulos, "Forecasting: Principles and
 * Practice", chapter 8): Holt's linear trend (8.2), and Holt and Winters' additive season on top of it (8.3).
 *
 * The trend alone follows a ramp after a few values, and cannot see a crowd before it comes. With a season it can, when there was
 * one at the same time of the periods before.
 */

/** Weights of the newest value in the level and of the newest change in the trend: a few intervals' memory. */
const LEVEL_WEIGHT = 0.5;
const TREND_WEIGHT = 0.3;

/** Weight of the newest period in the season: a few periods' memory. */
const SEASON_WEIGHT = 0.3;

/** The first shows the season, the second what of it is a trend: with both, a season on a ramp is known exactly. */
const PERIODS_TO_LEARN = 2;

export interface Forecast {
  /** One value for each interval, in order. */
  observe(value: number): void;
  /** @param intervals ahead of the last value, 1 or more. @returns at least 0; `null` before the first value. */
  at(intervals: number): number | null;
  /** The most within so many intervals ahead. @returns as `at`. */
  mostWithin(intervals: number): number | null;
}

const notBelowZero = (value: number | null): number | null => value && Math.max(0, value);

/** A level, and how it changes from one interval to the next. */
class Line {
  readonly #trendWeight: number;
  #level: number | null;
  #trend: number;

  /** @param trend 0 unless more is known: what two values make of it is noise, many intervals ahead of them. */
  constructor(trendWeight: number, level: number | null = null, trend = 0) {
    this.#trendWeight = trendWeight;
    this.#level = level;
    this.#trend = trend;
  }

  get rises(): boolean {
    return this.#trend > 0;
  }

  observe(value: number): void {
    if (this.#level === null) {
      this.#level = value;
      return;
    }
    const level = LEVEL_WEIGHT * value + (1 - LEVEL_WEIGHT) * (this.#level + this.#trend);
    this.#trend = this.#trendWeight * (level - this.#level) + (1 - this.#trendWeight) * this.#trend;
    this.#level = level;
  }

  at(intervals: number): number | null {
    return this.#level === null ? null : this.#level + intervals * this.#trend;
  }
}

export class HoltForecast implements Forecast {
  readonly #line = new Line(TREND_WEIGHT);

  observe(value: number): void {
    this.#line.observe(value);
  }

  at(intervals: number): number | null {
    return notBelowZero(this.#line.at(intervals));
  }

  mostWithin(intervals: number): number | null {
    return this.at(this.#line.rises ? intervals : 1);
  }
}

/** Until it has seen two periods, the trend alone is all it knows. */
export class HoltWintersForecast implements Forecast {
  readonly #period: number;
  readonly #untilLearned = new HoltForecast();
  /** Values of the first periods. */
  readonly #history: number[] = [];
  /** What each interval of a period has above the line, or below. */
  readonly #season: number[] = [];
  /** What is left of the values without the season; `null`: not learned yet. */
  #line: Line | null = null;
  #observed = 0;

  /** @param period intervals of one, 2 or more. */
  constructor(period: number) {
    this.#period = period;
  }

  observe(value: number): void {
    const place = this.#observed % this.#period;
    this.#observed++;
    if (this.#line === null) {
      this.#untilLearned.observe(value);
      this.#history.push(value);
      if (this.#history.length === PERIODS_TO_LEARN * this.#period) this.#line = this.#learn();
      return;
    }
    const before = this.#season[place]!;
    const aboveLine = value - this.#line.at(1)!;
    this.#line.observe(value - before);
    this.#season[place] = SEASON_WEIGHT * aboveLine + (1 - SEASON_WEIGHT) * before;
  }

  at(intervals: number): number | null {
    if (this.#line === null) return this.#untilLearned.at(intervals);
    const place = (this.#observed - 1 + intervals) % this.#period;
    return Math.max(0, this.#line.at(intervals)! + this.#season[place]!);
  }

  mostWithin(intervals: number): number | null {
    if (this.#line === null) return this.#untilLearned.mostWithin(intervals);
    // Of the same place in several periods, one at an end of that time has the most.
    const looked = Math.min(intervals, this.#period);
    const first = this.#line.rises ? intervals - looked + 1 : 1;
    let most = 0;
    for (let ahead = first; ahead < first + looked; ahead++) most = Math.max(most, this.at(ahead)!);
    return most;
  }

  /** The line through the means of both periods; the season is the mean of what both have above it. */
  #learn(): Line {
    const period = this.#period;
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
    const first = sum(this.#history.slice(0, period)) / period;
    const second = sum(this.#history.slice(period)) / period;
    const trend = (second - first) / period;
    const lineAt = (index: number): number => first + trend * (index - (period - 1) / 2);
    for (let place = 0; place < period; place++) {
      const above = [place, place + period].map((index) => this.#history[index]! - lineAt(index));
      this.#season.push(sum(above) / above.length);
    }
    const last = this.#history.length - 1;
    this.#history.length = 0;
    // Ramps within a period are the season's; the trend is what is left from one period to the next.
    return new Line(Math.min(TREND_WEIGHT, 1 / period), lineAt(last), trend);
  }
}
