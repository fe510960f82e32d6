/**
 * Slow start (Envoy, "Slow start mode"): an upstream that has just come up gets a small part of its weight, which grows
 * to the whole over a window, so that cold caches and just-in-time compilers do not meet full traffic.
 */

export interface SlowStartOptions {
  /** How long it lasts; 0: none. */
  readonly windowMs: number;
  /** Above 0. 1: the weight grows evenly; more: quickly at first, then slowly. */
  readonly aggression: number;
  /** The part of its weight it has at least. */
  readonly minWeightRatio: number;
}

/** Envoy's; the window has no default there either. */
export const SLOW_START_DEFAULTS: Omit<SlowStartOptions, 'windowMs'> = {
  aggression: 1,
  /** Without it, the first moments would bring no request at all. */
  minWeightRatio: 0.1,
};

/** @param upForMs since it became healthy, or was added. */
export const slowStartWeight = (
  weight: number,
  upForMs: number,
  { windowMs, aggression, minWeightRatio }: SlowStartOptions,
): number => {
  if (upForMs >= windowMs) return weight;
  const grown = (Math.max(0, upForMs) / windowMs) ** (1 / aggression);
  return weight * Math.max(minWeightRatio, grown);
};
