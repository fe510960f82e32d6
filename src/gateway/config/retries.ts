/** More than one attempt: `gateway.retry` and `gateway.hedge`. */
import {
  Count,
  Duration,
  OneOf,
  Optional,
  Percent,
  Section,
  Size,
  type Static,
  Type,
} from '../../core/schema.js';
import { parseDurationMsOr, parseRatioOr, parseSizeBytesOr } from '../../core/units.js';
import { BACKOFF_DEFAULTS, JITTERS, type JitterName } from '../../policies/backoff.js';
import { BUDGETS, type BudgetName, type RetryBudgetOptions } from '../../policies/budgets/budgets.js';
import { HEDGE_BUDGET_DEFAULTS, HEDGE_DEFAULTS, type HedgeOptions } from '../../policies/hedge.js';
import { REPLAY_DEFAULTS, type ReplayOptions } from '../../policies/replay.js';
import type { RetryOptions } from '../../policies/retry.js';
import { RETRY_AFTER_DEFAULTS } from '../../policies/retry-after.js';
import {
  DEFAULT_RETRY_CONDITIONS,
  RETRY_CONDITIONS,
  type RetryCondition,
} from '../../policies/retry-conditions.js';

const BudgetSchema = Section(
  {
    type: Optional(
      OneOf(
        Object.keys(BUDGETS) as BudgetName[],
        'What fills it. Requests: concurrent (default, Envoy), deposit (Finagle). Successes: throttle (gRPC), token-bucket (AWS). unlimited: nothing bounds it.',
      ),
    ),
    ratio: Optional(Percent('concurrent, deposit: retries, of the requests; default 20%.')),
    minConcurrent: Optional(Count(0, 'concurrent: so many retries under way are always fine; default 3.')),
    ttl: Optional(Duration('deposit: how long a request counts; default 10s.')),
    minRate: Optional(Count(0, 'deposit: so many retries a second are always fine; default 10.')),
    maxTokens: Optional(Count(1, 'throttle, token-bucket: what it holds.')),
    tokenRatio: Optional(
      Type.Number({
        exclusiveMinimum: 0,
        description: 'throttle, token-bucket: what a success adds; default 0.1.',
      }),
    ),
  },
  'What bounds retries when everything fails.',
);

export const RetrySchema = Section(
  {
    attempts: Optional(Count(2, 'Attempts in all, the first included; default 2.')),
    on: Optional(
      Type.Array(OneOf(Object.keys(RETRY_CONDITIONS) as RetryCondition[], 'A condition.'), {
        minItems: 1,
        description: `What calls for another attempt; default ${DEFAULT_RETRY_CONDITIONS.join(', ')}.`,
      }),
    ),
    statuses: Optional(
      Type.Array(Type.Integer({ minimum: 200, maximum: 599 }), {
        description: 'Statuses of upstreams that call for one, besides.',
      }),
    ),
    backoff: Optional(
      Section(
        {
          jitter: Optional(OneOf(Object.keys(JITTERS) as JitterName[], 'How waits are drawn; default full.')),
          base: Optional(
            Duration('Longest wait before the first retry, doubled for each more; default 25ms.'),
          ),
          max: Optional(Duration('No wait is longer; default 250ms.')),
        },
        'The wait before a retry.',
      ),
    ),
    retryAfter: Optional(
      Type.Union([
        Type.Literal('ignore'),
        Section(
          { max: Optional(Duration('With a longer one there is no retry; default 300s.')) },
          'Retry-After of upstreams is waited for.',
        ),
      ]),
    ),
    budget: Optional(BudgetSchema),
    replay: Optional(
      Section(
        {
          maxBody: Optional(
            Size('Request bodies up to this size are kept for another attempt; default 64KiB.'),
          ),
          methods: Optional(
            OneOf(['idempotent', 'every'], 'every: bodies of POST and PATCH too, where nothing was sent.'),
          ),
        },
        'What can be sent again.',
      ),
    ),
  },
  'Retries by the gateway, on another upstream where there is one.',
);

export const HedgeSchema = Section(
  {
    after: Optional(Duration('Another attempt after this long; default: after the percentile.')),
    percentile: Optional(Percent('Another attempt after this percentile of recent latencies; default 95%.')),
    max: Optional(Count(1, 'Attempts beside the first; default 1.')),
    budget: Optional(BudgetSchema),
  },
  'Hedged requests: the first good answer wins, the others are cancelled.',
);

export interface RetryConfig extends RetryOptions {
  readonly budget: RetryBudgetOptions;
  readonly replay: ReplayOptions;
}

export interface HedgeConfig extends HedgeOptions {
  readonly budget: RetryBudgetOptions;
  /** What counts as no good answer. */
  readonly conditions: readonly RetryCondition[];
}

const resolveBudget = (
  section: Static<typeof BudgetSchema> | undefined,
  otherwise: RetryBudgetOptions,
): RetryBudgetOptions => {
  if (section === undefined) return otherwise;
  const name = section.type ?? otherwise.name;
  const { defaults } = BUDGETS[name];
  const base = name === otherwise.name ? otherwise : defaults;
  const written = {
    ratio: parseRatioOr(section.ratio, undefined),
    minConcurrent: section.minConcurrent,
    ttlMs: parseDurationMsOr(section.ttl, undefined),
    minRetriesRps: section.minRate,
    maxTokens: section.maxTokens,
    tokenRatio: section.tokenRatio,
    // The token bucket's own words for the same two.
    capacity: section.maxTokens,
    refundRatio: section.tokenRatio,
  };
  const own = Object.entries(written).filter(([key, value]) => value !== undefined && key in base);
  return { ...base, ...Object.fromEntries(own), name } as RetryBudgetOptions;
};

/** What a request-funded budget of Envoy's lets through: one retry in five. */
const RETRY_BUDGET: RetryBudgetOptions = { name: 'concurrent', ...BUDGETS.concurrent.defaults };

/** Envoy's defaults: one retry, 25 ms base and ten times that at most, a budget of 20 % and at least 3. */
export const resolveRetry = (section: Static<typeof RetrySchema>): RetryConfig => ({
  attempts: section.attempts ?? 2,
  conditions: section.on ?? DEFAULT_RETRY_CONDITIONS,
  statuses: section.statuses ?? [],
  backoff: {
    jitter: section.backoff?.jitter ?? BACKOFF_DEFAULTS.jitter,
    baseMs: parseDurationMsOr(section.backoff?.base, BACKOFF_DEFAULTS.baseMs),
    maxMs: parseDurationMsOr(section.backoff?.max, BACKOFF_DEFAULTS.maxMs),
  },
  retryAfter:
    section.retryAfter === undefined || section.retryAfter === 'ignore'
      ? null
      : { maxMs: parseDurationMsOr(section.retryAfter.max, RETRY_AFTER_DEFAULTS.maxMs) },
  budget: resolveBudget(section.budget, RETRY_BUDGET),
  replay: {
    maxBytes: parseSizeBytesOr(section.replay?.maxBody, REPLAY_DEFAULTS.maxBytes),
    methods: section.replay?.methods ?? REPLAY_DEFAULTS.methods,
  },
});

export const resolveHedge = (section: Static<typeof HedgeSchema>): HedgeConfig => {
  const { after, percentile } = section;
  const fixed = after !== undefined && percentile === undefined;
  return {
    quantile: fixed ? null : parseRatioOr(percentile, HEDGE_DEFAULTS.quantile),
    delayMs: parseDurationMsOr(after, HEDGE_DEFAULTS.delayMs),
    maxHedges: section.max ?? HEDGE_DEFAULTS.maxHedges,
    budget: resolveBudget(section.budget, HEDGE_BUDGET_DEFAULTS),
    conditions: DEFAULT_RETRY_CONDITIONS,
  };
};
