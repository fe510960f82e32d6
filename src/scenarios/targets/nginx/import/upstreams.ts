/** `upstream` blocks: servers, weights, the balancer, and when a server is taken out. */
import { resolveGatewayConfig } from '../../../../gateway/config.js';
import type { ImportedServer } from '../../imported.js';
import type { Directive } from './parse.js';
import { named, type Reading } from './reading.js';
import { durationText, readCount, readTimeMs } from './units.js';

export interface Group {
  readonly name: string;
  /** Ids of its servers. */
  readonly servers: readonly string[];
  readonly keeps: boolean;
}

type Section = Reading['section'];

/** Servers of the whole file: one address is one server, in however many groups it stands. */
export class Servers {
  readonly #ids = new Map<string, string>();

  get all(): ImportedServer[] {
    return [...this.#ids].map(([address, id]) => ({ id, address }));
  }

  idOf(address: string): string {
    const known = this.#ids.get(address);
    if (known !== undefined) return known;
    const id = `worker-${this.#ids.size + 1}`;
    this.#ids.set(address, id);
    return id;
  }
}

const DEFAULT_CONNECTIONS = resolveGatewayConfig().maxConnections;

/** What no machine has. */
const UNBOUNDED = 65_535;

/** nginx's defaults: one failure takes a server out for ten seconds. */
const FAILS = { maxFails: 1, failTimeoutMs: 10_000 };

const parametersOf = (args: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(args.map((arg) => [arg.split('=', 1)[0]!, arg.slice(arg.indexOf('=') + 1)]));

const HASH_ON: readonly (readonly [RegExp, (found: RegExpExecArray) => string])[] = [
  [/^\$(?:binary_)?remote_addr$/, () => 'client'],
  [/^\$request_uri$/, () => 'url'],
  [/^\$(?:uri|hash_path)$/, () => 'path'],
  [/^\$request_id$/, () => 'request'],
  [/^\$http_([a-z0-9_]+)$/i, ([, name = '']) => `header:${name.replaceAll('_', '-')}`],
  [
    /^\$(?:cookie|arg)_([A-Za-z0-9_]+)$/,
    ([text, name = '']) => (text.startsWith('$arg') ? 'url' : `cookie:${name}`),
  ],
];

/** A key, or the key of a map that is there for requests which do not have it. */
const hashOnOf = (reading: Reading, key: string): string | null => {
  const mapping = reading.mappings.get(key);
  if (mapping !== undefined) {
    const fromCookie = mapping.entries
      .map(([pattern]) => /\\s\*([A-Za-z0-9_-]+)=\(\?<hash_cookie>/.exec(pattern)?.[1])
      .find((name) => name !== undefined);
    if (fromCookie !== undefined) return `cookie:${fromCookie}`;
    const values = mapping.entries.filter(([pattern]) => pattern !== '').map(([, value]) => value);
    return values.length === 1 && values[0] !== key ? hashOnOf(reading, values[0]!) : null;
  }
  for (const [pattern, text] of HASH_ON) {
    const found = pattern.exec(key);
    if (found !== null) return text(found);
  }
  return null;
};

const readHash = (reading: Reading, directive: Directive, into: Section): void => {
  const { args } = directive;
  const key = directive.name === 'ip_hash' ? '$remote_addr' : (args[0] ?? '');
  const hashOn = hashOnOf(reading, key);
  into.balancer = 'ring-hash';
  if (hashOn === null) {
    into.hashOn = 'url';
    reading.say(directive, 'nearly', `balancer: ring-hash, hashOn: url: the section cannot hash ${key}`);
    return;
  }
  into.hashOn = hashOn;
  const exact = directive.name === 'hash' && args[1] === 'consistent';
  const difference =
    directive.name === 'ip_hash'
      ? '; nginx hashes the first three numbers of an address'
      : '; nginx moves most keys when a server goes';
  reading.say(
    directive,
    exact ? 'understood' : 'nearly',
    `balancer: ring-hash, hashOn: ${hashOn}${exact ? '' : difference}`,
  );
};

const BALANCERS: Readonly<Record<string, (reading: Reading, directive: Directive, into: Section) => void>> = {
  least_conn: (reading, directive, into) => {
    into.balancer = 'least-requests';
    reading.say(directive, 'understood', 'balancer: least-requests');
  },
  random: (reading, directive, into) => {
    const two = directive.args[0] === 'two';
    into.balancer = two ? 'p2c' : 'random';
    reading.say(directive, 'understood', `balancer: ${into.balancer}`);
  },
  hash: readHash,
  ip_hash: readHash,
  least_time: (reading, directive, into) => {
    into.balancer = 'peak-ewma';
    reading.say(directive, 'nearly', 'balancer: peak-ewma, which also looks at latency');
  },
};

/** One balancer is for all groups: the first that a group names. */
const readBalancer = (reading: Reading, blocks: readonly Directive[]): void => {
  const { section } = reading;
  for (const directive of blocks.flatMap(({ block }) => block ?? [])) {
    const read = Object.hasOwn(BALANCERS, directive.name) ? BALANCERS[directive.name] : undefined;
    if (read === undefined) continue;
    const own: Section = {};
    read(reading, directive, own);
    section.balancer ??= own.balancer;
    if (section.balancer === own.balancer) section.hashOn ??= own.hashOn;
    else reading.say(directive, 'lost', 'one balancer is for all groups, and another group names one first');
  }
  if (section.hashOn === undefined) delete section.hashOn;
};

interface Fails {
  readonly maxFails: number;
  readonly failTimeoutMs: number;
}

/** A server, whose line can be judged when it is known what all of them come to. */
interface FoundServer extends Fails {
  readonly directive: Directive;
  readonly limit: number;
  readonly notes: readonly string[];
  /** What of it is lost whatever the others say. */
  readonly lost: readonly string[];
}

const readServer = (
  reading: Reading,
  directive: Directive,
  servers: Servers,
  found: FoundServer[],
): string => {
  const [address = '', ...args] = directive.args;
  const id = servers.idOf(address);
  const { weight = '1', backup, down, ...others } = parametersOf(args);
  const place = {
    ...(down !== undefined ? { weight: 0 } : weight === '1' ? {} : { weight: readCount(weight, 1) }),
    ...(backup !== undefined && { priority: 1 }),
  };
  if (Object.keys(place).length > 0) {
    reading.section.upstreams = { [id]: place, ...reading.section.upstreams };
  }
  const lost = ['slow_start', 'resolve', 'service', 'route', 'drain'].filter((name) => name in others);
  found.push({
    directive,
    maxFails: readCount(others.max_fails, FAILS.maxFails),
    failTimeoutMs: readTimeMs(others.fail_timeout ?? '') ?? FAILS.failTimeoutMs,
    limit: readCount(others.max_conns, 0),
    notes: [id, ...Object.entries(place).map(([key, value]) => `${key}: ${value}`)],
    lost: [
      ...(lost.length > 0 ? [`without ${lost.join(', ')}`] : []),
      ...(address.startsWith('unix:') ? ['over TCP'] : []),
    ],
  });
  return id;
};

/** The value that most have; the section has one for all. */
const commonest = (values: readonly number[]): number => {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].toSorted(([, left], [, right]) => right - left)[0]?.[0] ?? 0;
};

/** @param counted whether answers of 5xx count as failures. */
const outliersOf = ({ maxFails, failTimeoutMs }: Fails, counted: boolean): Section['outlierEjection'] => {
  const row = { failures: maxFails };
  return {
    ...(counted
      ? { consecutive5xx: row }
      : { consecutive5xx: 'off', splitLocalOrigin: true, consecutiveLocalOriginFailures: row }),
    consecutiveGatewayFailures: 'off',
    successRate: 'off',
    failureRatio: 'off',
    interval: '1s',
    baseEjection: durationText(failTimeoutMs),
    maxEjection: durationText(failTimeoutMs),
    maxEjected: '100%',
  };
};

/** What of a server's own is otherwise in the section, which has one value for all upstreams. */
const differences = (
  server: FoundServer,
  all: Pick<FoundServer, 'maxFails' | 'failTimeoutMs' | 'limit'>,
): string[] => [
  ...(server.maxFails === all.maxFails ? [] : [`max_fails is ${all.maxFails}, as most have it`]),
  ...(server.failTimeoutMs === all.failTimeoutMs || server.maxFails === 0
    ? []
    : [`fail_timeout is ${durationText(all.failTimeoutMs)}, as most have it`]),
  ...(server.limit === all.limit
    ? []
    : [all.limit === 0 ? 'without max_conns, as most are' : `max_conns is ${all.limit}, as most have it`]),
];

const sayServers = (
  reading: Reading,
  found: readonly FoundServer[],
  all: Pick<FoundServer, 'maxFails' | 'failTimeoutMs' | 'limit'>,
): void => {
  for (const server of found) {
    const otherwise = [...server.lost, ...differences(server, all)];
    const note = [server.notes.join(', '), ...otherwise].join('; ');
    reading.say(server.directive, otherwise.length === 0 ? 'understood' : 'nearly', note);
  }
};

const readFails = (reading: Reading, found: readonly FoundServer[], counted: boolean): void => {
  if (found.length === 0) return;
  const maxFails = commonest(found.map((one) => one.maxFails));
  const failTimeoutMs = commonest(found.map((one) => one.failTimeoutMs));
  if (maxFails > 0) reading.section.outlierEjection = outliersOf({ maxFails, failTimeoutMs }, counted);
  const limit = commonest(found.map((one) => one.limit));
  sayServers(reading, found, { maxFails, failTimeoutMs, limit });
  const { section } = reading;
  if (limit === 0) section.maxConnections = UNBOUNDED;
  // Fewer than the gateway connects to anyway: nginx then takes another server, as a limit does.
  else if (limit < DEFAULT_CONNECTIONS) section.concurrency = { limit };
  else if (limit > DEFAULT_CONNECTIONS) section.maxConnections = limit;
};

const OTHERS: Readonly<Record<string, string>> = {
  zone: 'one process knows all that there is to know',
  keepalive_requests: 'a connection is kept for any number of requests',
  keepalive_timeout: 'a connection is kept for as long as the upstream keeps it',
  keepalive_time: 'a connection is kept for any time',
};

export interface ReadGroups {
  readonly groups: readonly Group[];
  /** Writes what the servers' parameters come to. @param counted whether answers of 5xx count as failures. */
  readonly finish: (counted: boolean) => void;
}

export const readGroups = (reading: Reading, http: readonly Directive[], servers: Servers): ReadGroups => {
  const blocks = named(http, 'upstream');
  const found: FoundServer[] = [];
  const groups = blocks.map((directive): Group => {
    const { args, block } = directive;
    const inside = block ?? [];
    // A server that stands for nobody, as an export has it where a pool is empty.
    const real = named(inside, 'server').filter((server) => {
      const isNobody = server.args[0] === '127.0.0.1:1' && server.args.includes('down');
      if (isNobody) reading.say(server, 'understood', 'nobody');
      return !isNobody;
    });
    const ids = real.map((server) => readServer(reading, server, servers, found));
    for (const other of inside) {
      const note = OTHERS[other.name];
      if (note !== undefined) reading.say(other, 'ignored', note);
      else if (other.name === 'keepalive') {
        reading.say(
          other,
          'understood',
          'keepAlive: on, where proxy_http_version is 1.1 and Connection empty',
        );
      }
    }
    reading.say(directive, 'understood', `a pool: ${ids.join(', ') || 'nobody'}`);
    return { name: args[0] ?? '', servers: [...new Set(ids)], keeps: named(inside, 'keepalive').length > 0 };
  });
  readBalancer(reading, blocks);
  return { groups, finish: (counted) => readFails(reading, found, counted) };
};

/** Weights need a balancer that takes them. */
export const settleWeights = ({ section }: Reading): void => {
  const weights = Object.values(section.upstreams ?? {}).map(({ weight = 1 }) => weight);
  const isPlain = weights.every((weight) => weight === 0 || weight === 1);
  if (section.balancer === undefined) {
    section.balancer = isPlain ? 'round-robin' : 'weighted-round-robin';
    return;
  }
  if (isPlain || (section.balancer !== 'p2c' && section.balancer !== 'peak-ewma')) return;
  section.upstreams = Object.fromEntries(
    Object.entries(section.upstreams ?? {}).map(([id, { weight = 1, ...place }]) => [
      id,
      { ...place, weight: Math.min(1, weight) },
    ]),
  );
};
