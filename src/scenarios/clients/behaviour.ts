/**
 * How clients behave: how long they wait for an answer, and what they do when they get none. The standard ways to try
 * again are all here: not at all (`attempts: 1`), at once, after a constant or a growing wait, with full jitter
 * (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015), bounded by a token bucket (the AWS SDKs),
 * and as late as the server asks for (`Retry-After`, RFC 9110 section 10.2.3).
 */
import type { Random } from '../../core/random.js';
import { Count, Duration, OneOf, Optional, Percent, Section, type Static } from '../../core/schema.js';
import { parseDurationMsOr, parseRatioOr } from '../../core/units.js';
import {
  TOKEN_BUCKET_BUDGET_DEFAULTS,
  type TokenBucketBudgetOptions,
} from '../../policies/budgets/token-bucket.js';
import { parseRetryAfterMs, spreadRetryAfterMs } from '../../policies/retry-after.js';

/** Of all clients, or of a class. */
export const BEHAVIOUR_PROPERTIES = {
  patience: Optional(Duration('How long a client waits for an answer, over all its tries; default 10s.')),
  retry: Optional(
    Section(
      {
        attempts: Optional(Count(1, 'Tries in all, the first included; default 1.')),
        backoff: Optional(
          OneOf(
            ['none', 'constant', 'exponential'],
            'The wait before another try; default none, which is at once.',
          ),
        ),
        delay: Optional(Duration('The first wait, for constant and exponential; default 1s.')),
        maxDelay: Optional(Duration('An exponential wait grows no further; default 30s.')),
        jitter: Optional(
          OneOf(['none', 'full'], 'full: a wait is drawn between 0 and its length; default none.'),
        ),
        retryAfter: Optional(
          OneOf(
            ['ignore', 'honour'],
            'honour: waits at least as long as Retry-After asks, in seconds or until a date, and up to half as long again; default ignore, as most clients do.',
          ),
        ),
        budget: Optional(
          Section(
            {
              tokens: Optional(Count(1, 'Tokens at first and at most; a retry costs one. Default 100.')),
              refund: Optional(Percent('Of a token, for each try that is answered; default 10%.')),
            },
            'A token bucket for the retries of one client, as in the AWS SDKs; default: nothing bounds them but attempts.',
          ),
        ),
      },
      'What a client does when it gets an error.',
    ),
  ),
};

const BehaviourSchema = Section(BEHAVIOUR_PROPERTIES, 'How clients behave.');

export type BehaviourSection = Static<typeof BehaviourSchema>;

export interface ClientBehaviour {
  readonly patienceMs: number;
  readonly attempts: number;
  readonly backoff: 'none' | 'constant' | 'exponential';
  readonly delayMs: number;
  readonly maxDelayMs: number;
  readonly jitter: 'none' | 'full';
  readonly retryAfter: 'ignore' | 'honour';
  /** `null`: nothing bounds retries but `attempts`. */
  readonly budget: TokenBucketBudgetOptions | null;
}

/** Clients of whom nothing is said: they wait as long as people do before they give up, and try once. */
const BEHAVIOUR_DEFAULTS: ClientBehaviour = {
  patienceMs: 10_000,
  attempts: 1,
  backoff: 'none',
  delayMs: 1_000,
  maxDelayMs: 30_000,
  jitter: 'none',
  retryAfter: 'ignore',
  budget: null,
};

const resolveBudget = (
  { tokens, refund }: { readonly tokens?: number; readonly refund?: string },
  { capacity, refundRatio }: TokenBucketBudgetOptions,
): TokenBucketBudgetOptions => ({
  capacity: tokens ?? capacity,
  refundRatio: parseRatioOr(refund, refundRatio),
});

/** @param below where the section says nothing, key by key; a budget that is not there begins with the AWS SDKs' own. */
export const resolveBehaviour = (
  { patience, retry = {} }: BehaviourSection = {},
  below: ClientBehaviour = BEHAVIOUR_DEFAULTS,
): ClientBehaviour => ({
  patienceMs: parseDurationMsOr(patience, below.patienceMs),
  attempts: retry.attempts ?? below.attempts,
  backoff: retry.backoff ?? below.backoff,
  delayMs: parseDurationMsOr(retry.delay, below.delayMs),
  maxDelayMs: parseDurationMsOr(retry.maxDelay, below.maxDelayMs),
  jitter: retry.jitter ?? below.jitter,
  retryAfter: retry.retryAfter ?? below.retryAfter,
  budget:
    retry.budget === undefined
      ? below.budget
      : resolveBudget(retry.budget, below.budget ?? TOKEN_BUCKET_BUDGET_DEFAULTS),
});

/** The wait before try `attempt` (2 for the first retry). */
export const backoffMs = (behaviour: ClientBehaviour, attempt: number, random: Random): number => {
  if (behaviour.backoff === 'none') return 0;
  const delayMs =
    behaviour.backoff === 'constant'
      ? behaviour.delayMs
      : Math.min(behaviour.delayMs * 2 ** (attempt - 2), behaviour.maxDelayMs);
  return behaviour.jitter === 'full' ? random.next() * delayMs : delayMs;
};

/** The wait that a client was asked for, drawn; 0 when it was not asked, or does not listen. */
const askedMs = ({ retryAfter }: ClientBehaviour, field: string, nowMs: number, random: Random): number => {
  if (retryAfter === 'ignore' || field === '') return 0;
  const asked = parseRetryAfterMs(field, nowMs);
  return asked === null ? 0 : spreadRetryAfterMs(asked, random);
};

/** One wait of a client. */
export interface Wait {
  readonly behaviour: ClientBehaviour;
  /** Of the request, which keeps the patience with which it began. */
  readonly patienceMs: number;
  /** The try that it is before: 2 for the first retry. */
  readonly attempt: number;
  /** As it came; empty: there was none. */
  readonly retryAfter: string;
  readonly nowMs: number;
}

/** How long a client waits, no longer than its patience can last: a server may ask for more than a timer keeps. */
export const retryWaitMs = (wait: Wait, random: Random): number => {
  const { behaviour, patienceMs, attempt, retryAfter, nowMs } = wait;
  const backMs = backoffMs(behaviour, attempt, random);
  const askMs = askedMs(behaviour, retryAfter, nowMs, random);
  return askMs <= backMs ? backMs : Math.min(askMs, Math.max(backMs, patienceMs));
};
