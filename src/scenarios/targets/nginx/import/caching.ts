/** `proxy_cache` and what belongs to it. */
import type { Directive } from './parse.js';
import { allIn, named, oneIn, type Reading, type Scope } from './reading.js';
import { durationText, readSizeBytes, readTimeMs, sizeText } from './units.js';

/** Bytes of one key, and of what a zone needs beside them: as an export counts. */
const KEY = { bytes: 128, zoneBytes: 64 * 1024 };

const parameter = ({ args }: Directive, name: string): string | undefined =>
  args.find((arg) => arg.startsWith(`${name}=`))?.slice(name.length + 1);

/** How many entries a zone of shared memory has room for. */
export const entriesOf = (sizeWord: string): number =>
  Math.max(1, Math.floor(((readSizeBytes(sizeWord) ?? 0) - KEY.zoneBytes) / KEY.bytes));

const KNOWN: Readonly<Record<string, string>> = {
  proxy_cache_key: 'a key is the host and the address',
  proxy_cache_revalidate: 'a stale answer is always asked about',
  proxy_cache_background_update: 'cache.staleWhileRevalidate',
  proxy_cache_use_stale: 'cache.staleIfError and staleWhileRevalidate',
  proxy_cache_lock: 'of several requests for one thing one goes upstream',
  proxy_cache_lock_timeout: 'cache.lockTimeout',
  proxy_cache_lock_age: 'after five seconds another asks',
  proxy_cache_valid: 'cache.defaultTtl, for all answers',
  proxy_cache_methods: 'GET and HEAD are cached',
  proxy_cache_min_uses: 'every answer is stored',
  proxy_cache_bypass: 'what RFC 9111 says of requests',
  proxy_no_cache: 'what RFC 9111 says of answers',
  proxy_ignore_headers: 'what RFC 9111 says of answers',
};

/** @returns whether locations are cached unless they say otherwise. */
export const readCache = (reading: Reading, scope: Scope, locations: Scope): boolean => {
  const around = oneIn(scope, 'proxy_cache');
  const isOn = around !== undefined && around.args[0] !== 'off';
  const inside = locations
    .flatMap((level) => named(level, 'proxy_cache'))
    .filter(({ args }) => args[0] !== 'off');
  const used = isOn ? around : inside[0];
  if (around !== undefined) reading.say(around, 'understood', isOn ? 'cache' : 'no cache');
  if (used === undefined) return false;
  // Where only some locations are cached, the first of them says how.
  const level = locations.find((directives) => directives.includes(used));
  const own: Scope = level === undefined ? scope : [level, ...scope];
  const path = allIn(scope, 'proxy_cache_path').find(
    (directive) => parameter(directive, 'keys_zone')?.split(':')[0] === used.args[0],
  );
  const maxBytes = readSizeBytes((path && parameter(path, 'max_size')) ?? '');
  const valid = allIn(own, 'proxy_cache_valid')[0];
  const ttlMs = readTimeMs(valid?.args.at(-1) ?? '');
  const stale = oneIn(own, 'proxy_cache_use_stale')?.args ?? [];
  const lock = oneIn(own, 'proxy_cache_lock')?.args[0] === 'on';
  const lockMs = readTimeMs(oneIn(own, 'proxy_cache_lock_timeout')?.args[0] ?? '') ?? 5_000;
  reading.section.cache = {
    ...(maxBytes !== null && { maxSize: sizeText(maxBytes) }),
    ...(path && { maxEntries: entriesOf(parameter(path, 'keys_zone')?.split(':')[1] ?? '') }),
    ...(ttlMs !== null && { defaultTtl: durationText(ttlMs) }),
    staleWhileRevalidate: stale.includes('updating') ? '10s' : '0s',
    staleIfError: stale.includes('error') ? '60s' : '0s',
    lockTimeout: lock ? durationText(lockMs) : '0s',
    clientNoCache: oneIn(own, 'proxy_cache_bypass') === undefined ? 'ignore' : 'honour',
  };
  if (path !== undefined) reading.say(path, 'understood', 'cache.maxSize and maxEntries');
  for (const [name, note] of Object.entries(KNOWN)) {
    for (const directive of allIn(own, name)) reading.say(directive, 'nearly', note);
  }
  return isOn;
};
