/**
 * What each of several processes gets of a config that speaks of the whole gateway.
 *
 * Each process decides alone, so whatever is a total is divided, and the sum over the processes is exactly what the
 * config says: the concurrency limits and their queues, the connections, the rates and the burst. Some numbers are no totals but
 * a least, below which a decision would rest on too little: `minRequests` of the breaker and of outlier ejection, and the
 * retries that are always fine. They are divided and rounded up. Times, shares and everything else hold for each process as they stand,
 * and so does `maxClients`, because one client may be known to all processes.
 */
import type { TrafficPlan } from '../delivery/live-versions.js';
import type { RetryBudgetOptions } from '../policies/budgets/budgets.js';
import type { TokenBucketOptions } from '../policies/token-bucket.js';
import type { ConcurrencyConfig, LimitConfig } from './config/limits.js';
import type { GatewayConfig } from './config.js';

/** One process's part of a whole number; the first ones take what is left over. @param number from 1. */
export const wholeShare = (total: number, number: number, processes: number): number =>
  Math.floor(total / processes) + (number <= total % processes ? 1 : 0);

type Share = (total: number) => number;

const ADAPTIVE_LIMITS: ReadonlySet<string> = new Set([
  'initialLimit',
  'minLimit',
  'maxLimit',
  'minConcurrency',
]);

/** Of a limit that adapts, each process finds its own: only where it begins and its bounds are divided. */
const shareOfLimit = (config: ConcurrencyConfig, whole: Share): ConcurrencyConfig => {
  const { algorithm, queue } = config;
  const divide = (key: string, value: number): number => {
    if (key === 'limit') return whole(value);
    return ADAPTIVE_LIMITS.has(key) ? Math.max(1, whole(value)) : value;
  };
  const options = Object.entries(algorithm.options as Record<string, number>).map(([key, value]) => [
    key,
    divide(key, value),
  ]);
  return {
    ...config,
    queue: whole(queue),
    algorithm: { ...algorithm, options: Object.fromEntries(options) } as LimitConfig,
  };
};

/** By budget, the number that is a total and not a share. */
const shareOfBudget = (budget: RetryBudgetOptions, processes: number): RetryBudgetOptions => {
  switch (budget.name) {
    case 'concurrent':
      return { ...budget, minConcurrent: Math.ceil(budget.minConcurrent / processes) };
    case 'deposit':
      return { ...budget, minRetriesRps: budget.minRetriesRps / processes };
    case 'throttle':
    case 'token-bucket':
    case 'unlimited':
      // What successes fill is each process's own record of them.
      return budget;
  }
};

const shareOfRate = (limit: TokenBucketOptions, number: number, processes: number): TokenBucketOptions => ({
  ...limit,
  rateRps: limit.rateRps / processes,
  burst: wholeShare(limit.burst, number, processes),
});

/** @param number of the process, from 1. */
export const shareOf = (config: GatewayConfig, number: number): GatewayConfig => {
  const { processes, concurrency, globalConcurrency, breaker, retry, hedge, rateLimit, outlierEjection } =
    config;
  const { admission, listener } = config;
  const whole: Share = (total) => wholeShare(total, number, processes);
  const atLeast = (least: number): number => Math.ceil(least / processes);
  return {
    ...config,
    processes: 1,
    // One process checks for all of them.
    healthCheck: null,
    maxConnections: whole(config.maxConnections),
    listener: { ...listener, maxConnections: whole(listener.maxConnections) },
    admission:
      admission?.formula === 'envoy' ? { ...admission, minRps: admission.minRps / processes } : admission,
    routes:
      config.routes === null
        ? null
        : config.routes.map((route) => ({
            ...route,
            concurrencyLimit: route.concurrencyLimit && whole(route.concurrencyLimit),
          })),
    concurrency: concurrency && shareOfLimit(concurrency, whole),
    globalConcurrency: globalConcurrency && shareOfLimit(globalConcurrency, whole),
    breaker: breaker && { ...breaker, minRequests: atLeast(breaker.minRequests) },
    outlierEjection: outlierEjection && {
      ...outlierEjection,
      successRate: outlierEjection.successRate && {
        ...outlierEjection.successRate,
        minRequests: atLeast(outlierEjection.successRate.minRequests),
      },
      failureRatio: outlierEjection.failureRatio && {
        ...outlierEjection.failureRatio,
        minRequests: atLeast(outlierEjection.failureRatio.minRequests),
      },
    },
    retry: retry && { ...retry, budget: shareOfBudget(retry.budget, processes) },
    hedge: hedge && { ...hedge, budget: shareOfBudget(hedge.budget, processes) },
    rateLimit: rateLimit && shareOfRate(rateLimit, number, processes),
    rules: config.rules.map((rule) => ({
      ...rule,
      rateLimit: rule.rateLimit && shareOfRate(rule.rateLimit, number, processes),
    })),
  };
};

/** What one process gets of a plan. @param number of the process, from 1. */
export const sharePlan = (plan: TrafficPlan<GatewayConfig>, number: number): TrafficPlan<GatewayConfig> => {
  const share = <Version extends { readonly config: GatewayConfig }>(version: Version): Version => ({
    ...version,
    config: shareOf(version.config, number),
  });
  return {
    ...plan,
    stable: share(plan.stable),
    candidate: plan.candidate && share(plan.candidate),
    standby: plan.standby && share(plan.standby),
  };
};

export interface ShareProblem {
  /** Below the gateway section. */
  readonly path: readonly string[];
  readonly message: string;
}

/** The limits that are too small to be divided: a process with a share of 0 would refuse whatever it gets. */
export const findIndivisible = (config: GatewayConfig): ShareProblem[] => {
  const { processes, concurrency, globalConcurrency, rateLimit, routes } = config;
  const fixed = (limit: ConcurrencyConfig | null): number | undefined =>
    limit?.algorithm.name === 'fixed' ? limit.algorithm.options.limit : undefined;
  const limits: readonly (readonly [path: readonly string[], total: number | undefined])[] = [
    [['concurrency', 'limit'], fixed(concurrency)],
    [['globalConcurrency', 'limit'], fixed(globalConcurrency)],
    // No queue at all is a choice, and the same one for every process.
    [['concurrency', 'queue'], concurrency?.queue || undefined],
    [['globalConcurrency', 'queue'], globalConcurrency?.queue || undefined],
    ...(routes ?? []).map(
      ({ concurrencyLimit }, index) =>
        [['routes', String(index), 'concurrency'], concurrencyLimit ?? undefined] as const,
    ),
    [['rateLimit', 'burst'], rateLimit?.burst],
    ...config.rules.map(
      (rule, index) => [['rules', String(index), 'rateLimit', 'burst'], rule.rateLimit?.burst] as const,
    ),
    [['maxConnections'], config.maxConnections],
    [['listener', 'maxConnections'], config.listener.maxConnections],
  ];
  return limits.flatMap(([path, total]) => {
    if (total === undefined || total >= processes) return [];
    const message =
      `is ${total}, which cannot be divided among ${processes} processes; ` +
      `raise it to at least ${processes}, or lower \`processes\` to ${total}`;
    return [{ path, message }];
  });
};
