/** What several backends say, as the one section that there is for all of them. */
import type { GatewaySection } from '../../../../gateway/config.js';
import type { BackendRead } from './backend.js';
import { criticalityOf } from './criticality.js';
import type { RouteRead } from './frontend.js';
import type { Notes } from './notes.js';
import { durationText, hasOption, lastWith } from './proxies.js';
import type { ServerRead, Servers } from './servers.js';
import { isWeighted } from './settings.js';

/** A backend that every request comes to, if there is one. */
const mainOf = (routes: readonly RouteRead[], backends: readonly BackendRead[]): BackendRead | undefined => {
  const rest = routes.find(({ path, methods }) => path === '/' && methods === null);
  return backends.find(({ name }) => name === rest?.backend) ?? backends[0];
};

const most = (values: readonly (number | null)[]): number | null => {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
};

/** Where nothing bounds a request, as long as its attempts may take together. */
const sumMs = ({ retry, connectMs, serverMs, parts }: BackendRead): number | null => {
  if (serverMs === null) return null;
  const attempts = retry?.attempts ?? 1;
  const waits = /^(\d+)(ms|s|m)$/.exec(parts.concurrency?.maxWait ?? '');
  const factor = { ms: 1, s: 1000, m: 60_000 }[waits?.[2] ?? 'ms'] ?? 1;
  return attempts * ((connectMs ?? 0) + serverMs) + Number(waits?.[1] ?? 0) * factor;
};

interface Times {
  readonly connectMs: number | null;
  readonly attemptMs: number | null;
  readonly requestMs: number | null;
}

const timesOf = (main: BackendRead, backends: readonly BackendRead[]): Times => ({
  connectMs: most(backends.map(({ connectMs }) => connectMs)),
  attemptMs: most(backends.map(({ serverMs }) => serverMs)),
  requestMs: main.deadline?.ms ?? most(backends.map(sumMs)),
});

const noteTimes = (backends: readonly BackendRead[], times: Times, notes: Notes): void => {
  for (const { proxy, connectMs, serverMs, deadline } of backends) {
    const [connect, server] = [lastWith(proxy, 'timeout', 'connect'), lastWith(proxy, 'timeout', 'server')];
    if (connect !== null && connectMs !== null) {
      const same =
        connectMs === Math.min(times.connectMs ?? connectMs, deadline?.ms ?? Number.POSITIVE_INFINITY);
      const text = `timeouts.connect: ${durationText(times.connectMs ?? connectMs)}`;
      notes.say(
        connect,
        same ? 'understood' : 'nearly',
        same ? text : `${text}, the longest of all backends`,
      );
    }
    if (server !== null && serverMs !== null) {
      const same = serverMs === times.attemptMs || serverMs === deadline?.ms;
      const text = `timeouts.attempt, timeouts.body: ${durationText(times.attemptMs ?? serverMs)}`;
      const own = `its routes have ${durationText(serverMs)} for all attempts together`;
      notes.say(server, same ? 'understood' : 'nearly', same ? text : own);
    }
  }
};

/** What a route of this backend has for a request; `null`: what all have. */
const routeMs = ({ deadline, serverMs, connectMs: ownMs }: BackendRead, times: Times): number | null => {
  const { attemptMs, connectMs, requestMs } = times;
  if (deadline !== null) return deadline.ms === requestMs ? null : deadline.ms;
  if (serverMs !== null && attemptMs !== null && serverMs < attemptMs) return serverMs;
  return ownMs !== null && connectMs !== null && ownMs < connectMs ? ownMs : null;
};

type Shared = Pick<
  GatewaySection,
  'criticality' | 'retry' | 'balancer' | 'hashOn' | 'healthCheck' | 'deadlineHeader'
> &
  BackendRead['parts'];

const isFull = (check: GatewaySection['healthCheck']): boolean =>
  typeof check === 'object' && Object.keys(check).length > 0;

const PARTS = [
  'concurrency',
  'globalConcurrency',
  'maxConnections',
  'slowStart',
  'outlierEjection',
  'upstreamTls',
] as const;

/** A weight of any backend's server has to mean something. */
const sharedBalancer = (
  { balance: { balancer } }: BackendRead,
  backends: readonly BackendRead[],
): GatewaySection['balancer'] => {
  if (!backends.some(({ servers }) => isWeighted(servers))) return balancer;
  if (balancer === 'round-robin') return 'weighted-round-robin';
  return balancer === 'p2c' ? 'random' : balancer;
};

/** Of what the section has once, what the main backend says, or else the first that says something. */
const sharedOf = (main: BackendRead, backends: readonly BackendRead[], notes: Notes): Shared => {
  const inOrder = [main, ...backends.filter((backend) => backend !== main)];
  const retry = inOrder.find((backend) => backend.retry !== null)?.retry ?? undefined;
  const check = inOrder.find(({ healthCheck }) => isFull(healthCheck))?.healthCheck ?? main.healthCheck;
  const classes = backends.flatMap(({ criticality }) => criticality ?? []);
  const parts: Record<string, unknown> = {};
  for (const key of PARTS) {
    const value = inOrder.find((backend) => backend.parts[key] !== undefined)?.parts[key];
    if (value !== undefined) parts[key] = value;
  }
  for (const backend of backends) {
    const { head } = backend.proxy.section;
    const differs = [
      ...(backend.retry !== null && JSON.stringify(backend.retry) !== JSON.stringify(retry) ? ['retry'] : []),
      ...(JSON.stringify(backend.balance) !== JSON.stringify(main.balance) ? ['balancer'] : []),
      ...PARTS.filter((key) => JSON.stringify(backend.parts[key]) !== JSON.stringify(parts[key])),
    ].filter((key) => key === 'retry' || key === 'balancer' || backend.servers.length > 0);
    if (differs.length > 0) {
      notes.say(head, 'nearly', `there is one for all backends, not one of its own: ${differs.join(', ')}`);
    }
  }
  return {
    ...(retry && { retry }),
    ...(main.criticality && { criticality: criticalityOf(main.criticality, classes) }),
    balancer: sharedBalancer(main, backends),
    ...(main.balance.hashOn !== null && { hashOn: main.balance.hashOn }),
    healthCheck: check,
    deadlineHeader: main.deadline?.header ?? 'off',
    ...(parts as BackendRead['parts']),
  };
};

/** By id, of those that differ from weight 1 and priority 0. */
const upstreamsOf = (backends: readonly BackendRead[], notes: Notes): Pick<GatewaySection, 'upstreams'> => {
  const upstreams: Record<string, { weight?: number; priority?: number }> = {};
  const seen = new Map<string, string>();
  for (const { id, parameters, line } of backends.flatMap(({ servers }) => servers)) {
    const weight = parameters.has('disabled') ? 0 : Number(parameters.get('weight') ?? 1);
    const priority = parameters.has('backup') ? 1 : 0;
    const own = { ...(weight !== 1 && { weight }), ...(priority !== 0 && { priority }) };
    const known = seen.get(id);
    if (known !== undefined && known !== JSON.stringify(own)) {
      notes.say(line, 'nearly', `${id} has the weight and the priority of its first backend`);
    }
    if (known !== undefined) continue;
    seen.set(id, JSON.stringify(own));
    if (Object.keys(own).length > 0) upstreams[id] = own;
  }
  return Object.keys(upstreams).length > 0 ? { upstreams } : {};
};

/** The name under which our own configs lead to everybody. */
const EVERYBODY = 'all';

const isEverybody = ({ name, servers }: BackendRead, all: Servers): boolean =>
  name === EVERYBODY && servers.length === all.list.length;

const idsOf = (servers: readonly ServerRead[]): string[] => [...new Set(servers.map(({ id }) => id))];

const routing = (
  routes: readonly RouteRead[],
  backends: readonly BackendRead[],
  all: Servers,
  times: Times,
  shared: Shared,
): Pick<GatewaySection, 'routes' | 'pools'> => {
  const caches = backends.some(({ cached }) => cached);
  const byDefault = shared.criticality?.otherwise;
  const byName = new Map(backends.map((backend) => [backend.name, backend]));
  const pools = new Map<string, { upstreams: string[] }>();
  const written = routes.map(({ path, methods, backend: name }) => {
    const backend = byName.get(name);
    const timeoutMs = backend === undefined ? null : routeMs(backend, times);
    const isAll = backend !== undefined && (isEverybody(backend, all) || backends.length === 1);
    if (!isAll) pools.set(name, { upstreams: idsOf(backend?.servers ?? []) });
    return {
      path,
      ...(methods !== null && { methods: [...methods] }),
      ...(!isAll && { pool: name }),
      ...(timeoutMs !== null && { timeout: durationText(timeoutMs) }),
      ...(backend?.limit != null && { concurrency: backend.limit }),
      ...(backend?.criticality &&
        backend.criticality.byDefault !== byDefault && { criticality: backend.criticality.byDefault }),
      ...(shared.retry !== undefined && backend?.retry === null && { retry: 'off' as const }),
      ...(caches && backend?.cached === false && { cache: 'off' as const }),
    };
  });
  const [only] = written;
  const isPlain = written.length === 1 && JSON.stringify(only) === JSON.stringify({ path: '/' });
  return {
    ...(!isPlain && { routes: written }),
    ...(pools.size > 0 && { pools: Object.fromEntries(pools) }),
  };
};

const closesEach = (backends: readonly BackendRead[], notes: Notes): boolean => {
  let closes = false;
  for (const { proxy } of backends) {
    for (const name of ['http-server-close', 'httpclose', 'forceclose']) {
      if (!hasOption(proxy, name)) continue;
      closes = true;
      const line = lastWith(proxy, 'option', name);
      if (line !== null) notes.say(line, 'understood', 'keepAlive: off');
    }
  }
  return closes;
};

/** @param backends that some route leads to. */
export const merged = (
  routes: readonly RouteRead[],
  backends: readonly BackendRead[],
  servers: Servers,
  notes: Notes,
): GatewaySection => {
  const main = mainOf(routes, backends);
  if (main === undefined) return { routes: [] };
  const times = timesOf(main, backends);
  noteTimes(backends, times, notes);
  const shared = sharedOf(main, backends, notes);
  const { connectMs, attemptMs, requestMs } = times;
  const timeouts = {
    ...(connectMs !== null && { connect: durationText(connectMs) }),
    ...(attemptMs !== null && { attempt: durationText(attemptMs), body: durationText(attemptMs) }),
    ...(requestMs !== null && { request: durationText(requestMs) }),
  };
  return {
    ...routing(routes, backends, servers, times, shared),
    ...upstreamsOf(backends, notes),
    ...shared,
    ...(Object.keys(timeouts).length > 0 && { timeouts }),
    ...(closesEach(backends, notes) && { keepAlive: 'off' as const }),
  };
};
