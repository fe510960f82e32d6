/** What may be said of a ratio after a few noisy measurements of it. */
import { type Estimate, estimateCentre, medianOf } from '../core/statistics.js';

/** The middle of ratios, so that exchanging the sides turns it round. */
export const medianRatio = (ratios: readonly number[]): number =>
  Math.exp(medianOf(ratios.map((ratio) => Math.log(ratio))));

/**
 * The ratio behind repeated measurements of it, and its interval (`estimateCentre`, on logarithms). With fewer
 * measurements than the confidence needs (6 for 95 %) the interval is everything.
 *
 * @param ratios independent measurements, above 0.
 */
export const estimateRatio = (ratios: readonly number[], confidence: number): Estimate => {
  const { value, low, high } = estimateCentre(
    ratios.map((ratio) => Math.log(ratio)),
    confidence,
  );
  return { value: Math.exp(value), low: Math.exp(low), high: Math.exp(high) };
};
