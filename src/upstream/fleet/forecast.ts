/**
 * A forecast of the offered load: Holt's linear trend (double exponential smoothing; Hyndman and Athanasopoulos,
 * "Forecasting: Principles and Practice", 8.2). It follows a ramp exactly and lags behind nothing but its noise; it
 * knows of no season and cannot see a sudden crowd before it comes.
 */

/** Weight of the newest value in the level, and of the newest change in the trend: a few intervals' memory. */
export const LEVEL_WEIGHT = 0.5;
export const TREND_WEIGHT = 0.3;

export class HoltForecast {
  #level: number | null = null;
  #trend: number | null = null;

  /** One value for each interval, in order. */
  observe(value: number): void {
    if (this.#level === null) {
      this.#level = value;
      return;
    }
    // The second value gives the first trend.
    const trend = this.#trend ?? value - this.#level;
    const level = LEVEL_WEIGHT * value + (1 - LEVEL_WEIGHT) * (this.#level + trend);
    this.#trend = TREND_WEIGHT * (level - this.#level) + (1 - TREND_WEIGHT) * trend;
    this.#level = level;
  }

  /** @param intervals ahead of the last value. @returns at least 0; `null` before the first value. */
  forecast(intervals: number): number | null {
    return this.#level === null ? null : Math.max(0, this.#level + intervals * (this.#trend ?? 0));
  }
}
