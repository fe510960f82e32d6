/** The `gateway.cache` section. */
import { Count, Duration, OneOf, Optional, Section, Size, type Static } from '../../core/schema.js';
import { parseDurationMsOr, parseSizeBytesOr } from '../../core/units.js';
import { CACHE_DEFAULTS, type CacheOptions } from '../../policies/cache/options.js';

export const CacheSchema = Section(
  {
    maxSize: Optional(Size('All that is stored; default 64MiB. What was used longest ago makes way.')),
    maxEntries: Optional(Count(1, 'Responses stored; default 10000.')),
    maxBody: Optional(Size('A larger body is not stored; default 1MiB.')),
    defaultTtl: Optional(Duration('Lifetime of answers that say nothing of it; default: not stored.')),
    staleWhileRevalidate: Optional(
      Duration(
        'How long a stale answer is given while a new one is fetched; default 10s. The answer’s own wins.',
      ),
    ),
    staleIfError: Optional(
      Duration(
        'How long a stale answer is given when the upstream fails; default 60s. The answer’s own wins.',
      ),
    ),
    lockTimeout: Optional(Duration('How long requests wait for another’s answer to the same; default 5s.')),
    clientNoCache: Optional(
      OneOf(
        ['honour', 'ignore'],
        'Whether clients may insist on a fresh answer; default honour, as in RFC 9111.',
      ),
    ),
  },
  'Shared HTTP cache (RFC 9111).',
);

/** See `CACHE_DEFAULTS` for the reasons. */
export const resolveCache = (section: Static<typeof CacheSchema>): CacheOptions => ({
  ...CACHE_DEFAULTS,
  maxBytes: parseSizeBytesOr(section.maxSize, CACHE_DEFAULTS.maxBytes),
  maxEntries: section.maxEntries ?? CACHE_DEFAULTS.maxEntries,
  maxBodyBytes: parseSizeBytesOr(section.maxBody, CACHE_DEFAULTS.maxBodyBytes),
  defaultTtlMs: parseDurationMsOr(section.defaultTtl, null),
  staleWhileRevalidateMs: parseDurationMsOr(
    section.staleWhileRevalidate,
    CACHE_DEFAULTS.staleWhileRevalidateMs,
  ),
  staleIfErrorMs: parseDurationMsOr(section.staleIfError, CACHE_DEFAULTS.staleIfErrorMs),
  lockTimeoutMs: parseDurationMsOr(section.lockTimeout, CACHE_DEFAULTS.lockTimeoutMs),
  honoursRequests: section.clientNoCache !== 'ignore',
});
