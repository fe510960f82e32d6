/** Groups of servers: pools, weights, priorities, drains, and how one of them is chosen. */
import { isIP } from 'node:net';
import { hostAndPort } from '../../../core/http-address.js';
import { takesWeights } from '../../../gateway/balance/balancers.js';
import type { ProxyUpstream } from '../target.js';
import { block } from '../text.js';
import { type Draft, missing, otherwise, type Pool } from './draft.js';
import { type Passive, passiveOf } from './fitness.js';
import { quote, zoneSize } from './words.js';

/** What a server and its checks take in the memory that the worker processes share; generous. */
const SERVER_BYTES = 2048;

/** Idle connections that a worker process keeps; each has a place made ready for it. */
const MAX_IDLE = 1024;

const RANDOM_OF_TWO = 'random two least_conn;';

/** What the balancers are in nginx; `''` is its own round-robin. */
const WAYS = {
  'round-robin': '',
  'weighted-round-robin': '',
  random: 'random;',
  'least-requests': 'least_conn;',
  p2c: RANDOM_OF_TWO,
  'peak-ewma': RANDOM_OF_TWO,
  prequal: RANDOM_OF_TWO,
  'ring-hash': 'hash $hash_key consistent;',
  maglev: 'hash $hash_key consistent;',
} as const satisfies Record<Draft['config']['balancer']['name'], string>;

const headerVariable = (name: string): string => `$http_${name.replaceAll('-', '_')}`;

/** `$hash_key`: what requests that belong together have in common; the client's address where they do not say it. */
const hashKey = ({ config: { hashOn } }: Draft): string[] => {
  const orClient = (variable: string): string[] =>
    block(`map ${variable} $hash_key`, ["'' $remote_addr;", `default ${variable};`]);
  switch (hashOn.from) {
    case 'request':
      return block('map $request_id $hash_key', ['default $request_id;']);
    case 'client':
      return block('map $remote_addr $hash_key', ['default $remote_addr;']);
    case 'url':
      return block('map $request_uri $hash_key', ['default $request_uri;']);
    case 'path':
      return block('map $request_uri $hash_key', ['"~^(?<hash_path>[^?]*)" $hash_path;']);
    case 'header':
      return orClient(headerVariable(hashOn.name));
    case 'cookie':
      if (!hashOn.name.includes('-')) return orClient(`$cookie_${hashOn.name}`);
      // `$cookie_` ends where a hyphen begins.
      return block('map $http_cookie $hash_key', [
        'default $remote_addr;',
        `"~*(?:^|;)\\\\s*${hashOn.name}=(?<hash_cookie>[^;\\\\s]+)" $hash_cookie;`,
      ]);
  }
};

const hasBackups = ({ members }: Pool): boolean => new Set(members.map(({ priority }) => priority)).size > 1;

/** nginx takes backup servers with round-robin and least_conn only. */
const wayOf = (draft: Draft, pool: Pool): string => {
  const { name } = draft.config.balancer;
  const way = WAYS[name];
  if (!hasBackups(pool) || way.startsWith('hash')) return way;
  if (way === RANDOM_OF_TWO) return 'least_conn;';
  return way === 'random;' ? '' : way;
};

const serverLine = (draft: Draft, pool: Pool, upstream: ProxyUpstream, passive: Passive): string => {
  const { config } = draft;
  const { weight, priority, drained, id } = upstream;
  const first = Math.min(...pool.members.map((member) => member.priority));
  const limit = config.concurrency?.algorithm;
  const slots = limit?.name === 'fixed' ? (limit.options as { readonly limit: number }).limit : Infinity;
  return [
    `server ${quote(hostAndPort(upstream))}`,
    ...(weight > 1 && takesWeights(config.balancer.name) ? [`weight=${weight}`] : []),
    `max_fails=${passive.maxFails}`,
    ...(passive.maxFails === 0 ? [] : [`fail_timeout=${passive.failTimeoutSeconds}s`]),
    `max_conns=${Math.min(slots, config.maxConnections)}`,
    ...(priority > first ? ['backup'] : []),
    // A weight of 0 is refused by nginx.
    ...(drained || weight === 0 ? ['down'] : []),
  ]
    .join(' ')
    .concat(`; # ${id}`);
};

const groupBlock = (draft: Draft, pool: Pool, passive: Passive): string[] => {
  const { config } = draft;
  const way = wayOf(draft, pool);
  const first = Math.min(...pool.members.map(({ priority }) => priority));
  const usable = way.startsWith('hash')
    ? pool.members.filter(({ priority }) => priority === first)
    : pool.members;
  const idle = Math.min(MAX_IDLE, config.maxConnections * Math.max(1, usable.length));
  return block(`upstream ${pool.group}`, [
    `zone upstream_${pool.group} ${zoneSize(usable.length, SERVER_BYTES)};`,
    ...(way === '' ? [] : [way]),
    ...usable.map((upstream) => serverLine(draft, pool, upstream, passive)),
    // Without any server nginx refuses the group.
    ...(usable.length === 0 ? ['server 127.0.0.1:1 down; # nobody'] : []),
    ...(config.keepAlive ? [`keepalive ${idle};`] : []),
  ]);
};

/** Losses of the choice that show in every group. */
const loseChoice = (draft: Draft): void => {
  const { name, options } = draft.config.balancer;
  const path = ['balancer'];
  if (name === 'peak-ewma')
    otherwise(draft, path, 'of two drawn at random the less busy is taken; latency is not looked at');
  if (name === 'prequal')
    otherwise(draft, path, 'of two drawn at random the less busy is taken; there are no probes');
  if (name === 'maglev') otherwise(draft, path, 'a ketama ring stands in the place of the table');
  if (name === 'ring-hash' && options.minRingSize !== undefined) {
    otherwise(draft, [...path, 'minRingSize'], 'the ring has 160 points for each unit of weight');
  }
  if (options.balanceFactor !== undefined && WAYS[name].startsWith('hash')) {
    missing(draft, [...path, 'boundedLoad'], 'the load of a hot key is not bounded');
  }
  if (draft.config.slowStart !== null) {
    missing(draft, ['slowStart'], 'a server that comes back gets its whole weight at once');
  }
};

const losePriorities = (draft: Draft): void => {
  const { config, pools } = draft;
  if (config.priorities.panicThreshold > 0) {
    missing(draft, ['priorities', 'panicThreshold'], 'servers that count as failed are never used');
  }
  const split = pools.filter(hasBackups);
  if (split.length === 0) return;
  const { name } = config.balancer;
  if (WAYS[name].startsWith('hash')) {
    missing(
      draft,
      ['upstreams'],
      'nginx has no backup servers where it hashes: only the first priority is used',
    );
    return;
  }
  otherwise(
    draft,
    ['priorities'],
    'backup servers stand in when none of the others is left, not when too few are',
  );
  if (split.some(({ members }) => new Set(members.map(({ priority }) => priority)).size > 2)) {
    otherwise(draft, ['upstreams'], 'all priorities after the first stand in together');
  }
  if (split.some((pool) => wayOf(draft, pool) !== WAYS[name])) {
    const way = name === 'random' ? 'round-robin' : 'least_conn';
    otherwise(draft, ['balancer'], `${way} stands in its place, since random takes no backup servers`);
  }
};

const loseMembers = ({ config, upstreams, losses }: Draft): void => {
  const known = new Set(upstreams.map(({ id }) => id));
  for (const [name, ids] of Object.entries(config.pools)) {
    const strangers = ids.filter((id) => !known.has(id));
    if (strangers.length === 0) continue;
    const text = `there is no ${strangers.map((id) => `"${id}"`).join(', ')}, which nginx is not told of`;
    losses.push({ path: ['pools', name], text, degree: 'missing' });
  }
};

/** Whether nginx has to ask for its servers' addresses while it runs. */
export const isNamed = ({ members }: Pool): boolean => members.some(({ host }) => isIP(host) === 0);

/** Every pool but those whose servers have names that are asked for. */
export const writeGroups = (draft: Draft, groups: readonly Pool[]): void => {
  const { http, config } = draft;
  const hashes = WAYS[config.balancer.name].startsWith('hash');
  if (hashes) http.push('', '# What keeps requests together.', ...hashKey(draft));
  else if (config.hashOn.from !== 'request') {
    missing(draft, ['hashOn'], 'a new config holds for all requests at once, so nobody is kept together');
  }
  const passive = passiveOf(draft);
  for (const pool of groups) {
    const of = pool.name === null ? 'All upstreams.' : `Pool ${JSON.stringify(pool.name)}.`;
    http.push('', `# ${of}`, ...groupBlock(draft, pool, passive));
  }
  loseChoice(draft);
  losePriorities(draft);
  loseMembers(draft);
};
