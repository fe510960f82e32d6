/** Caddy's `reverse_proxy`: who is asked, how they are checked, and when another is tried. */
import { hostAndPort } from '../../../core/http-address.js';
import type { RouteConfig } from '../../../gateway/config/routing.js';
import type { GatewayConfig } from '../../../gateway/config.js';
import type { Share } from '../destinations.js';
import type { Losses } from '../loss-list.js';
import { resolverOf, withDnsPort } from '../resolving.js';
import type { ProxySite } from '../target.js';
import { block } from '../text.js';
import { balance, HASH_FIELD, hashPlaceholder } from './balancing.js';
import { goDuration, quoted, requestPath } from './words.js';

export interface Proxying {
  readonly config: GatewayConfig;
  readonly site: ProxySite;
  readonly losses: Losses;
  /** A comment where somebody reads it. */
  readonly note: (text: string) => readonly string[];
}

/** Caddy's own default. */
const IDLE_MS = 120_000;

/** So many failures are never seen: the limit on requests needs `fail_duration`, and that judges failures too. */
const NEVER = 1_000_000_000;

/** A method that nobody uses: with it, only what was never sent is sent again. */
const NO_METHOD = 'NONE';

const transport = (route: RouteConfig, { config, site, losses, note }: Proxying): string[] => {
  const { connectTimeoutMs, bodyTimeoutMs, maxConnections, upstreamTls } = config;
  const attemptMs = Math.min(config.attemptTimeoutMs, route.timeoutMs ?? config.requestTimeoutMs);
  // The time to read runs on an idle connection too, and would end the next answer before its own time.
  const idleMs = Math.min(IDLE_MS, bodyTimeoutMs - attemptMs);
  const readMs = idleMs >= 1_000 ? bodyTimeoutMs : attemptMs + 1_000;
  if (readMs !== bodyTimeoutMs) {
    losses.otherwise(
      ['timeouts', 'body'],
      `a body may stand still for ${goDuration(readMs)}: Caddy's read_timeout runs while a connection is idle and while an answer is awaited too`,
    );
  }
  const resolver = resolverOf(config, site);
  return block('transport http', [
    ...note('timeouts.connect, timeouts.attempt and timeouts.body'),
    `dial_timeout ${goDuration(connectTimeoutMs)}`,
    `response_header_timeout ${goDuration(attemptMs)}`,
    `read_timeout ${goDuration(readMs)}`,
    ...note('what the client takes is what the upstream is asked for'),
    'compression off',
    config.keepAlive ? `keepalive ${goDuration(Math.max(1_000, idleMs))}` : 'keepalive off',
    ...note('maxConnections: one more waits for one to be free'),
    `max_conns_per_host ${maxConnections}`,
    ...(resolver === null ? [] : [`resolvers ${quoted(withDnsPort(resolver))}`]),
    ...(upstreamTls === null ? [] : ['tls']),
    ...(upstreamTls?.caPath == null ? [] : [`tls_trusted_ca_certs ${quoted(upstreamTls.caPath)}`]),
    ...(upstreamTls?.name == null ? [] : [`tls_server_name ${upstreamTls.name}`]),
  ]);
};

const checks = ({ config: { healthCheck }, losses, note }: Proxying): string[] => {
  if (healthCheck === null) return [];
  const { type, path, intervalMs, timeoutMs, rise, fall } = healthCheck;
  if (type === 'tcp') {
    losses.missing(['healthCheck'], 'Caddy checks by HTTP only, so nobody is checked by a connection');
    return [];
  }
  if (rise !== 1 || fall !== 1) {
    losses.otherwise(
      ['healthCheck'],
      'one good or bad check decides (Caddy 2.6 knows no rise and fall), checks come without jitter, and each reload begins with everybody healthy',
    );
  }
  return [
    ...note('healthCheck'),
    `health_uri ${quoted(requestPath(path))}`,
    `health_interval ${goDuration(intervalMs)}`,
    `health_timeout ${goDuration(timeoutMs)}`,
  ];
};

interface Passive {
  readonly failMs: number;
  readonly maxFails: number;
  /** As `unhealthy_status` has it; '': answers do not count. */
  readonly statuses: string;
}

/** Caddy counts failures over a time. The nearest: as many as make a row, over as long as an ejection lasts. */
const ejection = ({ config: { outlierEjection }, losses }: Proxying): Passive | null => {
  if (outlierEjection === null) return null;
  const { consecutive5xx, consecutiveGatewayFailures, consecutiveLocalOriginFailures } = outlierEjection;
  // Not split, they are gateway failures.
  const localOrigin = outlierEjection.splitLocalOrigin ? consecutiveLocalOriginFailures : null;
  const isEnforced = (row: typeof consecutive5xx): boolean => (row?.enforcedRatio ?? 0) > 0;
  const rows = [consecutive5xx, consecutiveGatewayFailures, localOrigin].flatMap((row) =>
    row !== null && isEnforced(row) ? [row.failures] : [],
  );
  if (rows.length === 0) {
    losses.missing(['outlierEjection'], 'Caddy does not compare upstreams, it only counts failures');
    return null;
  }
  losses.otherwise(
    ['outlierEjection'],
    'failures are counted over baseEjection instead of in a row, an upstream is back when they are that old, no part of the upstreams is spared, and none is compared with the others',
  );
  let statuses = '';
  if (isEnforced(consecutive5xx)) statuses = '5xx';
  else if (isEnforced(consecutiveGatewayFailures)) statuses = '502 503 504';
  return { failMs: outlierEjection.baseEjectionMs, maxFails: Math.min(...rows), statuses };
};

/** @returns how many requests one upstream may have at once; `null`: any number. */
const limitOf = ({ config: { concurrency }, losses }: Proxying): number | null => {
  if (concurrency === null) return null;
  const { algorithm, queue } = concurrency;
  if (algorithm.name !== 'fixed') {
    losses.missing(['concurrency', 'adaptive'], 'Caddy finds no limit by itself');
    return null;
  }
  if (queue > 0) {
    losses.missing(['concurrency', 'queue'], 'nobody waits: what is more than the limit gets 503 at once');
  }
  return algorithm.options.limit;
};

const passive = (proxying: Proxying): string[] => {
  const { note } = proxying;
  const ejecting = ejection(proxying);
  const limit = limitOf(proxying);
  if (ejecting === null && limit === null) return [];
  return [
    ...(ejecting === null ? [] : note('outlierEjection')),
    `fail_duration ${goDuration(ejecting?.failMs ?? 1_000)}`,
    `max_fails ${ejecting?.maxFails ?? NEVER}`,
    ...(ejecting === null || ejecting.statuses === '' ? [] : [`unhealthy_status ${ejecting.statuses}`]),
    ...(limit === null ? [] : [...note('concurrency.limit'), `unhealthy_request_count ${limit}`]),
  ];
};

/** Conditions for which something may have been sent already. */
const AFTER_SENDING = ['reset', 'timeout', 'protocol-error', 'gateway-error', '5xx'] as const;

const retries = (route: RouteConfig, { config, losses, note }: Proxying): string[] => {
  const { retry } = config;
  if (retry === null || !route.retry) return [];
  const { attempts, conditions, statuses, backoff, budget, retryAfter } = retry;
  const requestMs = route.timeoutMs ?? config.requestTimeoutMs;
  const isSentAgain = AFTER_SENDING.some((condition) => conditions.includes(condition));
  if (!conditions.includes('connect-failure') && !conditions.includes('gateway-error')) {
    losses.otherwise(['retry', 'on'], 'a connection that fails is always tried again');
  } else if (isSentAgain || statuses.length > 0) {
    losses.otherwise(
      ['retry', 'on'],
      'only attempts without an answer are made again, whatever went wrong with them; every status is passed on',
    );
  }
  losses.otherwise(
    ['retry'],
    'waits between attempts are all of backoff.base, the next attempt may go to the same upstream, and a request with a body gets no second one: its body is gone',
  );
  losses.otherwise(['timeouts', 'request'], 'an attempt that has begun within it ends by its own time');
  if (budget.name !== 'unlimited') losses.missing(['retry', 'budget'], 'nothing bounds retries');
  if (retryAfter !== null)
    losses.missing(['retry', 'retryAfter'], 'Retry-After is passed on, not waited for');
  return [
    ...note('retry'),
    `lb_retries ${attempts - 1}`,
    `lb_try_duration ${goDuration(requestMs)}`,
    `lb_try_interval ${goDuration(Math.max(1, backoff.baseMs))}`,
    ...block('lb_retry_match', [`method ${isSentAgain ? 'GET HEAD OPTIONS TRACE' : NO_METHOD}`]),
  ];
};

/** @param shares who is asked, at least one. */
export const reverseProxy = (shares: readonly Share[], route: RouteConfig, proxying: Proxying): string[] => {
  const { config, site, note, losses } = proxying;
  const { policy, turns } = balance(shares, config, losses);
  const to = turns.map(({ upstream }) => hostAndPort(upstream));
  if (config.profile === 'naive') return [`reverse_proxy ${to.join(' ')}`];
  return block(`reverse_proxy ${to.join(' ')}`, [
    ...note('balancer'),
    `lb_policy ${policy}`,
    ...retries(route, proxying),
    ...checks(proxying),
    ...passive(proxying),
    ...(config.listener.forwarded.trust
      ? [...note('listener.trustForwarded'), 'trusted_proxies 0.0.0.0/0 ::/0']
      : []),
    ...(hashPlaceholder(config) === null ? [] : [`header_up -${HASH_FIELD}`]),
    ...(site.purpose === 'run' ? ['header_down -x-ray-id'] : []),
    ...transport(route, proxying),
  ]);
};
