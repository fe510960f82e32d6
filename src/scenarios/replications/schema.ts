/** What a result says of the same run with other seeds. Apart from `replications.ts`, which makes it. */
import { Optional, Section, type Static, Type } from '../../core/schema.js';
import { SPREAD } from '../measure/measured.js';

const Value = (description: string) => Type.Union([Type.Number(), Type.Null()], { description });

const SpreadOfSchema = Section(
  {
    metric: Type.String(),
    window: Optional(Type.String({ description: 'Left out: of the run as a whole, always.' })),
    kind: Type.String({ description: 'ratio, rate, duration, size, count or scalar.' }),
    ...SPREAD,
  },
  'A metric over the seeds.',
);

const ComparisonSchema = Section(
  {
    from: Type.String({ description: 'A variant.' }),
    to: Type.String({ description: 'Another.' }),
    metric: Type.String(),
    window: Type.String(),
    kind: Type.String(),
    pairs: Type.Number({ description: 'Seeds with which both have a value.' }),
    difference: Value('Of `to` from `from`: the median of the averages of every two (Hodges and Lehmann).'),
    low: Value('Lower end of its interval; null: too few pairs for one.'),
    high: Value('Upper end.'),
    differs: Type.Union([Type.Boolean(), Type.Null()], {
      description: 'More than by chance: the interval is on one side of 0; null: too few pairs to say.',
    }),
  },
  'Two variants, seed by seed.',
);

export const ReplicationsSchema = Section(
  {
    seeds: Type.Array(Type.Number(), {
      description: 'The variants of the document are those of the first.',
    }),
    verdicts: Type.Array(Type.String(), { description: 'Of each seed; the verdict is the worst of them.' }),
    reasons: Type.Array(Type.String(), { description: 'Why the verdict is not pass, by seed and variant.' }),
    variants: Type.Array(
      Section(
        {
          name: Type.String(),
          passed: Type.Number({ description: 'Replications in which every threshold of it held.' }),
          metrics: Type.Array(SpreadOfSchema),
          thresholds: Type.Array(
            Section(
              {
                expression: Type.String(),
                passed: Type.Number({ description: 'Replications in which it held.' }),
              },
              'One threshold.',
            ),
          ),
        },
        'One variant.',
      ),
    ),
    method: Type.Literal('wilcoxon-signed-rank', {
      description:
        'Differences, paired by seed; interval of the signed-rank test (Hollander, Wolfe, Chicken, Nonparametric Statistical Methods, sections 3.1 to 3.3).',
    }),
    confidence: Type.Number({ description: 'Of each comparison by itself.' }),
    comparisons: Type.Array(ComparisonSchema),
  },
  'The same run with other seeds.',
);

export type Replications = Static<typeof ReplicationsSchema>;
export type Comparison = Replications['comparisons'][number];
export type SpreadOf = Replications['variants'][number]['metrics'][number];
