/** Clusters as pools, servers, and what the section says of all upstreams at once. */
import type { GatewaySection } from '../../../../gateway/config.js';
import type { ImportedServer } from '../../imported.js';
import { type Cursor, durationText, percentText } from './cursor.js';
import { readChecks, readOutliers } from './fitness.js';

/** What is read so far; each part of it is written by whoever understands it. */
export type Draft = { -readonly [Key in keyof GatewaySection]: GatewaySection[Key] };

/** Servers by their address, with the names that the section gives them. */
export class Servers {
  readonly #servers = new Map<string, ImportedServer>();
  readonly upstreams: Record<string, { weight?: number; priority?: number }> = {};

  get all(): readonly ImportedServer[] {
    return [...this.#servers.values()];
  }

  /** @returns its id; the first place that names it decides on its weight. */
  add(address: string, weight: number, priority: number): { readonly id: string; readonly isNew: boolean } {
    const known = this.#servers.get(address);
    if (known !== undefined) return { id: known.id, isNew: false };
    const id = `worker-${this.#servers.size + 1}`;
    this.#servers.set(address, { id, address });
    if (weight !== 1 || priority !== 0) {
      this.upstreams[id] = { ...(weight !== 1 && { weight }), ...(priority !== 0 && { priority }) };
    }
    return { id, isNew: true };
  }
}

const readEndpoint = (endpoint: Cursor, priority: number, servers: Servers): string | null => {
  const address = endpoint.at('endpoint', 'address', 'socket_address');
  const host = address.at('address').text;
  const port = address.at('port_value').number;
  if (host === null || port === null) {
    endpoint.lost('an upstream is an address with a port');
    return null;
  }
  const isDrained = endpoint.at('health_status').text === 'DRAINING';
  const weight = isDrained ? 0 : (endpoint.at('load_balancing_weight').number ?? 1);
  const { id, isNew } = servers.add(
    host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
    weight,
    priority,
  );
  address.at('address').understood(`server ${id}`);
  address.at('port_value').understood(`server ${id}`);
  for (const key of ['load_balancing_weight', 'health_status']) {
    if (isNew) endpoint.at(key).understood(`upstreams.${id}.weight: ${weight}`);
    else endpoint.at(key).nearly(`${id} is in another cluster too; the first says its weight`);
  }
  return id;
};

/** @returns ids of its servers. */
export const readEndpoints = (cluster: Cursor, servers: Servers): string[] => {
  const assignment = cluster.at('load_assignment');
  assignment.at('cluster_name').ignored('names the cluster');
  const type = cluster.at('type');
  if (type.text === 'EDS' || type.text === 'ORIGINAL_DST') type.lost('its upstreams are not in this file');
  else type.ignored('how upstreams are found');
  return assignment.at('endpoints').items.flatMap((locality) => {
    const priority = locality.at('priority').number ?? 0;
    locality.at('priority').understood(`priority: ${priority} of its upstreams`);
    return locality.at('lb_endpoints').items.flatMap((one) => readEndpoint(one, priority, servers) ?? []);
  });
};

const BALANCERS: Readonly<Record<string, NonNullable<GatewaySection['balancer']>>> = {
  ROUND_ROBIN: 'round-robin',
  RANDOM: 'random',
  LEAST_REQUEST: 'p2c',
  RING_HASH: 'ring-hash',
  MAGLEV: 'maglev',
};

const readSlowStart = (config: Cursor, draft: Draft): void => {
  const slow = config.at('slow_start_config');
  const windowMs = slow.at('slow_start_window').durationMs;
  if (windowMs === null || windowMs === 0) return;
  const aggression = slow.at('aggression', 'default_value').number;
  const least = slow.at('min_weight_percent', 'value').number;
  draft.slowStart = {
    window: durationText(windowMs),
    ...(aggression !== null && { aggression }),
    ...(least !== null && { minWeight: percentText(least) }),
  };
  slow.understood(`slowStart: ${JSON.stringify(draft.slowStart)}`);
};

/** @param hasWeights whether some server has more than another. */
export const readBalancer = (cluster: Cursor, hasWeights: boolean, draft: Draft): void => {
  const policy = cluster.at('lb_policy');
  const name = policy.text ?? 'ROUND_ROBIN';
  cluster.at('load_balancing_policy').lost('only lb_policy is read');
  const known = BALANCERS[name];
  if (known === undefined) {
    policy.lost(`the section has no balancer like ${name}`);
    return;
  }
  readSlowStart(cluster.at('round_robin_lb_config'), draft);
  readSlowStart(cluster.at('least_request_lb_config'), draft);
  const isWeighed = hasWeights || draft.slowStart !== undefined;
  if (name === 'ROUND_ROBIN') draft.balancer = isWeighed ? 'weighted-round-robin' : 'round-robin';
  else if (name === 'LEAST_REQUEST') {
    const choices = cluster.at('least_request_lb_config', 'choice_count');
    draft.balancer = isWeighed || (choices.number ?? 2) > 2 ? 'least-requests' : 'p2c';
    if (draft.balancer === 'p2c') choices.understood('balancer: p2c');
    else choices.nearly('balancer: least-requests, of all upstreams');
  } else if (name === 'RANDOM') draft.balancer = 'random';
  else {
    const minRingSize = cluster.at('ring_hash_lb_config', 'minimum_ring_size');
    const tableSize = cluster.at('maglev_lb_config', 'table_size');
    const factor = cluster.at('common_lb_config', 'consistent_hashing_lb_config', 'hash_balance_factor');
    draft.balancer = {
      name: name === 'MAGLEV' ? 'maglev' : 'ring-hash',
      ...(name !== 'MAGLEV' && minRingSize.number !== null && { minRingSize: minRingSize.number }),
      ...(name === 'MAGLEV' && tableSize.number !== null && { tableSize: tableSize.number }),
      ...(factor.number !== null && factor.number > 0 && { boundedLoad: percentText(factor.number) }),
    };
    for (const option of [minRingSize, tableSize, factor]) option.understood('balancer');
  }
  policy.understood(`balancer: ${JSON.stringify(draft.balancer)}`);
};

const readPriorities = (cluster: Cursor, draft: Draft): void => {
  const panic = cluster.at('common_lb_config', 'healthy_panic_threshold', 'value');
  const fail = cluster.at('common_lb_config', 'zone_aware_lb_config', 'fail_traffic_on_panic');
  const factor = cluster.at('load_assignment', 'policy', 'overprovisioning_factor');
  const isThere = cluster.at('common_lb_config', 'healthy_panic_threshold').isThere;
  draft.priorities = {
    // Envoy's own is 50 %, and a message without a value says 0.
    panicThreshold: percentText(panic.number ?? (isThere ? 0 : 50)),
    ...(fail.value === true && { failTrafficOnPanic: true }),
    ...(factor.number !== null && { overprovisioning: percentText(factor.number) }),
  };
  panic.understood('priorities.panicThreshold');
  fail.understood('priorities.failTrafficOnPanic');
  factor.understood('priorities.overprovisioning');
};

/** What stands for no limit at all. */
const UNLIMITED = 2 ** 32 - 1;

const readRetryBudget = (threshold: Cursor, draft: Draft): void => {
  const budget = threshold.at('retry_budget');
  const most = threshold.at('max_retries');
  const { retry } = draft;
  if (retry === undefined) {
    budget.ignored('nothing is sent again');
    most.ignored('nothing is sent again');
    return;
  }
  if (budget.isThere) {
    const ratio = percentText(budget.at('budget_percent', 'value').number ?? 20);
    const minConcurrent = budget.at('min_retry_concurrency').number ?? 3;
    draft.retry = { ...retry, budget: { type: 'concurrent', ratio, minConcurrent } };
    budget.understood(`retry.budget: ${JSON.stringify(draft.retry.budget)}`);
  } else if (most.number !== null && most.number >= UNLIMITED) {
    draft.retry = { ...retry, budget: { type: 'unlimited' } };
  } else {
    const minConcurrent = most.number ?? 3;
    draft.retry = { ...retry, budget: { type: 'concurrent', ratio: '0%', minConcurrent } };
  }
  most.understood(`retry.budget: ${JSON.stringify(draft.retry.budget)}`);
};

/** @param servers how many a cluster has; @param isOnly whether there is no other cluster. */
const readLimits = (cluster: Cursor, servers: number, isOnly: boolean, draft: Draft): void => {
  const breakers = cluster.at('circuit_breakers');
  const [threshold, ...more] = breakers.at('thresholds').items;
  for (const other of more) other.lost('one threshold is read: the section knows no priorities of requests');
  const perHost = breakers.at('per_host_thresholds', 0, 'max_connections');
  if (perHost.number !== null && perHost.number >= 1) draft.maxConnections = perHost.number;
  perHost.understood(`maxConnections: ${perHost.number}`);
  const limits = threshold ?? breakers.at('thresholds', 0);
  const connections = limits.at('max_connections');
  if (perHost.isThere) connections.ignored('maxConnections is what one upstream may have');
  else if (connections.number !== null) {
    draft.maxConnections = Math.max(1, Math.ceil(connections.number / Math.max(1, servers)));
    connections.nearly(`maxConnections: ${draft.maxConnections}, an even part of it for each upstream`);
  }
  const requests = limits.at('max_requests');
  const most = requests.number;
  if (most === null || most >= UNLIMITED) requests.ignored('no limit at all');
  else if (draft.globalConcurrency !== undefined) {
    requests.lost('globalConcurrency is the adaptive limit, and there is one of them');
  } else if (isOnly) {
    draft.globalConcurrency = { limit: Math.max(1, most) };
    requests.understood(`globalConcurrency.limit: ${most}`);
  } else {
    draft.concurrency = { limit: Math.max(1, Math.ceil(most / Math.max(1, servers))) };
    requests.nearly(`concurrency.limit: ${draft.concurrency.limit}, an even part of it for each upstream`);
  }
  if (limits.at('max_pending_requests').number === connections.number) {
    limits.at('max_pending_requests').ignored('as many as connections: nobody waits longer than one takes');
  } else limits.at('max_pending_requests').lost('nobody waits for a connection here: more is refused');
  readRetryBudget(limits, draft);
};

const readTls = (cluster: Cursor, draft: Draft): void => {
  const socket = cluster.at('transport_socket');
  const context = socket.at('typed_config');
  if (!socket.isThere) return;
  if (context.type !== 'UpstreamTlsContext') {
    socket.lost('only TLS to upstreams is read');
    return;
  }
  const validation = context.at('common_tls_context', 'validation_context');
  const ca = validation.at('trusted_ca', 'filename');
  const name =
    validation.at('match_typed_subject_alt_names', 0, 'matcher', 'exact').text ?? context.at('sni').text;
  draft.upstreamTls = { ...(ca.text !== null && { ca: ca.text }), ...(name !== null && { name }) };
  ca.understood(`upstreamTls.ca: ${ca.text}`);
  context.at('sni').understood(`upstreamTls.name: ${name}`);
  validation.at('match_typed_subject_alt_names').understood(`upstreamTls.name: ${name}`);
};

const HTTP_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

const readConnections = (cluster: Cursor, draft: Draft): void => {
  const connect = cluster.at('connect_timeout');
  // Envoy's own default.
  draft.timeouts = { ...draft.timeouts, connect: durationText(connect.durationMs ?? 5_000) };
  connect.understood(`timeouts.connect: ${draft.timeouts.connect}`);
  const options = cluster.at('typed_extension_protocol_options', HTTP_OPTIONS);
  const requests = options.at('common_http_protocol_options', 'max_requests_per_connection');
  if (requests.number === 1) {
    draft.keepAlive = 'off';
    requests.understood('keepAlive: off');
  }
  options
    .at('explicit_http_config', 'http_protocol_options')
    .understood('HTTP/1.1 to upstreams, as it is here');
  const dns = cluster.at('typed_dns_resolver_config', 'typed_config', 'resolvers', 0, 'socket_address');
  if (dns.isThere) {
    const [address, port] = [dns.at('address').text ?? '', dns.at('port_value').number ?? 53];
    draft.names = { resolver: address.includes(':') ? `[${address}]:${port}` : `${address}:${port}` };
    dns.understood(`names.resolver: ${draft.names.resolver}`);
  }
  cluster.at('dns_lookup_family').ignored('which addresses of a name are taken');
  cluster.at('respect_dns_ttl').ignored('names are asked for again as their TTL says, here too');
};

/** What the section says of all upstreams at once, as one cluster says it. */
export const readCluster = (cluster: Cursor, ids: readonly string[], isOnly: boolean, draft: Draft): void => {
  readConnections(cluster, draft);
  readPriorities(cluster, draft);
  readChecks(cluster, draft);
  readOutliers(cluster, draft);
  readLimits(cluster, ids.length, isOnly, draft);
  readTls(cluster, draft);
};
