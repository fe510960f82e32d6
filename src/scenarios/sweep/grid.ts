/** The runs of a sweep: every value of a parameter with every one of the others, in every variant, with every seed. */
import { UserError } from '../../core/errors.js';
import { MAX_RUNS, type Parameter, type Value } from './parameters.js';

/** A value for each parameter, in their order. */
export type Point = readonly Value[];

/** One run of one variant. */
export interface SweepRun {
  readonly point: Point;
  readonly variant: string;
  readonly seed: number;
}

/** The first parameter changes fastest. */
export const pointsOf = (parameters: readonly Parameter[]): Point[] =>
  parameters.reduce<Point[]>(
    (points, { values }) => values.flatMap((value) => points.map((point) => [...point, value])),
    [[]],
  );

/**
 * In the order in which they are run: seed by seed, so that a sweep that is interrupted has a whole map of fewer seeds.
 * @throws UserError when there are more than `MAX_RUNS`.
 */
export const runsOf = (
  parameters: readonly Parameter[],
  variants: readonly string[],
  seeds: readonly number[],
): SweepRun[] => {
  const points = parameters.reduce((product, { values }) => product * values.length, 1);
  const count = points * variants.length * seeds.length;
  if (count > MAX_RUNS) {
    const how = `${points} points × ${variants.length} variants × ${seeds.length} seeds`;
    throw new UserError(
      'usage',
      `${how} are ${count} runs, and a sweep has at most ${MAX_RUNS}: choose longer steps, fewer seeds, or --variant`,
    );
  }
  const all = pointsOf(parameters);
  return seeds.flatMap((seed) =>
    variants.flatMap((variant) => all.map((point) => ({ point, variant, seed }))),
  );
};

/** The same text for the same run, and another for another. */
export const runKey = ({ point, variant, seed }: SweepRun): string => JSON.stringify([point, variant, seed]);

/** Where in the parameters a run is, for messages: `load.scale=0.5, timeline.0.for=2s`. */
export const pointText = (parameters: readonly Parameter[], point: Point): string =>
  parameters.map(({ name }, index) => `${name}=${String(point[index])}`).join(', ');
