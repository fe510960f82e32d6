/**
 * Servers with names. A group of open-source nginx 1.22 asks for the names of its servers when it starts, and does not
 * start where one has no address. What it can ask for while it runs is a name in a variable, so each request draws one.
 */
import { hostAndPort } from '../../../core/http-address.js';
import { resolverOf } from '../resolving.js';
import type { ProxyUpstream } from '../target.js';
import { block } from '../text.js';
import { type Draft, missing, otherwise, type Pool } from './draft.js';
import { isNamed } from './groups.js';
import { quote, time } from './words.js';

/** nginx's shares have two decimals, and none may be 0. */
const share = (weight: number, total: number): string =>
  `${Math.max(0.01, Math.floor((weight / total) * 10_000) / 100)}%`;

const drawLines = (pool: Pool, members: readonly ProxyUpstream[], key: string): string[] => {
  const total = members.reduce((sum, { weight }) => sum + weight, 0);
  const last = members.length - 1;
  return block(
    `split_clients "${key}" $drawn_${pool.group.replace(/[.-]/g, '_')}`,
    members.map(
      (upstream, index) =>
        `${index === last ? '*' : share(upstream.weight, total)} ${quote(hostAndPort(upstream))}; # ${upstream.id}`,
    ),
  );
};

/** Whoever may get something: of the first priority in which there is anybody. */
const inUse = ({ members }: Pool): ProxyUpstream[] => {
  const ready = members.filter(({ drained, weight }) => !drained && weight > 0);
  const first = Math.min(...ready.map(({ priority }) => priority));
  return ready.filter(({ priority }) => priority === first);
};

/** Keys of the section that need a group. */
const NEED_A_GROUP = ['retry', 'healthCheck', 'outlierEjection', 'breaker', 'concurrency'] as const;

/** Called when everything else has said what it loses. */
export const loseGroups = (draft: Draft): void => {
  const { config, losses } = draft;
  otherwise(
    draft,
    ['balancer'],
    'servers have names, which nginx asks for only one at a time: one is drawn by chance',
  );
  for (const key of NEED_A_GROUP) {
    if (config[key] === null) continue;
    // Said of groups, of which there are none.
    for (let at = losses.length - 1; at >= 0; at--) if (losses[at]?.path[0] === key) losses.splice(at, 1);
    missing(draft, [key], 'servers have names, and nginx has one at a time, without a group to choose from');
  }
  if (config.keepAlive) otherwise(draft, ['keepAlive'], 'without a group no connection is kept');
  if (config.names?.serveStale) missing(draft, ['names', 'serveStale'], 'past its TTL no address is used');
};

/** A pool as a group has it: names that are asked for while nginx runs may not stand in one, not even of those who are down. */
export const asGroup = (draft: Draft, pool: Pool): Pool =>
  isNamed(pool) && resolverOf(draft.config, draft.site) !== null ? { ...pool, members: [] } : pool;

/** Where a request to a pool goes: `proxy_pass` without the scheme. */
export type Targets = ReadonlyMap<Pool, string>;

/**
 * @param named pools whose servers have names, not addresses.
 * @returns where they lead to.
 */
export const writeNamed = (draft: Draft, named: readonly Pool[]): Targets => {
  const { config, http } = draft;
  const resolver = resolverOf(config, draft.site);
  if (named.length === 0) return new Map();
  if (resolver === null) {
    otherwise(draft, ['names'], 'servers’ names are asked for once, when nginx reads its config');
    return new Map();
  }
  http.push(
    '',
    '# Names of servers are asked for while nginx runs, for as long as their TTL says.',
    `resolver ${quote(/^[^:]*:[^:]*:/.test(resolver) && !resolver.startsWith('[') ? `[${resolver}]` : resolver)} ipv6=off;`,
    `resolver_timeout ${time(config.names?.timeoutMs ?? 300)};`,
  );
  const hashes = config.balancer.name === 'ring-hash' || config.balancer.name === 'maglev';
  const targets = new Map<Pool, string>();
  for (const pool of named) {
    const members = inUse(pool);
    if (members.length === 0) continue;
    http.push(...drawLines(pool, members, hashes ? '$hash_key' : '$request_id'));
    targets.set(pool, `$drawn_${pool.group.replace(/[.-]/g, '_')}`);
  }
  return targets;
};
