/** Envoy's clusters: pools with their upstreams, who is chosen, who is fit, and how much they may have. */
import { isIP } from 'node:net';
import type { BalancerName } from '../../../gateway/balance/balancers.js';
import { withShares } from '../destinations.js';
import { resolverOf } from '../resolving.js';
import type { ProxyUpstream } from '../target.js';
import { checkFields, outlierFields } from './fitness.js';
import { limitFields } from './limits.js';
import { count, duration, extension, type Fields, type Parts, percent, typed } from './words.js';

export interface Cluster {
  readonly name: string;
  /** Drained ones too: what they have under way ends. */
  readonly members: readonly ProxyUpstream[];
}

/** What a pool is called; `null`: all upstreams. */
export const clusterName = (pool: string | null, pools: readonly string[]): string => {
  if (pool === null) return 'all';
  return /^[\w-]+$/.test(pool) ? `pool-${pool}` : `other-${pools.indexOf(pool) + 1}`;
};

/** One for each pool that a route leads to. */
export const clustersOf = ({ state: { config, upstreams } }: Parts): Cluster[] => {
  const pools = [...new Set((config.routes ?? [{ pool: null }]).map(({ pool }) => pool))];
  const names = pools.filter((pool) => pool !== null);
  return pools.map((pool) => {
    const ids = pool === null ? null : Object.hasOwn(config.pools, pool) ? config.pools[pool] : [];
    return {
      name: clusterName(pool, names),
      members: withShares(upstreams.filter(({ id }) => ids?.includes(id) ?? true)),
    };
  });
};

const POLICIES: Readonly<Record<BalancerName, string>> = {
  'round-robin': 'ROUND_ROBIN',
  'weighted-round-robin': 'ROUND_ROBIN',
  random: 'RANDOM',
  'least-requests': 'LEAST_REQUEST',
  p2c: 'LEAST_REQUEST',
  'peak-ewma': 'LEAST_REQUEST',
  'ring-hash': 'RING_HASH',
  maglev: 'MAGLEV',
  prequal: 'LEAST_REQUEST',
};

/** Drawn with repetition, so that with three times as many the least busy is among them 19 times out of 20. */
const DRAWS_PER_UPSTREAM = 3;

const MISSING: Partial<Record<BalancerName, string>> = {
  'peak-ewma':
    'Envoy’s own builds have no policy that looks at latencies; the less busy of two at random stands in its place',
  prequal: 'Envoy sends no probes for load; the less busy of two at random stands in its place',
};

/** Envoy's ring and table have an upper bound. */
const MAX_RING_SIZE = 8_388_608;

const slowStart = ({ state: { config }, losses }: Parts, policy: string): Fields => {
  if (config.slowStart === null) return {};
  if (policy !== 'ROUND_ROBIN' && policy !== 'LEAST_REQUEST') {
    losses.missing(['slowStart'], 'Envoy has a slow start with round robin and least requests only');
    return {};
  }
  const { windowMs, minWeightRatio, aggression } = config.slowStart;
  return {
    slow_start_config: {
      slow_start_window: duration(windowMs),
      aggression: { default_value: aggression, runtime_key: 'slow_start.aggression' },
      min_weight_percent: { value: percent(minWeightRatio) },
    },
  };
};

const balancing = ({ members }: Cluster, parts: Parts): Fields => {
  const {
    state: { config },
    losses,
  } = parts;
  const { name, options } = config.balancer;
  const policy = POLICIES[name];
  const missing = MISSING[name];
  if (missing !== undefined) losses.missing(['balancer'], missing);
  const slow = slowStart(parts, policy);
  switch (policy) {
    case 'ROUND_ROBIN':
      return { lb_policy: policy, ...(config.slowStart !== null && { round_robin_lb_config: slow }) };
    case 'LEAST_REQUEST': {
      const choices = name === 'least-requests' ? DRAWS_PER_UPSTREAM * members.length : 2;
      if (name === 'least-requests') {
        losses.otherwise(
          ['balancer'],
          'the least busy of so many drawn at random, not of all; with unequal weights, a weighted turn',
        );
      }
      return { lb_policy: policy, least_request_lb_config: { choice_count: Math.max(2, choices), ...slow } };
    }
    case 'RING_HASH':
      return {
        lb_policy: policy,
        ring_hash_lb_config: { minimum_ring_size: Math.min(options.minRingSize ?? 1_024, MAX_RING_SIZE) },
      };
    case 'MAGLEV':
      return { lb_policy: policy, maglev_lb_config: { table_size: options.tableSize ?? 65_537 } };
    default:
      return { lb_policy: policy };
  }
};

const commonLb = ({
  state: {
    config: { balancer, priorities },
  },
}: Parts): Fields => {
  const { balanceFactor } = balancer.options;
  const isHash = balancer.name === 'ring-hash' || balancer.name === 'maglev';
  return {
    common_lb_config: {
      healthy_panic_threshold: { value: percent(priorities.panicThreshold) },
      ...(priorities.failTrafficOnPanic && { zone_aware_lb_config: { fail_traffic_on_panic: true } }),
      ...(isHash &&
        balanceFactor != null && {
          consistent_hashing_lb_config: { hash_balance_factor: count(balanceFactor * 100) },
        }),
    },
  };
};

const endpoint = ({ host, port, weight, drained }: ProxyUpstream): Fields => {
  const isOut = drained || weight === 0;
  return {
    endpoint: { address: { socket_address: { address: host, port_value: port } } },
    ...(isOut && { health_status: 'DRAINING' }),
    load_balancing_weight: Math.max(1, weight),
  };
};

/** Who is in a cluster, by priority; Envoy wants these without gaps. */
export const loadAssignment = ({ name, members }: Cluster, { state: { config } }: Parts): Fields => {
  const priorities = [...new Set(members.map(({ priority }) => priority))].sort((a, b) => a - b);
  return {
    cluster_name: name,
    endpoints: priorities.map((priority, index) => ({
      priority: index,
      lb_endpoints: members.filter((one) => one.priority === priority).map(endpoint),
    })),
    policy: { overprovisioning_factor: Math.max(1, wholeFactor(config.priorities.overprovisioningFactor)) },
  };
};

const wholeFactor = (factor: number): number => Math.round(factor * 100);

const DEFAULT_CA = '/etc/ssl/certs/ca-certificates.crt';

const upstreamTls = ({ state: { config }, losses, note }: Parts): Fields => {
  if (config.upstreamTls === null) return {};
  const { caPath, name } = config.upstreamTls;
  if (caPath === null)
    losses.otherwise(['upstreamTls'], `authorities that are believed are those in ${DEFAULT_CA}`);
  if (name === null) losses.otherwise(['upstreamTls'], 'without a name, Envoy takes a certificate for any');
  return {
    ...note('upstreamTls'),
    transport_socket: extension(
      'envoy.transport_sockets.tls',
      'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
      {
        ...(name !== null && { sni: name }),
        common_tls_context: {
          validation_context: {
            trusted_ca: { filename: caPath ?? DEFAULT_CA },
            ...(name !== null && {
              match_typed_subject_alt_names: [{ san_type: 'DNS', matcher: { exact: name } }],
            }),
          },
        },
      },
    ),
  };
};

/** An address of a DNS server, with its port. */
const dnsAddress = (text: string): Fields => {
  const [, ipv6, ipv4, port] = /^(?:\[(.+)\]|([^:[\]]+))(?::(\d+))?$/.exec(text) ?? [undefined, text];
  return { socket_address: { address: ipv6 ?? ipv4 ?? text, port_value: Number(port ?? 53) } };
};

const dns = ({ state: { config }, site }: Parts): Fields => {
  const resolver = resolverOf(config, site);
  return {
    type: 'STRICT_DNS',
    dns_lookup_family: 'V4_PREFERRED',
    respect_dns_ttl: true,
    ...(resolver !== null && {
      typed_dns_resolver_config: extension(
        'envoy.network.dns_resolver.cares',
        'envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig',
        { resolvers: [dnsAddress(resolver)] },
      ),
    }),
  };
};

/** Whether its upstreams are addresses, so that a file of its own can hold them. */
export const isAddressed = ({ members }: Cluster): boolean => members.every(({ host }) => isIP(host) !== 0);

/** @param isWatched whether its upstreams stand in a file of their own, which is read again. */
export const clusterFields = (cluster: Cluster, parts: Parts, isWatched: boolean): Fields => {
  const {
    state: { config },
    site,
    note,
  } = parts;
  const hasOwnFile = isWatched && isAddressed(cluster);
  const discovery: Fields = hasOwnFile
    ? { type: 'EDS', eds_cluster_config: { eds_config: watched(site.folder, endpointsFile(cluster)) } }
    : {
        ...(isAddressed(cluster) ? { type: 'STATIC' } : dns(parts)),
        load_assignment: loadAssignment(cluster, parts),
      };
  return {
    name: cluster.name,
    ...(config.profile === 'naive'
      ? discovery
      : {
          ...note('timeouts.connect'),
          connect_timeout: duration(config.connectTimeoutMs),
          ...note('balancer'),
          ...balancing(cluster, parts),
          ...note('priorities'),
          ...commonLb(parts),
          ...discovery,
          ...checkFields(parts),
          ...outlierFields(parts),
          ...limitFields(cluster, parts),
          ...upstreamTls(parts),
          ...keepAlive(parts),
        }),
  };
};

const keepAlive = ({ state: { config }, note }: Parts): Fields =>
  config.keepAlive
    ? {}
    : {
        ...note('keepAlive'),
        typed_extension_protocol_options: {
          'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': typed(
            'envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
            {
              common_http_protocol_options: { max_requests_per_connection: 1 },
              explicit_http_config: { http_protocol_options: {} },
            },
          ),
        },
      };

export const endpointsFile = ({ name }: Cluster): string => `eds-${name}.yaml`;

/** A file that Envoy reads again when another is moved to its place. */
export const watched = (folder: string, file: string): Fields => ({
  path_config_source: { path: `${folder}/${file}` },
  resource_api_version: 'V3',
});
