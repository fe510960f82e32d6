/**
 * The result of a benchmark: one versioned document, from which every output is drawn. `badgateway schema bench` prints
 * the schema. A stored result is what `--baseline` compares with.
 */
import { OneOf, Section, type Static, Type } from '../core/schema.js';
import { ThresholdResultSchema } from '../core/thresholds.js';

const Numbers = (description: string) => Type.Record(Type.String(), Type.Number(), { description });
const NumberOrNull = (description: string) => Type.Union([Type.Number(), Type.Null()], { description });

const RoundSchema = Section(
  {
    durationMs: Type.Number(),
    rps: Type.Number({ description: 'Good answers (2xx, 3xx) a second.' }),
    latencyMs: Section(
      { p50: Type.Number(), p90: Type.Number(), p99: Type.Number(), max: Type.Number() },
      'From the send to the end of the answer. Closed loop: latency at the highest rate the target can do.',
    ),
    errorRatio: Type.Number({
      description: 'Share of the requests that came to an end without a good answer.',
    }),
    answered: Type.Number(),
    statuses: Numbers('Answers by status.'),
    errors: Numbers('Requests without an answer, by error code, or closed, timeout, unanswered.'),
    cpuMs: NumberOrNull(
      'Processor time of the processes under test per answer; null where it cannot be read, or processes came or went.',
    ),
    cores: NumberOrNull('Processors that the target kept busy.'),
    memoryBytes: NumberOrNull('Most resident memory of the processes under test.'),
    generatorCores: Type.Number({ description: 'Processors that the load generator kept busy.' }),
  },
  'One round.',
);

const SummarySchema = Type.Union(
  [
    Section(
      { median: Type.Number(), min: Type.Number(), max: Type.Number() },
      'Over the trials; of a trial, the median of its rounds, but the highest of latency.max and memory, the mean of errors.',
    ),
    Type.Null(),
  ],
  { description: 'null: not measured.' },
);

const TargetResultSchema = Section(
  {
    name: Type.String(),
    trials: Type.Array(Type.Array(RoundSchema), {
      description: 'The rounds of each trial; a target that can be started is started anew for each.',
    }),
    summary: Section(
      {
        rps: SummarySchema,
        'latency.p50': SummarySchema,
        'latency.p90': SummarySchema,
        'latency.p99': SummarySchema,
        'latency.max': SummarySchema,
        errors: SummarySchema,
        cpu: SummarySchema,
        memory: SummarySchema,
      },
      'Every metric over the rounds.',
    ),
  },
  'One target.',
);

const RatioSchema = Section(
  {
    metric: Type.String(),
    value: Type.Number({ description: 'Target over the other; 1: equal.' }),
    low: NumberOrNull('The ratio is above this…'),
    high: NumberOrNull('…and below this, with the confidence of the comparison; null: nothing can be said.'),
  },
  'How one metric of the target compares.',
);

const COMPARISON_VERDICTS = ['equal', 'better', 'no-worse', 'worse', 'undecided'] as const;

const ComparisonSchema = Section(
  {
    decidedBy: Type.String({ description: 'The metric that decides: cpu where both can be read, else rps.' }),
    tolerance: Type.Number({ description: 'A cost up to this share higher counts as equal.' }),
    confidence: Type.Number({
      description:
        'Of the intervals: above 95 % where there may be several looks at the trials before the verdict.',
    }),
    trials: Type.Number({ description: 'Trials of both, each giving one ratio.' }),
    verdict: OneOf(COMPARISON_VERDICTS, 'What may be said of the target.'),
    ratios: Type.Array(RatioSchema),
  },
  'The target against another, measured at the same time.',
);

export const BenchResultSchema = Section(
  {
    version: Type.Literal(1),
    kind: Type.Literal('bench'),
    verdict: OneOf(['pass', 'fail', 'inconclusive', 'invalid'], 'What the exit code says too.'),
    partial: Type.Boolean({ description: 'It was interrupted; nothing was judged.' }),
    reasons: Type.Array(Type.String(), { description: 'Why the verdict is not pass.' }),
    notes: Type.Array(Type.String(), { description: 'What a reader of the figures must know.' }),
    startedAt: Type.String(),
    host: Section(
      {
        node: Type.String(),
        platform: Type.String(),
        cpu: Type.String(),
        cpus: Type.Number(),
      },
      'Where it was measured.',
    ),
    workload: Section(
      {
        name: Type.String(),
        method: Type.String(),
        path: Type.String(),
        bodyBytes: Type.Number(),
        connections: Type.Number(),
      },
      'What one request is, and how many are under way at once.',
    ),
    plan: Section(
      { warmupMs: Type.Number(), rounds: Type.Number(), roundMs: Type.Number() },
      'How it was measured.',
    ),
    targets: Type.Array(TargetResultSchema, {
      description: 'The target; with --against the other after it.',
    }),
    comparison: Type.Union([ComparisonSchema, Type.Null()]),
    baseline: Type.Union([TargetResultSchema, Type.Null()], { description: 'From the stored result.' }),
    thresholds: Type.Array(ThresholdResultSchema),
  },
  'A benchmark.',
);

export type BenchResult = Static<typeof BenchResultSchema>;
export type TargetResult = Static<typeof TargetResultSchema>;
export type Comparison = Static<typeof ComparisonSchema>;
export type ComparisonVerdict = (typeof COMPARISON_VERDICTS)[number];
