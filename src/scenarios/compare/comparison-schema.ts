/** What `badgateway compare` finds: one versioned document. `badgateway schema compare` prints the schema. */
import { OneOf, Optional, Section, type Static, Type } from '../../core/schema.js';
import { MeasuredSchema } from '../measure/measured.js';

const Value = (description: string) => Type.Union([Type.Number(), Type.Null()], { description });

/**
 * better, worse: beyond noise; none: within it, or no difference at all; undecided: it differs in all runs, and these are
 * too few to say that it is no chance; unknown: there is no rule for it.
 */
export const CHANGES = ['better', 'worse', 'none', 'undecided', 'unknown'] as const;
export type Change = (typeof CHANGES)[number];

const SideSchema = Section(
  {
    file: Type.String(),
    scenario: Type.String(),
    engine: Type.String(),
    verdict: Type.String(),
    startedAt: Type.String(),
    seeds: Type.Array(Type.Number()),
    partial: Type.Boolean({ description: 'It was interrupted.' }),
  },
  'One of the two results.',
);
export type Side = Static<typeof SideSchema>;

const OfSideSchema = Section(
  {
    value: MeasuredSchema,
    min: Optional(MeasuredSchema),
    max: Optional(MeasuredSchema),
    runs: Type.Number({ description: 'Runs in which it has a value; with several, `value` is the median.' }),
  },
  'What a metric was on one side.',
);
export type OfSide = Static<typeof OfSideSchema>;

const MeasureSchema = Section(
  {
    metric: Type.String(),
    window: Optional(Type.String({ description: 'Left out: of the run as a whole.' })),
    kind: Type.String({ description: 'ratio, rate, duration, size, count or scalar.' }),
    before: OfSideSchema,
    after: OfSideSchema,
    difference: Value('After less before; null where one side has no number.'),
    low: Optional(Type.Number({ description: 'Lower end of the interval of the difference.' })),
    high: Optional(Type.Number({ description: 'Upper end.' })),
    change: OneOf(CHANGES, 'Whether it changed beyond noise, and for the better.'),
  },
  'One metric, before and after.',
);
export type Measure = Static<typeof MeasureSchema>;

const HeldSchema = Section(
  {
    held: Type.Number({ description: 'Runs in which it held.' }),
    runs: Type.Number(),
  },
  'A threshold on one side.',
);

const ThresholdChangeSchema = Section(
  { expression: Type.String(), before: HeldSchema, after: HeldSchema },
  'A threshold that both sides have, and that did not hold as often.',
);
export type ThresholdChange = Static<typeof ThresholdChangeSchema>;

const VariantSchema = Section(
  {
    name: Type.String(),
    before: Type.String({ description: 'Its verdict.' }),
    after: Type.String({ description: 'Its verdict.' }),
    measures: Type.Array(MeasureSchema),
    thresholds: Type.Array(ThresholdChangeSchema),
  },
  'A variant that both sides have.',
);
export type VariantComparison = Static<typeof VariantSchema>;

export const VERDICTS = ['worse', 'better', 'same', 'undecided'] as const;

export const ComparisonResultSchema = Section(
  {
    version: Type.Literal(1),
    kind: Type.Literal('compare'),
    verdict: OneOf(
      VERDICTS,
      'worse: a metric is worse beyond noise; better: one is better, and none worse; same: neither; undecided: nothing can be said, or not of every metric.',
    ),
    reasons: Type.Array(Type.String(), { description: 'What the verdict rests on.' }),
    before: SideSchema,
    after: SideSchema,
    rule: OneOf(
      ['replications', 'requests'],
      'replications: the ranges of the two sides do not meet; requests: the interval of the difference of two shares.',
    ),
    confidence: Type.Number({ description: 'Of all that is judged together.' }),
    judged: Type.Number({
      description:
        'Metrics for which the rule can say something; each is judged at 1 - (1 - confidence) / judged.',
    }),
    leastRuns: Type.Number({
      description: 'Runs that each side has to have for the ranges to say anything; 0 for the other rule.',
    }),
    notes: Type.Array(Type.String(), { description: 'What a reader has to know to read it right.' }),
    onlyBefore: Type.Array(Type.String(), { description: 'Variants that only the first has.' }),
    onlyAfter: Type.Array(Type.String(), { description: 'Variants that only the second has.' }),
    variants: Type.Array(VariantSchema),
  },
  'Two results of one scenario, and what changed.',
);
export type ComparisonResult = Static<typeof ComparisonResultSchema>;
