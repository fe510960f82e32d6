/** `envoy.yaml` as a section: static listeners, their routes, and the clusters that these lead to. */
import { DocumentError, readDocument } from '../../../../core/document/document.js';
import type { GatewaySection } from '../../../../gateway/config.js';
import type { ImportConfig, Imported } from '../../imported.js';
import { type Draft, readBalancer, readCluster, readEndpoints, Servers } from './clusters.js';
import { type Cursor, durationText, Reading } from './cursor.js';
import { readFilters } from './filters.js';
import { ENDLESS_MS, type ReadRoute, readRoutes, requestMs, requestTime } from './routes.js';

const MANAGER = 'HttpConnectionManager';

/** Each connection manager of a listener. */
const managersOf = (listener: Cursor): Cursor[] =>
  listener
    .at('filter_chains')
    .items.flatMap((chain) => chain.at('filters').items)
    .map((filter) => filter.at('typed_config'))
    .filter(({ type }) => type === MANAGER);

/** Its own, where a file says nothing. */
const HEADERS_KIB = 60;
const IDLE_MS = 3_600_000;

const readListener = (listener: Cursor, manager: Cursor, draft: Draft): void => {
  listener.at('address').ignored('where it listens is for whoever starts it to say');
  const kib = manager.at('max_request_headers_kb');
  const idle = manager.at('common_http_protocol_options', 'idle_timeout');
  const header = manager.at('request_headers_timeout');
  draft.listener = {
    maxHeaders: `${kib.number ?? HEADERS_KIB}KiB`,
    keepAlive: durationText(idle.durationMs || IDLE_MS),
    ...(header.durationMs !== null &&
      header.durationMs > 0 && { headerTimeout: durationText(header.durationMs) }),
  };
  kib.understood(`listener.maxHeaders: ${draft.listener.maxHeaders}`);
  idle.understood(`listener.keepAlive: ${draft.listener.keepAlive}`);
  header.understood(`listener.headerTimeout: ${draft.listener.headerTimeout}`);
  for (const chain of listener.at('filter_chains').items) {
    chain.at('transport_socket').lost('files of certificates are elsewhere: give listener.tls to have HTTPS');
    for (const filter of chain.at('filters').items) {
      const most = filter.at('typed_config', 'max_connections');
      if (filter.at('typed_config').type !== 'ConnectionLimit' || most.number === null) continue;
      draft.listener = { ...draft.listener, maxConnections: Math.max(1, most.number) };
      most.understood(`listener.maxConnections: ${most.number}`);
      filter.at('typed_config', 'stat_prefix').ignored('names statistics');
    }
  }
  const plain = [
    ...['stat_prefix', 'codec_type', 'access_log', 'server_name', 'server_header_transformation'],
    ...['use_remote_address', 'internal_address_config', 'xff_num_trusted_hops', 'skip_xff_append'],
    ...[
      'generate_request_id',
      'preserve_external_request_id',
      'always_set_request_id_in_response',
      'tracing',
    ],
    ...['normalize_path', 'merge_slashes', 'path_with_escaped_slashes_action', 'http_protocol_options'],
  ];
  for (const key of plain) manager.at(key).ignored('a name, a log, or how a request is read');
  manager.at('rds').lost('its routes are not in this file');
};

/** The header that tells upstreams how long they have; Envoy's own where the file adds none. */
const readDeadline = (config: Cursor): string => {
  for (const added of config.at('request_headers_to_add').items) {
    const key = added.at('header', 'key').text ?? '';
    const value = added.at('header', 'value').text ?? '';
    if (/^[A-Za-z0-9-]+$/.test(key) && /^\d+$/.test(value) && /timeout|deadline/i.test(key)) {
      added.nearly(`deadlineHeader: ${key}, with what is left of the time`);
      return key;
    }
    added.lost('the section adds no fields of its own');
  }
  return 'x-envoy-expected-rq-timeout-ms';
};

type Route = NonNullable<GatewaySection['routes']>[number];

/** What the section says of all requests: as the route does that takes what no other takes, or else the first. */
const readTimes = (routes: readonly ReadRoute[], streamIdle: Cursor, draft: Draft): ReadRoute | undefined => {
  const main = routes.find(({ path, methods }) => path === '/' && methods === null) ?? routes[0];
  if (main === undefined) return undefined;
  const request = requestTime(main);
  const first = routes.find(({ attempt }) => attempt !== null) ?? main;
  const retried = routes.find(({ retry }) => retry !== null);
  const hedged = routes.find(({ hedge }) => hedge !== null);
  const ownMs = main.idle.durationMs;
  const bodyMs = ownMs ?? streamIdle.durationMs;
  draft.timeouts = {
    request,
    attempt: first.attempt ?? request,
    ...(bodyMs !== null && { body: durationText(bodyMs || ENDLESS_MS) }),
  };
  if (retried?.retry) draft.retry = retried.retry;
  if (hedged?.hedge) draft.hedge = hedged.hedge;
  for (const route of routes) {
    const { timeout, idle, path } = route;
    if (!sameAttempts(route, draft)) {
      route.policy.lost('the section has one way to make attempts; that of another route is taken');
    }
    if (timeout.durationMs === 0) timeout.nearly('a day: the section has no time without an end');
    else timeout.understood(`time of requests below ${path}`);
    if (idle.durationMs === ownMs) idle.understood(`timeouts.body: ${draft.timeouts.body}`);
    else idle.lost(`the section has one time for all bodies, that of ${main.path}`);
  }
  if (ownMs === null) streamIdle.understood(`timeouts.body: ${draft.timeouts.body}`);
  else streamIdle.ignored('routes have a time of their own');
  return main;
};

const routeOf = (route: ReadRoute, main: ReadRoute, pool: string | null, draft: Draft): Route => {
  const isRepeated = route.retry !== null || route.hedge !== null;
  const mayRepeat = draft.retry !== undefined || draft.hedge !== undefined;
  return {
    ...(route.name !== null && route.name !== '' && { name: route.name }),
    path: route.path,
    ...(route.methods !== null && { methods: [...route.methods] }),
    ...(pool !== null && { pool }),
    ...(requestMs(route) !== requestMs(main) && { timeout: requestTime(route) }),
    ...(mayRepeat && !isRepeated && { retry: 'off' as const }),
  };
};

const sameAttempts = ({ retry, attempt, hedge }: ReadRoute, draft: Draft): boolean =>
  (retry === null || JSON.stringify(retry) === JSON.stringify(draft.retry)) &&
  (hedge === null || JSON.stringify(hedge) === JSON.stringify(draft.hedge)) &&
  (attempt === null || attempt === draft.timeouts?.attempt);

/** Clusters that routes lead to, with the ids of their servers. */
const readPools = (
  clusters: readonly Cursor[],
  routes: readonly ReadRoute[],
  servers: Servers,
): Map<string, readonly string[]> => {
  const used = new Set(routes.map(({ cluster }) => cluster));
  const pools = new Map<string, readonly string[]>();
  for (const cluster of clusters) {
    const name = cluster.at('name').text ?? '';
    if (!used.has(name)) cluster.ignored('no route leads to it');
    else pools.set(name, readEndpoints(cluster, servers));
  }
  return pools;
};

/** What other clusters say of all upstreams has to be what the first says. */
const readOthers = (clusters: readonly Cursor[], first: Cursor): void => {
  const own = ['name', 'load_assignment', 'type', 'connect_timeout'];
  for (const cluster of clusters) {
    for (const key of cluster.keys.filter((name) => !own.includes(name) || name === 'connect_timeout')) {
      const part = cluster.at(key);
      const isSame = JSON.stringify(part.value) === JSON.stringify(first.at(key).value);
      if (isSame) part.understood(`as cluster ${first.at('name').text} has it`);
      else part.lost(`the section has one for all; that of cluster ${first.at('name').text} is taken`);
    }
    const factor = cluster.at('load_assignment', 'policy', 'overprovisioning_factor');
    factor.understood('priorities.overprovisioning');
  }
};

const readRouting = (
  routes: readonly ReadRoute[],
  main: ReadRoute,
  { pools, servers }: { readonly pools: ReadonlyMap<string, readonly string[]>; readonly servers: Servers },
  draft: Draft,
): void => {
  const isWhole = (name: string): boolean => pools.get(name)?.length === servers.all.length;
  if (routes.length === 1 && main.path === '/' && main.methods === null && isWhole(main.cluster)) return;
  const poolOf = (name: string): string | null => (isWhole(name) ? null : name);
  draft.routes = routes.map((route) => routeOf(route, main, poolOf(route.cluster), draft));
  const named = [...new Set(routes.map(({ cluster }) => cluster))].filter((name) => poolOf(name) !== null);
  if (named.length > 0) {
    draft.pools = Object.fromEntries(
      named.map((name) => [name, { upstreams: [...(pools.get(name) ?? [])] }]),
    );
  }
};

const readWhole = (statics: Cursor, servers: Servers, draft: Draft): void => {
  const listeners = statics.at('listeners').items;
  const listener = listeners.find((one) => managersOf(one).length > 0);
  for (const other of listeners) {
    if (other !== listener) other.lost('one listener of HTTP is read');
  }
  const [manager, ...more] = listener === undefined ? [] : managersOf(listener);
  for (const other of more) other.lost('one connection manager is read');
  if (listener === undefined || manager === undefined) return;
  const config = manager.at('route_config');
  readListener(listener, manager, draft);
  draft.deadlineHeader = readDeadline(config);
  const routes = readRoutes(config);
  const main = readTimes(routes, manager.at('stream_idle_timeout'), draft);
  if (main === undefined) return;
  draft.statusDialect = 'envoy';
  readFilters(manager, draft);
  const clusters = statics.at('clusters').items;
  const pools = readPools(clusters, routes, servers);
  const read = clusters.filter((cluster) => pools.has(cluster.at('name').text ?? ''));
  const first = read.find((cluster) => cluster.at('name').text === main.cluster) ?? read[0];
  if (first !== undefined) {
    const hasWeights = Object.values(servers.upstreams).some(({ weight = 1 }) => weight > 1);
    readBalancer(first, hasWeights, draft);
    readCluster(first, pools.get(first.at('name').text ?? '') ?? [], read.length === 1, draft);
    readOthers(
      read.filter((cluster) => cluster !== first),
      first,
    );
  }
  const hashOn = routes.find((route) => route.hashOn !== null)?.hashOn;
  const isHashed = typeof draft.balancer === 'object';
  // Without a policy to hash by, Envoy draws at random.
  if (hashOn != null || isHashed) draft.hashOn = hashOn ?? 'request';
  if (Object.keys(servers.upstreams).length > 0) draft.upstreams = servers.upstreams;
  readRouting(routes, main, { pools, servers }, draft);
};

/** @throws DocumentError where it is no YAML, or no config of Envoy's. */
export const importEnvoy: ImportConfig = (text, file): Imported => {
  const { value, positions } = readDocument(text, file);
  const reading = new Reading(value, positions);
  const { root } = reading;
  const statics = root.at('static_resources');
  if (!statics.isThere) {
    const message =
      'there are no static_resources: listeners and clusters that Envoy is told elsewhere are not in this file';
    throw new DocumentError(file, [{ path: '', line: 1, column: 1, message }]);
  }
  for (const key of ['admin', 'node', 'stats_sinks', 'stats_config', 'stats_flush_interval', 'tracing']) {
    root.at(key).ignored('it does not change how requests fare');
  }
  root.at('dynamic_resources').lost('what Envoy is told elsewhere is not in this file');
  const servers = new Servers();
  const draft: Draft = {};
  readWhole(statics, servers, draft);
  return { section: draft, servers: servers.all, lines: reading.lines() };
};
