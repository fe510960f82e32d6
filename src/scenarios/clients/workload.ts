/**
 * The `load:` section: stages, a population, or both; and when requests of the stages arrive, which is decided before the
 * first is sent: they are an open loop (`arrivals.ts`).
 */
import type { Finding } from '../../core/document/schema-problems.js';
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
  /** After the last stage it goes on at the rate with which that ended, and so do its users; left out: it ends. */
  readonly endless?: true;
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
