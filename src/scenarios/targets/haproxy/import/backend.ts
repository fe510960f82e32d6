/** A backend as it is read: its servers, and what the section says of them. */
import type { GatewaySection } from '../../../../gateway/config.js';
import { type CriticalityRead, readCriticality } from './criticality.js';
import type { Directive } from './document.js';
import type { Notes } from './notes.js';
import { durationText, lastWith, linesWith, type ProxySection, timeText } from './proxies.js';
import { asksOverHttp, readCheck, readServers, type ServerRead, type Servers } from './servers.js';
import { type BalanceRead, readBalance, readRetry, timeoutMs } from './settings.js';

export interface BackendRead {
  readonly name: string;
  readonly proxy: ProxySection;
  readonly servers: readonly ServerRead[];
  readonly balance: BalanceRead;
  readonly retry: GatewaySection['retry'] | null;
  readonly connectMs: number | null;
  readonly serverMs: number | null;
  /** As the deadline's header says it; `null`: it is not told. */
  readonly deadline: { readonly header: string; readonly ms: number } | null;
  readonly cached: boolean;
  readonly healthCheck: NonNullable<GatewaySection['healthCheck']>;
  /** Parts of the section that are as they are, by their key. */
  readonly parts: Pick<
    GatewaySection,
    'concurrency' | 'globalConcurrency' | 'maxConnections' | 'slowStart' | 'outlierEjection' | 'upstreamTls'
  >;
  /** Of the requests that it has at once. */
  readonly limit: number | null;
  /** `null`: its requests are of no classes. */
  readonly criticality: CriticalityRead | null;
}

/** `null`: it is none of a `GET` of a path. */
const readPath = (proxy: ProxySection, notes: Notes): string => {
  let path = '/';
  for (const line of linesWith(proxy, 'option', 'httpchk')) {
    const [, , first = '', second] = line.words;
    const uri = second ?? (first.startsWith('/') ? first : undefined);
    path = uri ?? path;
    const isGet = first === 'GET' || uri === undefined || second === undefined;
    notes.say(line, isGet ? 'understood' : 'nearly', `healthCheck.type: http${isGet ? '' : ', by GET'}`);
  }
  for (const line of linesWith(proxy, 'http-check')) {
    const at = line.words.indexOf('uri');
    if (line.words[1] === 'send' && at !== -1) path = line.words[at + 1] ?? path;
    noteCheck(line, path, notes);
  }
  return path;
};

/** Answers of 200 to 399 are good ones. */
const GOOD = /^status (200-399|2\d\d-3\d\d)$/;

const noteCheck = (line: Directive, path: string, notes: Notes): void => {
  const [, kind, ...rest] = line.words;
  if (kind === 'send') notes.say(line, 'understood', `healthCheck.path: ${path}`);
  else if (kind === 'expect') {
    const same = GOOD.test(rest.join(' '));
    notes.say(line, same ? 'understood' : 'nearly', 'an answer of 200 to 399 is a good one');
  } else notes.say(line, 'lost', 'a check is one request, and what its answer says is not looked at');
};

const readHealth = (
  proxy: ProxySection,
  servers: readonly ServerRead[],
  jitterPercent: number,
  notes: Notes,
): BackendRead['healthCheck'] => {
  const path = readPath(proxy, notes);
  const tracked = servers.some(({ parameters }) => parameters.has('track'));
  const check = readCheck(servers);
  const line = lastWith(proxy, 'timeout', 'check');
  if (check === null) {
    if (line !== null) notes.say(line, 'ignored', 'nobody is checked');
    // Whoever is tracked is checked elsewhere, and so is this.
    return tracked ? {} : 'off';
  }
  const { intervalMs, rise, fall } = check;
  const timeout = timeoutMs(proxy, 'check') ?? intervalMs;
  if (line !== null) notes.say(line, 'understood', `healthCheck.timeout: ${durationText(timeout)}`);
  const kind = asksOverHttp(proxy) ? ({ type: 'http', path } as const) : ({ type: 'tcp' } as const);
  return {
    ...kind,
    interval: durationText(intervalMs),
    jitter: `${jitterPercent}%`,
    timeout: durationText(timeout),
    rise,
    fall,
  };
};

/** Failures in a row that its checks do not see. */
const readOutliers = (servers: readonly ServerRead[]): GatewaySection['outlierEjection'] => {
  const parameters = servers.find((one) => one.parameters.has('observe'))?.parameters;
  if (parameters === undefined) return undefined;
  const row = { failures: Number(parameters.get('error-limit') ?? 10) };
  const others = { successRate: 'off', failureRatio: 'off', maxEjected: '100%' } as const;
  return parameters.get('observe') === 'layer4'
    ? { consecutive5xx: 'off', consecutiveLocalOriginFailures: row, splitLocalOrigin: true, ...others }
    : { consecutive5xx: row, ...others };
};

const readTls = (servers: readonly ServerRead[]): GatewaySection['upstreamTls'] => {
  const server = servers.find(({ parameters }) => parameters.has('ssl'));
  if (server === undefined) return undefined;
  const ca = server.parameters.get('ca-file');
  const name =
    server.parameters.get('verifyhost') ?? /^str\((.+)\)$/.exec(server.parameters.get('sni') ?? '')?.[1];
  return {
    ...(ca !== undefined && ca !== '@system-ca' && { ca }),
    ...(name !== undefined && name !== server.host && { name }),
  };
};

const DEFAULT_CONNECTIONS = 1024;

/** HAProxy's queue has no end; no more than this ever waited. */
const LONG_QUEUE = 10_000;

/** What one server has at once; 0: as much as it gets. */
const mostOf = (servers: readonly ServerRead[]): number =>
  Number(servers.find(({ parameters }) => parameters.has('maxconn'))?.parameters.get('maxconn') ?? 0);

const FULL = 'http-request deny deny_status 503 if { nbsrv gt 0 } { be_conn_free le 0 }';

/** Lines that other lines of the same config explain, by what they begin with. */
const readLimits = (
  proxy: ProxySection,
  servers: readonly ServerRead[],
  notes: Notes,
): Pick<BackendRead['parts'], 'concurrency' | 'maxConnections' | 'globalConcurrency'> & {
  limit: number | null;
} => {
  let queue: number | null = null;
  let global: number | null = null;
  let limit: number | null = null;
  let refuses = false;
  // Classes have shares of what the servers have, and not of a limit that every gateway has.
  let shared = false;
  for (const line of linesWith(proxy, 'http-request')) {
    const text = line.words.join(' ');
    const [, room] = /^http-request set-var\(txn\.room\) nbsrv,mul\((\d+)\)$/.exec(text) ?? [];
    const [, sum] = /if \{ var\(txn\.busy\) -m int gt (\d+) \}$/.exec(text) ?? [];
    const [, own] = /^http-request deny deny_status 503 if \{ be_conn gt (\d+) \}$/.exec(text) ?? [];
    if (room !== undefined) {
      queue = Number(room);
      notes.say(line, 'understood', `concurrency.queue: ${queue}`);
    } else if (sum !== undefined) {
      global = Number(sum);
      notes.say(line, 'understood', `globalConcurrency.limit: ${global}`);
    } else if (own !== undefined) {
      limit = Number(own);
      notes.say(line, 'understood', `concurrency of the route: ${limit}`);
    } else if (text.startsWith('http-request set-var(txn.busy) be_conn(')) {
      notes.say(line, 'understood', 'globalConcurrency');
    } else if (refuses && /\{ var\(txn\.class\) -m int \d \} \{ be_conn gt \d+ \}$/.test(text)) {
      shared = true;
    } else if (text.startsWith(FULL)) {
      refuses = true;
      notes.say(line, 'understood', 'what no server has room for is refused');
    }
  }
  const most = mostOf(servers);
  const found = { limit, ...(global !== null && { globalConcurrency: { limit: global } }) };
  const line = lastWith(proxy, 'timeout', 'queue');
  if (most === 0 || (refuses && queue === null && !shared)) {
    if (line !== null) notes.say(line, 'ignored', 'nobody waits: no server has a limit');
    return { ...found, ...(most > 0 && { maxConnections: most }) };
  }
  const maxWait = durationText(timeoutMs(proxy, 'queue') ?? timeoutMs(proxy, 'connect') ?? 5_000);
  if (line !== null) notes.say(line, 'understood', `concurrency.maxWait: ${maxWait}`);
  return {
    ...found,
    concurrency: { limit: most, queue: queue ?? (refuses ? 0 : LONG_QUEUE), maxWait },
    // What a gateway has by default is less.
    ...(most > DEFAULT_CONNECTIONS && { maxConnections: most }),
  };
};

/** `set-header NAME 15000 unless` the client says that it has less. */
const readDeadline = (proxy: ProxySection, notes: Notes): BackendRead['deadline'] => {
  let deadline: BackendRead['deadline'] = null;
  for (const line of linesWith(proxy, 'http-request')) {
    const text = line.words.join(' ');
    const [, header, ms] =
      /^http-request set-header (\S+) (\d+) unless \{ req\.fhdr\(\1\) -m int 0:\2 \}$/.exec(text) ?? [];
    if (header !== undefined) {
      deadline = { header, ms: Number(ms) };
      notes.say(line, 'understood', `deadlineHeader: ${header}; ${durationText(deadline.ms)} for a request`);
    } else if (/^http-request set-timeout server req\.fhdr\(/.test(text)) {
      notes.say(line, 'understood', 'deadlineHeader: a client that has less time gets less');
    }
  }
  return deadline;
};

/** Lines that say no more than others do. */
const noteOthers = (proxy: ProxySection, notes: Notes): boolean => {
  let cached = false;
  for (const line of proxy.lines) {
    const text = line.words.join(' ');
    if (/^http-request cache-use\b/.test(text)) cached = true;
    if (/^http-(request cache-use|response cache-store)\b/.test(text))
      notes.say(line, 'understood', 'cache: on');
    else if (/^http-request disable-l7-retry\b/.test(text)) {
      notes.say(line, 'understood', 'what is not idempotent is sent again only while nothing was sent');
    } else if (/^http-request set-var\(txn\.key\)/.test(text)) notes.say(line, 'understood', 'hashOn');
    else if (/^(no )?option allbackups$/.test(text)) notes.say(line, 'understood', 'upstreams: priority 1');
  }
  return cached;
};

const withSlowStart = (servers: readonly ServerRead[]): Pick<GatewaySection, 'slowStart'> => {
  const own = servers.find(({ parameters }) => parameters.has('slowstart') && parameters.has('check'));
  const window = timeText(own?.parameters.get('slowstart'));
  return window === null ? {} : { slowStart: { window } };
};

export const readBackend = (
  proxy: ProxySection,
  { servers: all, notes, jitterPercent }: { servers: Servers; notes: Notes; jitterPercent: number },
): BackendRead => {
  const servers = readServers(proxy, all, notes);
  const { limit, ...limits } = readLimits(proxy, servers, notes);
  const outlierEjection = readOutliers(servers);
  const upstreamTls = readTls(servers);
  return {
    name: proxy.section.name,
    proxy,
    servers,
    balance: readBalance(proxy, servers, notes),
    retry: readRetry(proxy, notes),
    connectMs: timeoutMs(proxy, 'connect'),
    serverMs: timeoutMs(proxy, 'server'),
    deadline: readDeadline(proxy, notes),
    cached: noteOthers(proxy, notes),
    healthCheck: readHealth(proxy, servers, jitterPercent, notes),
    parts: {
      ...limits,
      ...withSlowStart(servers),
      ...(outlierEjection && { outlierEjection }),
      ...(upstreamTls && { upstreamTls }),
    },
    limit,
    criticality: readCriticality(proxy, mostOf(servers) * servers.length, notes),
  };
};
