/** How much a cluster may have at once: Envoy's "circuit breakers", which are the section's concurrency limits. */
import type { ConcurrencyConfig } from '../../../gateway/config/limits.js';
import type { Cluster } from './clusters.js';
import { retryOn } from './retry-on.js';
import { count, type Fields, type Parts, percent } from './words.js';

/** No limit at all: more than there will ever be. */
const UNLIMITED = 2 ** 32 - 1;

const fixedLimit = (concurrency: ConcurrencyConfig | null): number | null =>
  concurrency?.algorithm.name === 'fixed' ? concurrency.algorithm.options.limit : null;

const noteConcurrency = ({
  state: {
    config: { concurrency },
  },
  losses,
}: Parts): void => {
  if (concurrency === null) return;
  if (concurrency.algorithm.name !== 'fixed') {
    losses.missing(
      ['concurrency', 'adaptive'],
      'Envoy finds a limit for all upstreams together only (globalConcurrency)',
    );
    return;
  }
  losses.otherwise(
    ['concurrency'],
    'the limit is one for all upstreams of a cluster, as many times as it has upstreams, so one of them may get more',
  );
  if (concurrency.queue > 0) {
    losses.otherwise(
      ['concurrency', 'queue'],
      'requests wait for a connection, first come, first served, until their own time is over',
    );
  }
};

const noteGlobal = (
  isOnly: boolean,
  {
    state: {
      config: { globalConcurrency },
    },
    losses,
  }: Parts,
): void => {
  if (globalConcurrency === null) return;
  const { name } = globalConcurrency.algorithm;
  if (name === 'fixed' && !isOnly) {
    losses.missing(['globalConcurrency'], 'limits are for each cluster by itself, and there are several');
  }
  if (name !== 'fixed' && name !== 'gradient') {
    losses.missing(['globalConcurrency', 'adaptive'], `Envoy has gradient, not ${name}`);
  }
  if (globalConcurrency.queue > 0) {
    losses.missing(['globalConcurrency', 'queue'], 'nobody waits for it: more is refused at once');
  }
};

const retryFields = ({
  state: {
    config: { retry },
  },
  losses,
}: Parts): Fields => {
  if (retry === null || retryOn(retry).length === 0) return {};
  const { budget } = retry;
  if (budget.name === 'unlimited') return { max_retries: UNLIMITED };
  if (budget.name === 'concurrent') {
    return {
      retry_budget: {
        budget_percent: { value: percent(budget.ratio) },
        min_retry_concurrency: count(budget.minConcurrent),
      },
    };
  }
  losses.missing(
    ['retry', 'budget'],
    'Envoy’s budget is a share of the requests under way; 20 % of them, and 3, stand in its place',
  );
  return { retry_budget: { budget_percent: { value: 20 }, min_retry_concurrency: 3 } };
};

export const limitFields = (cluster: Cluster, parts: Parts): Fields => {
  const {
    state: { config },
    note,
  } = parts;
  const upstreams = Math.max(1, cluster.members.length);
  const isOnly = new Set((config.routes ?? []).map(({ pool }) => pool)).size <= 1;
  noteConcurrency(parts);
  noteGlobal(isOnly, parts);
  const own = fixedLimit(config.concurrency);
  const global = isOnly ? fixedLimit(config.globalConcurrency) : null;
  const most = Math.min(own === null ? UNLIMITED : own * upstreams, global ?? UNLIMITED);
  const connections = config.maxConnections * upstreams;
  const queue = own === null ? 0 : (config.concurrency?.queue ?? 0);
  const hasQueue = own !== null && queue > 0;
  return {
    ...note('maxConnections, concurrency, globalConcurrency and retry.budget'),
    circuit_breakers: {
      thresholds: [
        {
          max_connections: count(connections),
          // Every request that needs a new connection is pending for a moment.
          max_pending_requests: count(hasQueue ? queue * upstreams : connections),
          max_requests: count(most),
          ...retryFields(parts),
        },
      ],
      // HTTP/1.1 has one request on a connection, so that this is what one upstream has at once.
      per_host_thresholds: [
        { max_connections: count(hasQueue ? Math.min(own, config.maxConnections) : config.maxConnections) },
      ],
    },
  };
};
