/** Who is chosen, and by what: Caddy's `lb_policy` and the order of upstreams. */
import type { BalancerName } from '../../../gateway/balance/balancers.js';
import type { GatewayConfig } from '../../../gateway/config.js';
import { reduceWeights, type Share } from '../destinations.js';
import type { Losses } from '../loss-list.js';

/** A field that exists between Caddy's own directives only: what is hashed stands in it. */
export const HASH_FIELD = 'x-hash-key';

/** An upstream is named so many times in all, at most: each name of it is checked for health. */
const MAX_TURNS = 64;

interface Choice {
  readonly policy: string;
  /** What naming an upstream more than once does: it gets as many turns, it wins ties, or nothing. */
  readonly weights: 'turns' | 'ties' | 'none';
  /** What there is none of, with what stands in its place. */
  readonly missing?: string;
}

const TWO_AT_RANDOM = 'random_choose 2';

const CHOICES: Readonly<Record<Exclude<BalancerName, 'ring-hash' | 'maglev'>, Choice>> = {
  'round-robin': { policy: 'round_robin', weights: 'turns' },
  'weighted-round-robin': { policy: 'round_robin', weights: 'turns' },
  random: { policy: 'random', weights: 'turns' },
  'least-requests': { policy: 'least_conn', weights: 'ties' },
  p2c: { policy: TWO_AT_RANDOM, weights: 'turns' },
  'peak-ewma': {
    policy: TWO_AT_RANDOM,
    weights: 'turns',
    missing: 'no policy of Caddy looks at latencies; the less busy of two at random stands in its place',
  },
  prequal: {
    policy: TWO_AT_RANDOM,
    weights: 'turns',
    missing: 'Caddy sends no probes for load; the less busy of two at random stands in its place',
  },
};

/** What a request is hashed by, when it is not a word of Caddy's: a placeholder that stands in a field for it. */
export const hashPlaceholder = ({ balancer, hashOn }: GatewayConfig): string | null => {
  if (balancer.name !== 'ring-hash' && balancer.name !== 'maglev') return null;
  if (hashOn.from === 'path') return '{http.request.uri.path}';
  return hashOn.from === 'cookie' ? `{http.request.cookie.${hashOn.name}}` : null;
};

const hashPolicy = ({ hashOn }: GatewayConfig): string => {
  switch (hashOn.from) {
    case 'request':
      return 'random';
    case 'client':
      return 'ip_hash';
    case 'url':
      return 'uri_hash';
    case 'header':
      return `header ${hashOn.name}`;
    default:
      return `header ${HASH_FIELD}`;
  }
};

const choiceOf = (config: GatewayConfig, losses: Losses): Choice => {
  const { name, options } = config.balancer;
  if (name !== 'ring-hash' && name !== 'maglev') return CHOICES[name];
  if (options.balanceFactor != null) {
    losses.missing(['balancer', 'boundedLoad'], 'Caddy hashes without regard to how busy an upstream is');
  }
  losses.otherwise(
    ['balancer'],
    `Caddy hashes by rendezvous, not by ${name}: as steady, with other upstreams for the same keys`,
  );
  return { policy: hashPolicy(config), weights: hashPolicy(config) === 'random' ? 'turns' : 'none' };
};

/** Nginx's smooth turns: nobody gets his all at once. */
const layOut = (shares: readonly Share[], weights: readonly number[]): Share[] => {
  const credits = weights.map(() => 0);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return Array.from({ length: total }, () => {
    for (const [index, weight] of weights.entries()) credits[index] = (credits[index] ?? 0) + weight;
    const next = credits.indexOf(Math.max(...credits));
    credits[next] = (credits[next] ?? 0) - total;
    return shares[next]!;
  });
};

export interface Balanced {
  /** Behind `lb_policy`. */
  readonly policy: string;
  /** In the order in which Caddy is given them; who has more weight is named more often. */
  readonly turns: readonly Share[];
}

export const balance = (shares: readonly Share[], config: GatewayConfig, losses: Losses): Balanced => {
  const { policy, weights: meaning, missing } = choiceOf(config, losses);
  if (missing !== undefined) losses.missing(['balancer'], missing);
  const weights = reduceWeights(
    shares.map(({ weight }) => weight),
    MAX_TURNS,
  );
  const isUneven = weights.some((weight) => weight !== weights[0]);
  for (const { upstream } of isUneven ? shares : []) {
    const path = ['upstreams', upstream.id, 'weight'];
    if (meaning === 'none') losses.missing(path, 'Caddy’s hashing knows no weights');
    if (meaning === 'ties')
      losses.otherwise(path, 'a weight only decides among upstreams that are equally busy');
  }
  return { policy, turns: meaning === 'none' ? shares : layOut(shares, weights) };
};
