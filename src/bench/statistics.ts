/** Middle, spread, and what may be said of a ratio after a few noisy pairs of measurements. */

export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export const medianOf = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

export const summarize = (values: readonly number[]): Summary => ({
  median: medianOf(values),
  min: Math.min(...values),
  max: Math.max(...values),
});

/** A value and the range in which it is with the confidence asked for. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * How many values on either side lie outside the interval: as many as the binomial distribution allows.
 * @returns −1 when n values cannot give that confidence.
 */
const outsideOf = (n: number, confidence: number): number => {
  const tail = (1 - confidence) / 2;
  let probability = 0.5 ** n;
  let cumulative = probability;
  let outside = -1;
  while (cumulative <= tail) {
    outside++;
    probability *= (n - outside) / (outside + 1);
    cumulative += probability;
  }
  return outside;
};

/**
 * The ratio behind pairs of measurements: their median, and the interval between two of them that belongs to the sign
 * test (Hollander, Wolfe, Chicken, "Nonparametric Statistical Methods", section 3.6). It asks nothing of the noise but
 * that it strikes both sides alike, and from nine pairs on, one that a neighbour spoiled does not move it. With fewer
 * pairs than the confidence needs (6 for 95 %) the interval is everything.
 *
 * @param ratios one per pair, above 0.
 */
export const estimateRatio = (ratios: readonly number[], confidence: number): Estimate => {
  const sorted = ratios.toSorted((a, b) => a - b);
  const outside = outsideOf(ratios.length, confidence);
  return {
    // The middle of logarithms, so that exchanging the sides turns the ratio round.
    value: Math.exp(medianOf(sorted.map(Math.log))),
    low: outside < 0 ? 0 : sorted[outside]!,
    high: outside < 0 ? Number.POSITIVE_INFINITY : sorted[sorted.length - 1 - outside]!,
  };
};
