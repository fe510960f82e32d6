/** `concurrency`, `globalConcurrency`, `maxConnections`, `criticality` and a route's own limit: who is refused with 503. */
import type { ConcurrencyConfig } from '../../../gateway/config/limits.js';
import type { GatewayConfig } from '../../../gateway/config.js';
import { CRITICALITIES, type Criticality } from '../../../policies/criticality.js';
import type { Loss } from '../target.js';
import type { Backend, Layout } from './layout.js';
import { count, isFieldName, isPrintable, lost, missing, otherwise, quoted } from './words.js';

/** `null`: it is none, or one that adapts. */
const fixedLimit = (concurrency: ConcurrencyConfig | null): number | null => {
  if (concurrency === null) return null;
  const { algorithm } = concurrency;
  return algorithm.name === 'fixed' ? count(algorithm.options.limit) : null;
};

/** What one server gets at once. HAProxy keeps no more in flight, and makes the others wait. */
export const serverLimit = ({ concurrency, maxConnections }: GatewayConfig): number =>
  count(Math.min(maxConnections, fixedLimit(concurrency) ?? Number.POSITIVE_INFINITY));

/** How many wait, for each server; 0: none. */
export const queueOf = ({ concurrency }: GatewayConfig): number =>
  fixedLimit(concurrency) === null ? 0 : count(concurrency?.queue ?? 0);

/** How long one waits at most. */
export const queueMs = (config: GatewayConfig): number =>
  queueOf(config) === 0 ? 0 : (config.concurrency?.maxWaitMs ?? 0);

const classOf = (criticality: Criticality): number => CRITICALITIES.indexOf(criticality);

/** A request's class as a number: as the header says it, or the tier, or the route. */
const classLines = (config: GatewayConfig, backend: Backend): string[] => {
  const { criticality } = config;
  if (criticality === null) return [];
  const set = (name: Criticality, when = ''): string =>
    `http-request set-var(txn.class) int(${classOf(name)})${when}`;
  const is = (field: string, ...values: readonly string[]): string =>
    ` if { req.fhdr(${field}) -i -m str -- ${values.map(quoted).join(' ')} }`;
  const { header, tierHeader, tiers, otherwise: byDefault } = criticality;
  const sayable = Object.entries(tiers).filter(([tier]) => isPrintable(tier) && tier !== '}');
  return [
    '# criticality: 0 matters most.',
    set(backend.criticality ?? byDefault),
    ...(isFieldName(tierHeader) ? sayable.map(([tier, name]) => set(name, is(tierHeader, tier))) : []),
    ...(isFieldName(header)
      ? CRITICALITIES.map((name) => set(name, is(header, ...new Set([name, name.replaceAll('-', '_')]))))
      : []),
  ];
};

/** Who has a smaller share than all is refused earlier. */
const shedLines = (config: GatewayConfig, sample: string, limitFor: (share: number) => number): string[] => {
  const { criticality } = config;
  const refuse = (limit: number, when: string): string =>
    `http-request deny deny_status 503 if ${when}{ ${sample} gt ${limit} }`;
  const shares = criticality?.shares ?? [];
  const smaller = shares.flatMap((share, index) =>
    share < 1 ? [refuse(limitFor(share), `{ var(txn.class) -m int ${index} } `)] : [],
  );
  return [refuse(limitFor(1), ''), ...smaller];
};

const part = (limit: number, share: number): number => Math.max(1, Math.floor(limit * share));

/** The sum over all backends, the request that asks included. */
const globalLines = (config: GatewayConfig, { backends }: Layout): string[] => {
  const limit = fixedLimit(config.globalConcurrency);
  if (limit === null) return [];
  const [first, ...others] = backends;
  if (first === undefined) return [];
  return [
    '# globalConcurrency: what is in all backends together.',
    `http-request set-var(txn.busy) be_conn(${first.name})`,
    ...others.map(({ name }) => `http-request set-var(txn.busy) be_conn(${name}),add(txn.busy)`),
    ...shedLines(config, 'var(txn.busy) -m int', (share) => part(limit, share)),
  ];
};

const routeLines = (config: GatewayConfig, { concurrencyLimit }: Backend): string[] =>
  concurrencyLimit === null
    ? []
    : [
        '# routes: requests of this one at once.',
        ...shedLines(config, 'be_conn', (share) => part(count(concurrencyLimit), share)),
      ];

/** No server is free, and nobody more may wait. */
const serverLines = (config: GatewayConfig): string[] => {
  const queue = queueOf(config);
  const full = '{ nbsrv gt 0 } { be_conn_free le 0 }';
  if (queue === 0) {
    return ['# concurrency, maxConnections: nobody waits.', `http-request deny deny_status 503 if ${full}`];
  }
  return [
    '# concurrency: so many wait, for each server that is up.',
    `http-request set-var(txn.room) nbsrv,mul(${queue})`,
    `http-request deny deny_status 503 if ${full} { queue,sub(txn.room) ge 0 }`,
    ...(config.criticality === null ? [] : ['http-request set-priority-class var(txn.class)']),
  ];
};

const shareLines = (config: GatewayConfig, { upstreams }: Backend): string[] => {
  if (fixedLimit(config.concurrency) === null || config.criticality === null) return [];
  const all = serverLimit(config) * upstreams.length;
  return config.criticality.shares.flatMap((share, index) =>
    share < 1
      ? [
          `http-request deny deny_status 503 if { var(txn.class) -m int ${index} } { be_conn gt ${part(all, share)} }`,
        ]
      : [],
  );
};

export const limitLines = (config: GatewayConfig, backend: Backend, layout: Layout): string[] => [
  ...classLines(config, backend),
  ...globalLines(config, layout),
  ...routeLines(config, backend),
  ...(backend.upstreams.length === 0 ? [] : [...serverLines(config), ...shareLines(config, backend)]),
];

const DISCIPLINES: Readonly<Record<string, string>> = {
  lifo: 'the last',
  'adaptive-lifo': 'the last, in a backlog,',
  codel: 'who has waited less than the target',
  deadline: 'who has time left',
};

const concurrencyLosses = (key: 'concurrency' | 'globalConcurrency', config: GatewayConfig): Loss[] => {
  const concurrency = config[key];
  if (concurrency === null) return [];
  if (fixedLimit(concurrency) === null) {
    return [missing([key, 'adaptive'], 'no limit adapts, so there is none')];
  }
  const { queue, discipline } = concurrency;
  if (key === 'globalConcurrency') {
    const text = 'nobody waits: HAProxy queues for servers only, so more is refused at once';
    return lost(queue > 0 && otherwise([key, 'queue'], text));
  }
  const instead = DISCIPLINES[discipline ?? 'fifo'];
  return lost(
    queue > 0 &&
      instead !== undefined &&
      missing([key, 'discipline'], `first come, first served; not ${instead} first`),
  );
};

export const limitLosses = (config: GatewayConfig, { backends }: Layout): Loss[] => {
  const { concurrency, criticality } = config;
  const apart =
    'each backend counts by itself what a server has, and there are several for routes that differ';
  const shared = 'the share of a class is one of all servers together, and nobody who waits makes way';
  return [
    ...concurrencyLosses('concurrency', config),
    ...concurrencyLosses('globalConcurrency', config),
    ...lost(
      fixedLimit(concurrency) !== null && backends.length > 1 && otherwise(['concurrency', 'limit'], apart),
      concurrency !== null && criticality !== null && otherwise(['criticality', 'shares'], shared),
      criticality !== null &&
        !(isFieldName(criticality.header) && isFieldName(criticality.tierHeader)) &&
        missing(['criticality', 'header'], 'a name that HAProxy cannot ask for'),
    ),
  ];
};
