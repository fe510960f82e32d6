/** Every retry budget by the name a config uses. To add one: a file beside this one and a line here. */
import { CONCURRENT_BUDGET_DEFAULTS, ConcurrentBudget, type ConcurrentBudgetOptions } from './concurrent.js';
import { DEPOSIT_BUDGET_DEFAULTS, DepositBudget, type DepositBudgetOptions } from './deposit.js';
import type { RetryBudget } from './retry-budget.js';
import { THROTTLE_BUDGET_DEFAULTS, ThrottleBudget, type ThrottleBudgetOptions } from './throttle.js';
import {
  TOKEN_BUCKET_BUDGET_DEFAULTS,
  TokenBucketBudget,
  type TokenBucketBudgetOptions,
} from './token-bucket.js';
import { UnlimitedBudget } from './unlimited.js';

export const BUDGETS = {
  concurrent: {
    defaults: CONCURRENT_BUDGET_DEFAULTS,
    make: (options: ConcurrentBudgetOptions) => new ConcurrentBudget(options),
  },
  deposit: {
    defaults: DEPOSIT_BUDGET_DEFAULTS,
    make: (options: DepositBudgetOptions) => new DepositBudget(options),
  },
  throttle: {
    defaults: THROTTLE_BUDGET_DEFAULTS,
    make: (options: ThrottleBudgetOptions) => new ThrottleBudget(options),
  },
  'token-bucket': {
    defaults: TOKEN_BUCKET_BUDGET_DEFAULTS,
    make: (options: TokenBucketBudgetOptions) => new TokenBucketBudget(options),
  },
  unlimited: { defaults: {}, make: () => new UnlimitedBudget() },
} as const satisfies Record<string, { defaults: object; make: (options: never) => RetryBudget }>;

export type BudgetName = keyof typeof BUDGETS;

/** A budget's name with its options, all filled in. */
export type RetryBudgetOptions = {
  [Name in BudgetName]: { readonly name: Name } & (typeof BUDGETS)[Name]['defaults'];
}[BudgetName];

export const makeBudget = (options: RetryBudgetOptions): RetryBudget => {
  const { make } = BUDGETS[options.name] as { make: (options: RetryBudgetOptions) => RetryBudget };
  return make(options);
};
