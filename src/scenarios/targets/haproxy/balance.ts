/** `balancer`, `hashOn`, `priorities`: who of a backend's servers is next. */
import type { HashOn } from '../../../gateway/config/balancing.js';
import type { GatewayConfig } from '../../../gateway/config.js';
import type { Loss, ProxyState } from '../target.js';
import { isFieldName, lost, missing, otherwise, type Part } from './words.js';

/** What a request is hashed by; where a field is not there, the address of the client, as with our own. */
const keyLines = (hashOn: HashOn): readonly string[] | null => {
  const byClient = 'http-request set-var(txn.key) src';
  switch (hashOn.from) {
    case 'request':
      return null;
    case 'client':
      return [byClient];
    case 'path':
      return ['http-request set-var(txn.key) path'];
    case 'url':
      return ['http-request set-var(txn.key) pathq'];
    default: {
      const { from, name } = hashOn;
      if (!isFieldName(name)) return null;
      const sample = from === 'header' ? `req.fhdr(${name})` : `req.cook(${name})`;
      return [byClient, `http-request set-var(txn.key) ${sample} if { ${sample} -m found }`];
    }
  }
};

const hashed = ({ balancer, hashOn }: GatewayConfig): Part => {
  const key = keyLines(hashOn);
  // Without a key each request stands for itself, on whatever ring.
  if (key === null) return { lines: ['balance random(1)'], losses: [] };
  const { balanceFactor } = balancer.options;
  const percent = Math.round((balanceFactor ?? 0) * 100);
  const factor = percent === 0 ? [] : [`hash-balance-factor ${Math.max(101, percent)}`];
  const maglev = otherwise(
    ['balancer'],
    'a ring of hashes (hash-type consistent) in place of a Maglev table',
  );
  return {
    lines: [...key, 'balance hash var(txn.key)', 'hash-type consistent sdbm avalanche', ...factor],
    losses: lost(balancer.name === 'maglev' && maglev),
  };
};

const TWO_DRAWN = 'the less busy of two drawn at random, whatever their latency';

export const balancePart = (config: GatewayConfig): Part => {
  const as = (algorithm: string, ...losses: readonly Loss[]): Part => ({
    lines: [`balance ${algorithm}`],
    losses,
  });
  switch (config.balancer.name) {
    case 'round-robin':
    case 'weighted-round-robin':
      return as('roundrobin');
    case 'random':
      return as('random(1)');
    case 'least-requests':
      return as('leastconn');
    case 'p2c':
      return as('random(2)');
    case 'peak-ewma':
      return as('random(2)', otherwise(['balancer'], TWO_DRAWN));
    case 'prequal':
      return as('random(2)', otherwise(['balancer'], `${TWO_DRAWN}; nobody is probed`));
    case 'ring-hash':
    case 'maglev':
      return hashed(config);
  }
};

/** Servers with a priority are `backup`; there is one kind of these. */
export const prioritiesLosses = ({ config, upstreams }: ProxyState): Loss[] => {
  const { overprovisioningFactor, panicThreshold } = config.priorities;
  const levels = new Set(upstreams.map(({ priority }) => priority)).size;
  const lateText = 'backup servers stand in when none of priority 0 is left, and not before';
  return lost(
    levels > 1 && overprovisioningFactor > 1 && otherwise(['priorities', 'overprovisioning'], lateText),
    levels > 2 && otherwise(['upstreams'], 'all priorities but the first are one: backup servers'),
    panicThreshold > 0 &&
      missing(['priorities', 'panicThreshold'], 'health checks are believed, however many servers are down'),
  );
};

/** Only rollouts ask for it under another balancer, and a reload takes all requests at once. */
export const hashOnLosses = ({ balancer, hashOn }: GatewayConfig): Loss[] => {
  const hashes = balancer.name === 'ring-hash' || balancer.name === 'maglev';
  const unread = !hashes && hashOn.from !== 'request';
  return lost(
    unread && otherwise(['hashOn'], 'says nothing here: a new config takes all requests at once'),
    hashes &&
      'name' in hashOn &&
      !isFieldName(hashOn.name) &&
      missing(['hashOn'], 'a name that HAProxy cannot ask for: requests are spread at random'),
  );
};
