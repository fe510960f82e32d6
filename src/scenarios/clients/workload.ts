/**
 * The `load:` section: stages, a population, or both; and when requests of the stages arrive, which is decided before the
 * first is sent: they are an open loop.
 *
 * Arrival n is computed from the schedule and never from the arrival before it. A unit-rate process (steps of 1 for a
 * constant load, exponential steps with mean 1 for a Poisson one) is mapped through the inverse of the cumulative
 * rate, which makes ramps exact and keeps one late arrival from shifting the others.
 */
import type { Finding } from '../../core/document/schema-problems.js';
import type { Random } from '../../core/random.js';
import { Duration, OneOf, Optional, Rate, Section, type Static, Type } from '../../core/schema.js';
import { parseDurationMs, parseRateRps } from '../../core/units.js';
import { checkPopulation, type PopulationPlan, PopulationSchema, resolvePopulation } from './population.js';

export const LoadSchema = Section(
  {
    arrivals: Optional(OneOf(['poisson', 'constant'], 'How arrivals spread; default poisson.')),
    scale: Optional(
      Type.Number({
        exclusiveMinimum: 0,
        description: 'Every rate, and the number of users, is multiplied by this; default 1.',
      }),
    ),
    stages: Optional(
      Type.Array(
        Section(
          {
            rate: Rate('Requests a second, at the start of the stage.'),
            to: Optional(Rate('Rate at the end of the stage: makes it a ramp.')),
            for: Duration('How long the stage lasts.'),
          },
          'One stage of the load.',
        ),
        { minItems: 1, description: 'Requests that come whatever becomes of the others: an open loop.' },
      ),
    ),
    population: Optional(PopulationSchema),
  },
  'What clients ask for, over time.',
);

export type LoadSection = Static<typeof LoadSchema>;

export interface Stage {
  readonly fromRps: number;
  readonly toRps: number;
  readonly durationMs: number;
}

export interface LoadPlan {
  readonly arrivals: 'poisson' | 'constant';
  readonly stages: readonly Stage[];
  /** Left out: there is none. */
  readonly population?: PopulationPlan;
}

export const resolveLoad = (section: LoadSection): LoadPlan => {
  const scale = section.scale ?? 1;
  const stages = (section.stages ?? []).map((stage) => {
    const fromRps = parseRateRps(stage.rate) * scale;
    return {
      fromRps,
      toRps: stage.to === undefined ? fromRps : parseRateRps(stage.to) * scale,
      durationMs: parseDurationMs(stage.for),
    };
  });
  const { population } = section;
  return {
    arrivals: section.arrivals ?? 'poisson',
    stages,
    ...(population !== undefined && {
      population: resolvePopulation(population, { scale, stagesMs: stagesDurationMs(stages) }),
    }),
  };
};

/** What the schema cannot say of the section; paths from there. */
export const checkLoad = ({ stages, population, scale = 1 }: LoadSection): Finding[] => {
  if (population !== undefined) {
    return checkPopulation(population, scale, stages !== undefined).map((finding) => ({
      ...finding,
      path: ['population', ...finding.path],
    }));
  }
  return stages === undefined ? [{ path: [], message: 'missing `stages`, `population`, or both' }] : [];
};

const stagesDurationMs = (stages: readonly Stage[]): number =>
  stages.reduce((sum, stage) => sum + stage.durationMs, 0);

/** Until the last stage, or the population, is over. */
export const loadDurationMs = ({ stages, population }: LoadPlan): number =>
  Math.max(stagesDurationMs(stages), population?.durationMs ?? 0);

/** Expected number of arrivals in a stage up to `elapsedMs` into it is `fromRps·t + slope·t²/2`, t in seconds. */
const stageArrivals = ({ fromRps, toRps, durationMs }: Stage): number =>
  (((fromRps + toRps) / 2) * durationMs) / 1000;

/** When, in milliseconds into the stage, the expected number of arrivals reaches `count`. */
const stageInverse = ({ fromRps, toRps, durationMs }: Stage, count: number): number => {
  if (count === 0) return 0;
  const slope = (toRps - fromRps) / (durationMs / 1000);
  // The stable form of the quadratic's root: it does not cancel when the slope is small, and needs no special case.
  const root = Math.sqrt(Math.max(0, fromRps * fromRps + 2 * slope * count));
  return ((2 * count) / (fromRps + root)) * 1000;
};

/** Every arrival of the plan, in milliseconds from its start, ascending. */
export function* arrivalTimes(plan: LoadPlan, random: Random): Generator<number> {
  const step = plan.arrivals === 'poisson' ? () => random.exponential(1) : () => 1;
  // A constant load begins half a step in, so that a stage of n expected arrivals has n of them and not n + 1.
  let next = plan.arrivals === 'poisson' ? step() : 0.5;
  let stageStartMs = 0;
  let before = 0;
  for (const stage of plan.stages) {
    const inStage = stageArrivals(stage);
    while (next < before + inStage) {
      yield stageStartMs + stageInverse(stage, next - before);
      next += step();
    }
    before += inStage;
    stageStartMs += stage.durationMs;
  }
}
