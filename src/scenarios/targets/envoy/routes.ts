/** Envoy's routes: which cluster, how long, and when another attempt is made. */
import type { HashOn } from '../../../gateway/config/balancing.js';
import type { HedgeConfig, RetryConfig } from '../../../gateway/config/retries.js';
import { DEFAULT_ROUTE, type RouteConfig } from '../../../gateway/config/routing.js';
import { clusterName } from './clusters.js';
import { retryOn, retryStatuses } from './retry-on.js';
import { count, duration, extension, type Fields, type Parts } from './words.js';

/** Another upstream is looked for so many times, when one is drawn that has been tried. */
const HOST_TRIES = 5;

/** What may be sent twice; Envoy by itself sends anything again. */
export const IDEMPOTENT = 'GET|HEAD|OPTIONS|TRACE|PUT|DELETE';

const header = (name: string, regex: string): Fields => ({ name, string_match: { safe_regex: { regex } } });

const noteRetry = (retry: RetryConfig, { losses }: Parts): void => {
  const { conditions, backoff, replay } = retry;
  const alike = (['reset', 'timeout', 'protocol-error'] as const).filter((one) => conditions.includes(one));
  const isWhole = alike.length === 0 || alike.length === 3 || conditions.includes('gateway-error');
  if (!isWhole)
    losses.otherwise(
      ['retry', 'on'],
      'Envoy’s reset is an answer that broke off, that did not come in time and that is no HTTP alike',
    );
  if (backoff.jitter !== 'full') {
    losses.otherwise(
      ['retry', 'backoff', 'jitter'],
      `waits are drawn from the whole of their length, not by ${backoff.jitter}`,
    );
  }
  if (replay.methods === 'every') {
    losses.otherwise(
      ['retry', 'replay', 'methods'],
      'POST and PATCH are not sent again, even where nothing was sent',
    );
  }
};

const retryFields = (retry: RetryConfig, perTryMs: number, parts: Parts): Fields => {
  const { attempts, backoff, retryAfter } = retry;
  noteRetry(retry, parts);
  const codes = retryStatuses(retry);
  const baseMs = Math.max(1, backoff.baseMs);
  return {
    retry_on: retryOn(retry).join(','),
    num_retries: count(attempts - 1),
    per_try_timeout: duration(perTryMs),
    retry_host_predicate: [
      extension(
        'envoy.retry_host_predicates.previous_hosts',
        'envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate',
      ),
    ],
    host_selection_retry_max_attempts: HOST_TRIES,
    ...(codes.length > 0 && { retriable_status_codes: codes }),
    retriable_request_headers: [header(':method', IDEMPOTENT)],
    retry_back_off: {
      base_interval: duration(baseMs),
      max_interval: duration(Math.max(baseMs, backoff.maxMs)),
    },
    ...(retryAfter !== null && {
      rate_limited_retry_back_off: {
        reset_headers: [{ name: 'Retry-After', format: 'SECONDS' }],
        max_interval: duration(Math.max(1, retryAfter.maxMs)),
      },
    }),
  };
};

/** Envoy hedges when an attempt's own time is over, and lets that attempt go on. */
const hedgeFields = (hedge: HedgeConfig, retry: RetryConfig | null, { losses }: Parts): Fields => {
  losses.otherwise(
    ['hedge'],
    'Envoy hedges when the time of an attempt is over, which is hedge.after here, so timeouts.attempt ends none; hedges come out of retry.attempts and its budget',
  );
  return {
    hedge_policy: { hedge_on_per_try_timeout: true },
    retry_policy: {
      ...(retry === null
        ? {
            retry_on: '5xx,reset,connect-failure',
            retriable_request_headers: [header(':method', IDEMPOTENT)],
          }
        : {}),
      num_retries: count(hedge.maxHedges + (retry === null ? 0 : retry.attempts - 1)),
      per_try_timeout: duration(Math.max(1, hedge.delayMs)),
    },
  };
};

const hedgeOf = ({
  state: {
    config: { hedge },
  },
  losses,
}: Parts): HedgeConfig | null => {
  if (hedge === null) return null;
  if (hedge.quantile === null) return hedge;
  losses.missing(['hedge'], 'Envoy hedges after a fixed time only, not after a percentile of what was seen');
  return null;
};

/** Whether there is anything that Envoy would repeat. */
const repeats = ({
  state: {
    config: { retry },
  },
  losses,
}: Parts): boolean => {
  if (retry === null || retryOn(retry).length > 0) return true;
  losses.missing(['retry', 'on'], 'Envoy does not repeat what it has refused itself');
  return false;
};

const attemptFields = (route: RouteConfig, requestMs: number, parts: Parts): Fields => {
  const {
    state: { config },
    note,
  } = parts;
  const retry = route.retry && repeats(parts) ? config.retry : null;
  const hedge = route.retry ? hedgeOf(parts) : null;
  const plain =
    retry !== null
      ? retryFields(retry, config.attemptTimeoutMs, parts)
      : config.attemptTimeoutMs < requestMs
        ? { num_retries: 0, per_try_timeout: duration(config.attemptTimeoutMs) }
        : null;
  if (hedge !== null) {
    const { retry_policy: hedged, ...policy } = hedgeFields(hedge, retry, parts);
    return { ...note('hedge and retry'), ...policy, retry_policy: { ...plain, ...(hedged as Fields) } };
  }
  return plain === null ? {} : { ...note('timeouts.attempt and retry'), retry_policy: plain };
};

const hashPolicy = ({ from, ...rest }: HashOn): Fields | null => {
  const name = 'name' in rest ? rest.name : '';
  switch (from) {
    case 'client':
      return { connection_properties: { source_ip: true } };
    case 'url':
      return { header: { header_name: ':path' } };
    case 'path':
      return {
        header: { header_name: ':path', regex_rewrite: { pattern: { regex: '\\?.*' }, substitution: '' } },
      };
    case 'header':
      return { header: { header_name: name } };
    case 'cookie':
      return { cookie: { name } };
    case 'request':
      return null;
  }
};

const hashFields = ({
  state: {
    config: { balancer, hashOn },
  },
  note,
}: Parts): Fields => {
  if (balancer.name !== 'ring-hash' && balancer.name !== 'maglev') return {};
  const policy = hashPolicy(hashOn);
  return policy === null ? {} : { ...note('hashOn'), hash_policy: [policy] };
};

/** The address without what could not be in a path at all. */
const matchOf = ({ path, methods }: RouteConfig): Fields => ({
  ...(path === '/' || path.endsWith('/') ? { prefix: path } : { path_separated_prefix: path }),
  ...(methods !== null && { headers: [header(':method', methods.join('|'))] }),
});

const routeFields = (route: RouteConfig, cluster: string, parts: Parts): Fields => {
  const {
    state: { config },
    losses,
    note,
  } = parts;
  const match = matchOf(route);
  if (config.profile === 'naive') return { match, route: { cluster } };
  const requestMs = route.timeoutMs ?? config.requestTimeoutMs;
  const idleMs = Math.max(config.bodyTimeoutMs, requestMs + 1_000);
  if (idleMs !== config.bodyTimeoutMs) {
    losses.otherwise(
      ['timeouts', 'body'],
      'a body may stand still for longer than timeouts.request: Envoy’s idle time runs while an answer is awaited too',
    );
  }
  const { retry } = config;
  return {
    ...(route.name === route.path ? {} : { name: route.name }),
    match,
    route: {
      cluster,
      ...note('timeouts.request'),
      timeout: duration(requestMs),
      ...note('timeouts.body'),
      idle_timeout: duration(idleMs),
      ...attemptFields(route, requestMs, parts),
      ...hashFields(parts),
    },
    ...(retry !== null &&
      retryOn(retry).length > 0 &&
      route.retry && { per_request_buffer_limit_bytes: count(retry.replay.maxBytes) }),
  };
};

/** Paths with these never are a request's: they begin its query, or are never sent. */
const NEVER_SENT = /[?#]/;

/** Longest path first: the first that fits takes a request, and what none takes is a 404. */
export const virtualHost = (parts: Parts): Fields => {
  const {
    state: { config },
    losses,
  } = parts;
  const pools = [...new Set((config.routes ?? []).flatMap(({ pool }) => (pool === null ? [] : [pool])))];
  const routes = (config.routes ?? [DEFAULT_ROUTE])
    .map((route, index) => ({ route, index }))
    .toSorted((left, right) => right.route.path.length - left.route.path.length);
  return {
    name: 'all',
    domains: ['*'],
    routes: routes.flatMap(({ route, index }) => {
      if (NEVER_SENT.test(route.path)) {
        losses.missing(
          ['routes', String(index), 'path'],
          'Envoy looks at the path without its query, where this never is',
        );
        return [];
      }
      return [routeFields(route, clusterName(route.pool, pools), parts)];
    }),
  };
};
