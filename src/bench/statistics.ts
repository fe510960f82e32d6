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
 * How many of the 2^n equally likely sets of ranks 1..n have each sum: the distribution of Wilcoxon's signed-rank
 * statistic when there is no difference.
 */
const signedRankCounts = (n: number): number[] => {
  let counts = [1];
  for (let rank = 1; rank <= n; rank++) {
    const next = new Array<number>(counts.length + rank).fill(0);
    counts.forEach((count, sum) => {
      next[sum] = next[sum]! + count;
      next[sum + rank] = next[sum + rank]! + count;
    });
    counts = next;
  }
  return counts;
};

/**
 * How many of the smallest (and of the largest) averages lie outside the interval.
 * @returns −1 when n values cannot give that confidence.
 */
const outsideOf = (n: number, confidence: number): number => {
  const tail = ((1 - confidence) / 2) * 2 ** n;
  let cumulative = 0;
  let outside = -1;
  for (const count of signedRankCounts(n)) {
    cumulative += count;
    if (cumulative > tail) break;
    outside++;
  }
  return outside;
};

/**
 * The ratio behind pairs of measurements: the Hodges–Lehmann estimate of the logarithms' centre, and the interval that
 * belongs to Wilcoxon's signed-rank test (Hollander, Wolfe, Chicken, "Nonparametric Statistical Methods", section 3.2).
 * It asks nothing of the noise but that it strikes both sides alike, and one pair that a neighbour spoiled moves it
 * little. With fewer pairs than the confidence needs (6 for 95 %) the interval is everything.
 *
 * @param ratios one per pair, above 0.
 */
export const estimateRatio = (ratios: readonly number[], confidence: number): Estimate => {
  const logs = ratios.map(Math.log);
  const averages = logs.flatMap((a, i) => logs.slice(i).map((b) => (a + b) / 2)).sort((a, b) => a - b);
  const value = Math.exp(medianOf(averages));
  const outside = outsideOf(ratios.length, confidence);
  if (outside < 0) return { value, low: 0, high: Number.POSITIVE_INFINITY };
  return {
    value,
    low: Math.exp(averages[outside]!),
    high: Math.exp(averages[averages.length - 1 - outside]!),
  };
};
