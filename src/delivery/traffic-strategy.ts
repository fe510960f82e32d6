/**
 * How a config reaches its requests where one reader serves them all, as a gateway does: to all at once, or to a share
 * of them that grows in stages, each watched for a while.
 */
import { Count, Duration, OneOf, Optional, Percent, Section, type Static, Type } from '../core/schema.js';
import { formatRatio, parseDurationMs, parseDurationMsOr, parseRatio } from '../core/units.js';
import { type BurnRateOptions, findUnreachable, scaleWindows, WORKBOOK_WINDOWS } from './burn-rate.js';

export const TRAFFIC_STRATEGY_NAMES = ['all-at-once', 'staged'] as const;

/** More stages than this tell one another nothing: each doubling the share, ten reach from 0.1 % to all. */
export const MAX_STAGES = 20;

/** The keys of a push that say how it goes out. */
export const TrafficStrategyProperties = {
  strategy: Optional(OneOf(TRAFFIC_STRATEGY_NAMES, 'How it reaches the requests; default all-at-once.')),
  staged: Optional(
    Section(
      {
        stages: Optional(
          Type.Array(
            Section(
              {
                share: Percent('Share of the requests that get the new version.'),
                bake: Duration('How long it is watched at that share.'),
              },
              'One stage.',
            ),
            {
              minItems: 1,
              maxItems: MAX_STAGES,
              description: 'Growing shares; default 5%, 25%, 50% and 100%, for 10s each.',
            },
          ),
        ),
        slo: Optional(Percent('Share of the results that are to be good; default 99%.')),
        hour: Optional(
          Duration(
            "What an hour of the burn-rate alert's windows is here; default 5s, so 30 days are an hour.",
          ),
        ),
        minResults: Optional(
          Count(1, 'A stage with fewer results is not over, nor is its version blamed; default 20.'),
        ),
        minFailures: Optional(Count(1, 'With fewer failures the version is not blamed; default 3.')),
        worseBy: Optional(
          Percent(
            'How much more often it must fail than the stable version, where that one is failing too; default 5%.',
          ),
        ),
      },
      'For strategy staged. A version that burns the error budget, and is worse than the stable one, is rolled back.',
    ),
  ),
} as const;

export const TrafficStrategySchema = Section(TrafficStrategyProperties, 'How a config reaches the requests.');
export type TrafficStrategySection = Static<typeof TrafficStrategySchema>;

export interface TrafficStage {
  readonly shareRatio: number;
  readonly bakeMs: number;
}

export interface StagedStrategy {
  readonly name: 'staged';
  /** At least one; shares grow. */
  readonly stages: readonly TrafficStage[];
  readonly burnRate: BurnRateOptions;
  readonly worseByRatio: number;
}

export type TrafficStrategy = { readonly name: 'all-at-once' } | StagedStrategy;

export interface StrategyProblem {
  /** Below the push. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

const DEFAULT_STAGES: readonly TrafficStage[] = [0.05, 0.25, 0.5, 1].map((shareRatio) => ({
  shareRatio,
  bakeMs: 10_000,
}));

const DEFAULT_OBJECTIVE_RATIO = 0.99;
const DEFAULT_HOUR_MS = 5_000;

/** What the schema cannot say. */
export const findStrategyProblems = ({ staged = {} }: TrafficStrategySection): StrategyProblem[] => {
  const problems: StrategyProblem[] = [];
  let belowRatio = 0;
  for (const [index, { share }] of (staged.stages ?? []).entries()) {
    const path = ['staged', 'stages', index, 'share'];
    const ratio = parseRatio(share);
    if (ratio > 1) problems.push({ path, message: `is ${share}; no share is above 100%` });
    else if (ratio <= belowRatio) {
      const than = belowRatio === 0 ? '0%' : `${formatRatio(belowRatio)}, the stage before`;
      problems.push({ path, message: `is ${share}, and must be above ${than}: a share only grows` });
    }
    belowRatio = Math.max(belowRatio, ratio);
  }
  const objectiveRatio = staged.slo === undefined ? DEFAULT_OBJECTIVE_RATIO : parseRatio(staged.slo);
  const unreachable = findUnreachable(objectiveRatio, WORKBOOK_WINDOWS);
  if (unreachable !== null) problems.push({ path: ['staged', 'slo'], message: unreachable });
  if (staged.hour !== undefined && parseDurationMs(staged.hour) === 0) {
    problems.push({ path: ['staged', 'hour'], message: 'must be longer than nothing' });
  }
  return problems;
};

/**
 * Fills in the defaults; for a section without problems. A twentieth of the requests bounds the damage and still brings
 * a verdict within seconds in a lab; the last stage is everything, watched like the others, because some faults show
 * under the whole load alone. A bake is two of the shorter long windows, so that every stage is judged by a full one. An
 * objective of 99 %: with it, one request in seven must fail before the faster window is burning, which a handful of
 * results can tell. Twenty results, like the breaker's; three failures, because one or two of twenty happen to anybody.
 */
export const resolveTrafficStrategy = ({
  strategy = 'all-at-once',
  staged = {},
}: TrafficStrategySection): TrafficStrategy => {
  if (strategy === 'all-at-once') return { name: 'all-at-once' };
  return {
    name: 'staged',
    stages:
      staged.stages?.map(({ share, bake }) => ({
        shareRatio: parseRatio(share),
        bakeMs: parseDurationMs(bake),
      })) ?? DEFAULT_STAGES,
    burnRate: {
      objectiveRatio: staged.slo === undefined ? DEFAULT_OBJECTIVE_RATIO : parseRatio(staged.slo),
      windows: scaleWindows(WORKBOOK_WINDOWS, parseDurationMsOr(staged.hour, DEFAULT_HOUR_MS)),
      minResults: staged.minResults ?? 20,
      minFailures: staged.minFailures ?? 3,
    },
    worseByRatio: parseRatio(staged.worseBy ?? '5%'),
  };
};
