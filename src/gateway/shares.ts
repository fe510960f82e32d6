/**
 * What each of several processes gets of a config that speaks of the whole gateway.
 *
 * Each process decides alone, so whatever is a total is divided, and the sum over the processes is exactly what the
 * config says: the concurrency limit and its queue, the connections, the rate and the burst. Two numbers are no totals
 * but a least, below which a decision would rest on too little: `minRequests` of the breaker, and the retries that are
 * always fine. They are divided and rounded up. Times, shares and everything else hold for each process as they stand,
 * and so does `maxClients`, because one client may be known to all processes.
 */
import type { GatewayConfig } from './config.js';

/** One process's part of a whole number; the first ones take what is left over. @param number from 1. */
export const wholeShare = (total: number, number: number, processes: number): number =>
  Math.floor(total / processes) + (number <= total % processes ? 1 : 0);

/** @param number of the process, from 1. */
export const shareOf = (config: GatewayConfig, number: number): GatewayConfig => {
  const { processes, concurrency, breaker, retry, rateLimit } = config;
  const whole = (total: number): number => wholeShare(total, number, processes);
  const atLeast = (least: number): number => Math.ceil(least / processes);
  return {
    ...config,
    processes: 1,
    // One process checks for all of them.
    healthCheck: null,
    maxConnections: whole(config.maxConnections),
    concurrency: concurrency && {
      ...concurrency,
      limit: whole(concurrency.limit),
      queue: whole(concurrency.queue),
    },
    breaker: breaker && { ...breaker, minRequests: atLeast(breaker.minRequests) },
    retry: retry && {
      ...retry,
      budget: { ...retry.budget, minConcurrent: atLeast(retry.budget.minConcurrent) },
    },
    rateLimit: rateLimit && {
      ...rateLimit,
      rateRps: rateLimit.rateRps / processes,
      burst: whole(rateLimit.burst),
    },
  };
};

export interface ShareProblem {
  /** Below the gateway section. */
  readonly path: readonly string[];
  readonly message: string;
}

/** The limits that are too small to be divided: a process with a share of 0 would refuse whatever it gets. */
export const findIndivisible = (config: GatewayConfig): ShareProblem[] => {
  const { processes, concurrency, rateLimit } = config;
  const limits: readonly (readonly [path: readonly string[], total: number | undefined])[] = [
    [['concurrency', 'limit'], concurrency?.limit],
    // No queue at all is a choice, and the same one for every process.
    [['concurrency', 'queue'], concurrency?.queue || undefined],
    [['rateLimit', 'burst'], rateLimit?.burst],
    [['maxConnections'], config.maxConnections],
  ];
  return limits.flatMap(([path, total]) => {
    if (total === undefined || total >= processes) return [];
    const message =
      `is ${total}, which cannot be divided among ${processes} processes; ` +
      `raise it to at least ${processes}, or lower \`processes\` to ${total}`;
    return [{ path, message }];
  });
};
