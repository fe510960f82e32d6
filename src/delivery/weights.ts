/**
 * Weights as shares of the traffic. A weight may be any number that is not negative: only its part of the sum counts.
 * What it costs to hold them depends on how many there are, never on how large they are; where a weight became as many
 * entries of a list, as in the outage of 8 November 2024 as this project tells it, one large number filled the memory.
 */

export type Weights =
  | { readonly ok: true; readonly shares: Float64Array }
  | { readonly ok: false; readonly problem: string };

/**
 * The share of each weight, in their order. The shares add up to 1, and each depends on the weights alone and not on the
 * order in which they stand.
 */
export const normalizeWeights = (weights: readonly number[]): Weights => {
  const wrong = weights.findIndex((weight) => !Number.isFinite(weight) || weight < 0);
  if (wrong !== -1) {
    return {
      ok: false,
      problem: `weight ${wrong + 1} is ${weights[wrong]}; it must be 0 or a number above it`,
    };
  }
  const largest = weights.reduce((most, weight) => Math.max(most, weight), 0);
  if (largest === 0) {
    const problem = weights.length === 0 ? 'there is no weight' : 'every weight is 0';
    return { ok: false, problem: `${problem}, so no request could go anywhere` };
  }
  // Of the largest, because the sum of huge weights is infinite, and that of tiny ones loses its digits.
  const scaled = Float64Array.from(weights, (weight) => weight / largest);
  // Added up in order of size: a sum of rounded numbers depends on the order, and shares may not.
  const sum = Float64Array.from(scaled)
    .sort()
    .reduce((total, weight) => total + weight, 0);
  return { ok: true, shares: scaled.map((weight) => weight / sum) };
};
