/** The cache, as near to RFC 9111 as nginx comes. */
import { CACHE_DEFAULTS } from '../../../policies/cache/options.js';
import { block } from '../text.js';
import { type Draft, otherwise } from './draft.js';
import { quote, size, time, wholeSeconds, zoneSize } from './words.js';

/** "About 8 thousand keys" in a megabyte (nginx documentation, proxy_cache_path). */
const KEY_BYTES = 128;

/** Statuses that may be kept when an answer says nothing of it (RFC 9110 section 15.1). */
const HEURISTIC = '200 203 204 300 301 308 404 405 410 414 501';

/** What nginx says of an answer in the words of RFC 9211. */
const CACHE_STATUS = [
  'HIT "nginx; hit";',
  'STALE "nginx; hit; detail=stale";',
  'UPDATING "nginx; hit; detail=updating";',
  'REVALIDATED "nginx; hit; fwd=stale; fwd-status=304";',
  'MISS "nginx; fwd=uri-miss";',
  'EXPIRED "nginx; fwd=stale";',
  'BYPASS "nginx; fwd=request";',
];

const writeMaps = ({ http, config }: Draft): void => {
  http.push(
    '# Nothing of what may be one client’s own, nor of what a client does not want to be kept.',
    ...block('map "$http_authorization:$http_cache_control" $no_cache', [
      'default 0;',
      '"~^[^:]" 1;',
      '"~*no-store" 1;',
    ]),
    ...block('map "$no_cache:$http_cache_control" $cache_bypass', [
      'default 0;',
      '"~^1" 1;',
      ...(config.cache?.honoursRequests ? ['"~*(no-cache|max-age=0)" 1;'] : []),
    ]),
    ...block('map $upstream_cache_status $cache_status', CACHE_STATUS),
  );
};

const useStale = (draft: Draft): string[] => {
  const { cache } = draft.config;
  const words: string[] = [];
  if (cache !== null && cache.staleIfErrorMs > 0) {
    words.push('error timeout invalid_header http_500 http_502 http_503 http_504');
    otherwise(draft, ['cache', 'staleIfError'], 'a stale answer is given for as long as it is kept, a day');
  }
  if (cache !== null && cache.staleWhileRevalidateMs > 0) {
    words.push('updating');
    otherwise(draft, ['cache', 'staleWhileRevalidate'], 'a stale answer is given however old it is');
  }
  return words.length === 0 ? [] : [`proxy_cache_use_stale ${words.join(' ')};`];
};

const lockLines = (lockTimeoutMs: number): string[] =>
  lockTimeoutMs > 0
    ? ['proxy_cache_lock on;', `proxy_cache_lock_timeout ${time(lockTimeoutMs)};`, 'proxy_cache_lock_age 5s;']
    : [];

export const writeCache = (draft: Draft): void => {
  const { config, http, server, site } = draft;
  const { cache } = config;
  if (cache === null) {
    // An answer is passed on as it comes, and its client holds the upstream for as long as it reads.
    server.push('', 'proxy_buffering off;');
    return;
  }
  const folder = site.purpose === 'run' ? `${site.folder}/cache` : 'badgateway-cache';
  const keys = zoneSize(cache.maxEntries, KEY_BYTES);
  http.push(
    '',
    '# The cache.',
    `proxy_cache_path ${quote(folder)} levels=1:2 keys_zone=answers:${keys} max_size=${size(Math.max(1, cache.maxBytes))} inactive=1d use_temp_path=off;`,
  );
  writeMaps(draft);
  server.push(
    '',
    '# The cache.',
    'proxy_buffering on;',
    'proxy_cache answers;',
    'proxy_cache_key "$http_host$request_uri";',
    'proxy_cache_revalidate on;',
    'proxy_no_cache $no_cache;',
    'proxy_cache_bypass $cache_bypass;',
    ...(cache.defaultTtlMs === null || cache.defaultTtlMs === 0
      ? []
      : [`proxy_cache_valid ${HEURISTIC} ${wholeSeconds(cache.defaultTtlMs)}s;`]),
    ...useStale(draft),
    ...(cache.staleWhileRevalidateMs > 0 ? ['proxy_cache_background_update on;'] : []),
    ...lockLines(cache.lockTimeoutMs),
    'add_header cache-status $cache_status always;',
  );
  draft.losses.push({
    path: ['cache', 'maxBody'],
    text: 'answers of any size are stored',
    degree: cache.maxBodyBytes === CACHE_DEFAULTS.maxBodyBytes ? 'otherwise' : 'missing',
  });
  otherwise(
    draft,
    ['cache'],
    'times are whole seconds, unsafe requests invalidate nothing, what has Set-Cookie or answers a request with Authorization is not stored, and of a client’s Cache-Control only no-store, no-cache and max-age=0 count',
  );
};

/** In a location that is not cached. */
export const uncachedLines = ({ config }: Draft): string[] =>
  config.cache === null ? [] : ['proxy_cache off;', 'proxy_buffering off;'];
