/** The neutral `gateway:` section as a config of HAProxy 2.6 or later, and what could not be said in it. */

import type { GatewayConfig } from '../../../gateway/config.js';
import { CACHE_DEFAULTS, type CacheOptions } from '../../../policies/cache/options.js';
import { errorPageLosses } from '../loss-list.js';
import type { Loss, ProxySite, ProxyState, Translation } from '../target.js';
import { balancePart, hashOnLosses, prioritiesLosses } from './balance.js';
import { bufferBytes, frontendPart, REWRITE_BYTES, tlsGlobals } from './frontend.js';
import { type Backend, type Layout, layoutOf } from './layout.js';
import { limitLines, limitLosses } from './limits.js';
import { LOG_FORMAT } from './log.js';
import { deadlineLines, retryLines, timeLosses, timeoutLines } from './retries.js';
import { checkLines, namesPart, serverLines, serverLosses, spreadChecks } from './servers.js';
import { count, lost, missing, otherwise, time, unasked } from './words.js';

export const CONFIG_FILE = 'haproxy.cfg';

/** Where the master takes commands, for its workers too; in the folder of the site. */
export const MASTER_SOCKET = 'master.sock';

/** How long a worker that has been replaced may go on with what it has. */
const HARD_STOP_MS = 30_000;

const indented = (lines: readonly string[]): string[] => lines.map((line) => `    ${line}`);

/** Files for the clients and for the servers, and some for itself: what it could never need it shall not make room for. */
const fileLimit = ({ listener }: GatewayConfig): number => 2 * count(listener.maxConnections) + 200;

const globalLines = ({ config }: ProxyState, site: ProxySite): string[] => {
  const spread = spreadChecks(config);
  const own = ['log stdout format raw local0', `hard-stop-after ${time(HARD_STOP_MS)}`];
  return [
    'global',
    ...indented([
      ...(site.purpose === 'run' ? own : []),
      '# processes: threads share all limits and what is known of servers.',
      `nbthread ${config.processes}`,
      `fd-hard-limit ${fileLimit(config)}`,
      '# listener.maxHeaders: a header has to fit into a buffer.',
      `tune.bufsize ${bufferBytes(config.listener)}`,
      `tune.maxrewrite ${REWRITE_BYTES}`,
      ...(spread === 0 ? [] : ['# healthCheck.jitter: in percent.', `spread-checks ${spread}`]),
      ...tlsGlobals(config.listener).lines,
    ]),
  ];
};

/** HAProxy's unique IDs are as long as one likes; this is as long as a Ray ID, of which sixty bits are by chance. */
const RAY_ID_FORMAT = '%[uuid,regsub(-,,g),bytes(0,16)]';

const defaultsLines = ({ config }: ProxyState, site: ProxySite): string[] => {
  const own = ['log global', `unique-id-format ${RAY_ID_FORMAT}`, `log-format "${LOG_FORMAT}"`];
  return [
    '',
    'defaults',
    ...indented([
      'mode http',
      ...(site.purpose === 'run' ? own : []),
      '# A client that leaves takes its request out of the queue.',
      'option abortonclose',
      '# WebSocket connections may be silent for so long.',
      'timeout tunnel 1h',
      ...(config.keepAlive ? [] : ['# keepAlive: off.', 'option http-server-close']),
    ]),
  ];
};

const MEBIBYTE = 1024 ** 2;

/** HAProxy gives all of it away at once, in whole megabytes, and of at most so many. */
const cacheMegabytes = ({ maxBytes }: CacheOptions): number =>
  Math.min(4095, Math.max(1, Math.round(maxBytes / MEBIBYTE)));

const largestBytes = (cache: CacheOptions): number =>
  Math.max(1, Math.min(cache.maxBodyBytes, (cacheMegabytes(cache) * MEBIBYTE) / 2));

const cacheLines = ({ cache }: GatewayConfig, { backends }: Layout): string[] =>
  cache === null || !backends.some((backend) => backend.cache)
    ? []
    : [
        '',
        'cache answers',
        ...indented([
          '# cache: fresh answers to GET, as their Cache-Control allows.',
          `total-max-size ${cacheMegabytes(cache)}`,
          `max-object-size ${Math.floor(largestBytes(cache))}`,
          'max-age 2147483647',
          'process-vary on',
        ]),
      ];

const cacheLosses = ({ cache }: GatewayConfig): Loss[] => {
  if (cache === null) return [];
  const path = (key: string): string[] => ['cache', key];
  // What the section has by default nobody need have asked for.
  const absent = (key: keyof CacheOptions, name: string, text: string): Loss =>
    unasked(cache[key] === CACHE_DEFAULTS[key])(path(name), text);
  return lost(
    cache.staleIfErrorMs > 0 &&
      absent('staleIfErrorMs', 'staleIfError', 'no stale answer when a server fails'),
    cache.staleWhileRevalidateMs > 0 &&
      absent('staleWhileRevalidateMs', 'staleWhileRevalidate', 'no stale answer while a new one is fetched'),
    cache.lockTimeoutMs > 0 &&
      absent('lockTimeoutMs', 'lockTimeout', 'several requests for one thing go to the servers all at once'),
    cache.defaultTtlMs !== null &&
      missing(path('defaultTtl'), 'an answer that does not say how long it lasts is not stored'),
    cache.maxBodyBytes > largestBytes(cache) &&
      otherwise(path('maxBody'), 'at most half of the size of the cache'),
    otherwise(path('maxEntries'), 'as many as there is room for'),
  );
};

const backendLines = (state: ProxyState, backend: Backend, layout: Layout): string[] => {
  const { config } = state;
  const cached = ['http-request cache-use answers', 'http-response cache-store answers'];
  return [
    '',
    `backend ${backend.name}`,
    ...indented([
      ...(backend.upstreams.length === 0 ? ['# Nobody: each request gets a 503.'] : []),
      '# balancer: who is next.',
      ...balancePart(config).lines,
      ...timeoutLines(config, backend),
      ...retryLines(config, backend),
      ...(backend.cache ? cached : []),
      ...limitLines(config, backend, layout),
      ...deadlineLines(config, backend),
      ...checkLines(config),
      ...serverLines(config, backend, layout),
    ]),
  ];
};

/** Policies that HAProxy has nothing like. */
const otherLosses = (config: GatewayConfig): Loss[] => [...errorPageLosses(config), ...policyLosses(config)];

const policyLosses = ({ profile, breaker, admission, statusDialect }: GatewayConfig): Loss[] =>
  lost(
    profile === 'naive' &&
      otherwise(['profile'], 'HAProxy, and not plain reply-from: what the section says besides holds'),
    breaker !== null && missing(['breaker'], 'no circuit opens when many requests fail'),
    admission !== null && missing(['admission'], 'no request is refused because others have failed'),
    statusDialect !== 'haproxy' &&
      otherwise(['statusDialect'], 'HAProxy’s own: 503 where no connection to a server came about'),
    otherwise(
      ['statusDialect'],
      'a server that closes without an answer is a 502 to the first request of a client’s connection alone; to later ones that connection is closed, with no answer and no line in the log',
    ),
  );

/** Without what is only of use to somebody who reads it. */
const withoutNotes = (lines: readonly string[]): string[] =>
  lines.filter((line) => !line.trimStart().startsWith('#'));

export const translate = (state: ProxyState, site: ProxySite): Translation => {
  const { config } = state;
  const layout = layoutOf(state);
  const names = namesPart(state, site);
  const frontend = frontendPart(state, site, layout);
  const lines = [
    ...globalLines(state, site),
    ...defaultsLines(state, site),
    ...names.lines,
    ...cacheLines(config, layout),
    ...frontend.lines,
    ...layout.backends.flatMap((backend) => backendLines(state, backend, layout)),
  ];
  const losses = [
    ...otherLosses(config),
    ...frontend.losses,
    ...balancePart(config).losses,
    ...hashOnLosses(config),
    ...prioritiesLosses(state),
    ...names.losses,
    ...serverLosses(state),
    ...limitLosses(config, layout),
    ...timeLosses(config, layout.backends),
    ...cacheLosses(config),
  ];
  const text = `${(site.purpose === 'run' ? withoutNotes(lines) : lines).join('\n')}\n`;
  return { files: { [CONFIG_FILE]: text }, losses };
};
