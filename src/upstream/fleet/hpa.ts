/**
 * Reactive scaling by the formula of the Kubernetes HorizontalPodAutoscaler: `ceil(current × usage / target)`, nothing
 * within the tolerance, workers that are not ready counted cautiously, and a stabilisation window in each direction
 * (kubernetes.io, "Horizontal Pod Autoscaling"; `replica_calculator.go`, `horizontal.go`). Pure: it is told the time.
 */

/** What is known of the workers at one moment. */
export interface FleetUse {
  /** Use of each worker that serves, 1 when all its slots are taken; above 1 when requests wait. */
  readonly ready: readonly number[];
  /** Workers that boot: they will take load, and take none yet. */
  readonly booting: number;
  /** Workers of which nothing is known: dead, or silent. */
  readonly missing: number;
}

/** Kubernetes' default: a tenth more or less is not worth a change. */
const TOLERANCE = 0.1;

/** Sums of fractions may come out a little more. */
const ROUNDING = 1e-9;

const ceil = (value: number): number => Math.ceil(value - ROUNDING);

const isNear = (ratio: number): boolean => Math.abs(1 - ratio) <= TOLERANCE + ROUNDING;

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** How many workers the use asks for, before bounds and stabilisation. @param target use that is wanted, above 0. */
export const desiredWorkers = ({ ready, booting, missing }: FleetUse, target: number): number => {
  const current = ready.length + booting + missing;
  if (ready.length === 0) return current;
  const ratio = mean(ready) / target;
  const withBooting = booting > 0 && ratio > 1;
  if (!withBooting && missing === 0) {
    if (isNear(ratio)) return current;
    return ceil(ratio * ready.length);
  }
  // Against the change: who is not heard counts as idle when the fleet would grow, and as in full use when it would shrink.
  const counted = [...ready];
  for (let count = 0; count < missing; count++) counted.push(ratio < 1 ? Math.max(1, target) : 0);
  for (let count = 0; withBooting && count < booting; count++) counted.push(0);
  const cautious = mean(counted) / target;
  if (isNear(cautious) || cautious < 1 !== ratio < 1) return current;
  const wanted = ceil(cautious * counted.length);
  const turned = cautious < 1 ? wanted > current : wanted < current;
  return turned ? current : wanted;
};

export interface StabilisationOptions {
  /** Within so long the lowest recommendation counts when the fleet would grow. */
  readonly upMs: number;
  /** Within so long the highest recommendation counts when the fleet would shrink. */
  readonly downMs: number;
}

export class Stabilisation {
  readonly #options: StabilisationOptions;
  #past: readonly { readonly atMs: number; readonly workers: number }[];

  /** @param current counts as the first recommendation. */
  constructor(options: StabilisationOptions, current: number, nowMs: number) {
    this.#options = options;
    this.#past = [{ atMs: nowMs, workers: current }];
  }

  /** @returns what to scale to, given what is recommended now. */
  decide(recommended: number, current: number, nowMs: number): number {
    const { upMs, downMs } = this.#options;
    this.#past = this.#past.filter(({ atMs }) => nowMs - atMs <= Math.max(upMs, downMs));
    const within = (ms: number): number[] =>
      this.#past.filter(({ atMs }) => nowMs - atMs < ms).map(({ workers }) => workers);
    const up = Math.min(recommended, ...within(upMs));
    const down = Math.max(recommended, ...within(downMs));
    this.#past = [...this.#past, { atMs: nowMs, workers: recommended }];
    if (current < up) return up;
    return current > down ? down : current;
  }
}
