/**
 * The result of a sweep: one versioned document, from which maps, pages and tables are drawn. `badgateway schema sweep`
 * prints the schema.
 */
import { Optional, Section, type Static, Type } from '../../core/schema.js';
import { type Expression, refsIn } from '../../core/thresholds.js';
import { MeasuredSchema, SpreadSchema, summarizeMeasured } from '../measure/measured.js';
import { type Point, pointsOf, runKey } from './grid.js';
import { hiddenRps } from './hidden-capacity.js';
import type { MeasuredRun } from './measured-run.js';
import type { SweepPlan } from './sweep-plan.js';

const PointSchema = Type.Array(Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]), {
  description: 'A value for each parameter, in their order.',
});

const HiddenCapacitySchema = Section(
  {
    capacityRps: Type.Number({ description: 'Workers × slots / mean service time.' }),
    amplification: Type.Number({
      description:
        'At most so many attempts reach workers per request: tries of clients × attempts of gateways.',
    }),
    hiddenRps: Type.Number({
      description: 'capacityRps / amplification: below it a system comes back by itself.',
    }),
    offeredRps: Type.Number({
      description: 'Most requests a second in the window after; without it, at the end of the load.',
    }),
  },
  'The hidden capacity (Bronson and others, Metastable Failures in Distributed Systems, HotOS 2021).',
);

const CellSchema = Section(
  {
    variant: Type.String(),
    point: PointSchema,
    runs: Type.Number({ description: 'Seeds that were run here.' }),
    recovered: Type.Number({
      description:
        'Of these, with at least 99 % of good answers in the window after; without it, good again for 3 s.',
    }),
    metrics: Type.Array(SpreadSchema, { description: 'In the order of the metrics.' }),
    hiddenCapacity: Optional(HiddenCapacitySchema),
  },
  'One variant at one point.',
);
export type SweepCell = Static<typeof CellSchema>;

export const SweepResultSchema = Section(
  {
    version: Type.Literal(1),
    kind: Type.Literal('sweep'),
    engine: Type.Literal('virtual'),
    scenario: Section({ name: Type.String(), title: Type.String() }, 'The scenario that was swept.'),
    startedAt: Type.String({ description: 'ISO 8601.' }),
    partial: Type.Boolean({ description: 'It was interrupted: some runs are missing.' }),
    parameters: Type.Array(Section({ name: Type.String(), values: PointSchema }, 'What was varied.')),
    set: Type.Array(Type.String(), { description: 'Other values set from outside, as PATH=VALUE.' }),
    variants: Type.Array(Type.String()),
    seeds: Type.Array(Type.Number()),
    metrics: Type.Array(
      Section(
        {
          expression: Type.String(),
          kind: Type.String({ description: 'ratio, rate, duration, size, count or scalar.' }),
          moreIsBetter: Type.Boolean({ description: 'Which end of the scale is the good one.' }),
        },
        'What was measured; the first is mapped.',
      ),
    ),
    hiddenCapacityUnknown: Type.Record(Type.String(), Type.String(), {
      description: 'By variant, why its hidden capacity is not known.',
    }),
    caveats: Type.Record(Type.String(), Type.Array(Type.String()), {
      description: 'By variant, what makes its hidden capacity less sure than it looks.',
    }),
    cells: Type.Array(CellSchema),
    runs: Type.Array(
      Section(
        {
          variant: Type.String(),
          point: PointSchema,
          seed: Type.Number(),
          recovered: Type.Boolean(),
          values: Type.Array(MeasuredSchema, { description: 'In the order of the metrics.' }),
        },
        'One run.',
      ),
    ),
  },
  'Result of a badgateway sweep.',
);
export type SweepResult = Static<typeof SweepResultSchema>;

/** Metrics of which more is better; of all others, less is. */
const MORE_IS_BETTER = /^(availability|goodput|requests|first\..+)$/;

/** The first metric of an expression decides. */
const moreIsBetter = (expression: Expression): boolean =>
  MORE_IS_BETTER.test(refsIn(expression)[0]?.metric ?? '');

const cellOf = (plan: SweepPlan, variant: string, point: Point, runs: readonly MeasuredRun[]): SweepCell => {
  const hidden = plan.hiddenAt(variant, point);
  const { capacityRps = 0, amplification = 0, offeredRps = 0 } = hidden.known ? hidden : {};
  return {
    variant,
    point: [...point],
    runs: runs.length,
    recovered: runs.filter(({ recovered }) => recovered).length,
    metrics: plan.metrics.map((_, index) => summarizeMeasured(runs.map(({ values }) => values[index]!))),
    ...(hidden.known && {
      hiddenCapacity: { capacityRps, amplification, hiddenRps: hiddenRps(hidden), offeredRps },
    }),
  };
};

const byVariant = <Told>(plan: SweepPlan, tell: (variant: string) => Told | null): Record<string, Told> =>
  Object.fromEntries(
    plan.variants.flatMap((variant) => {
      const told = tell(variant);
      return told === null ? [] : [[variant, told]];
    }),
  );

/** @param measured what there is of the plan's runs. */
export const toSweepResult = (
  plan: SweepPlan,
  measured: readonly MeasuredRun[],
  { startedAt, partial }: Pick<SweepResult, 'startedAt' | 'partial'>,
): SweepResult => {
  const { scenario, parameters, overrides, variants, seeds, metrics } = plan;
  const points = pointsOf(parameters);
  const cellKey = (point: Point, variant: string): string => runKey({ point, variant, seed: 0 });
  const ofCell = new Map<string, MeasuredRun[]>();
  for (const run of measured) {
    const key = cellKey(run.point, run.variant);
    const there = ofCell.get(key);
    if (there === undefined) ofCell.set(key, [run]);
    else there.push(run);
  }
  return {
    version: 1,
    kind: 'sweep',
    engine: 'virtual',
    scenario: { name: scenario.name, title: scenario.title },
    startedAt,
    partial,
    parameters: parameters.map(({ name, values }) => ({ name, values: [...values] })),
    set: overrides.map(({ path, value }) => `${path.join('.')}=${JSON.stringify(value)}`),
    variants: [...variants],
    seeds: [...seeds],
    metrics: metrics.map(({ text, expression }) => ({
      ...{ expression: text, kind: expression.kind, moreIsBetter: moreIsBetter(expression) },
    })),
    hiddenCapacityUnknown: byVariant(plan, (variant) => {
      const unknown = points.map((point) => plan.hiddenAt(variant, point)).find(({ known }) => !known);
      return unknown === undefined || unknown.known ? null : unknown.why;
    }),
    caveats: byVariant(plan, (variant) => {
      const all = points.flatMap((point) => {
        const hidden = plan.hiddenAt(variant, point);
        return hidden.known ? hidden.caveats : [];
      });
      return all.length === 0 ? null : [...new Set(all)];
    }),
    cells: variants.flatMap((variant) =>
      points.map((point) => cellOf(plan, variant, point, ofCell.get(cellKey(point, variant)) ?? [])),
    ),
    runs: measured.map(({ variant, point, seed, recovered, values }) => ({
      ...{ variant, point: [...point], seed, recovered, values: [...values] },
    })),
  };
};
