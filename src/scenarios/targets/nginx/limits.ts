/** What keeps work out: limits of rate and of requests at once. */
import type { ConcurrencyConfig } from '../../../gateway/config/limits.js';
import type { TokenBucketOptions } from '../../../policies/token-bucket.js';
import { type Draft, missing, otherwise } from './draft.js';
import { zoneSize } from './words.js';

/** A state of limit_req with an address of 16 bytes (nginx documentation, limit_req_zone: 128 bytes). */
const CLIENT_BYTES = 128;

/** `limit_conn` counts in a zone too; one entry is all that these need. */
const ONE_ENTRY = zoneSize(1, CLIENT_BYTES);

/** What a zone has room for. */
const MAX_CLIENTS = 2_000_000;

/** nginx refuses a larger one; as much as no limit at all. */
const MAX_AT_ONCE = 65_535;

/** nginx's rates are whole numbers, a second or a minute. */
const rateOf = (rateRps: number): { readonly text: string; readonly rps: number } => {
  if (Number.isInteger(rateRps)) return { text: `${rateRps}r/s`, rps: rateRps };
  const perMinute = Math.max(1, Math.round(rateRps * 60));
  return { text: `${perMinute}r/m`, rps: perMinute / 60 };
};

/**
 * A token bucket in nginx's words. Its leaky bucket with `nodelay` lets `burst` requests in beyond the one that is due, so
 * one less is written.
 * @param key of a request; none is counted where it is empty.
 * @param path of the options in the section.
 */
export const addRateLimit = (
  draft: Draft,
  zone: string,
  key: string,
  { options, path }: { readonly options: TokenBucketOptions; readonly path: readonly string[] },
): void => {
  const { text, rps } = rateOf(options.rateRps);
  if (Math.abs(rps - options.rateRps) > 1e-6 * options.rateRps) {
    otherwise(draft, [...path, 'rate'], `nginx takes whole numbers a second or a minute, so it is ${text}`);
  }
  if (options.maxClients > MAX_CLIENTS) {
    otherwise(draft, [...path, 'maxClients'], `${MAX_CLIENTS} clients are known at once`);
  }
  const burst = options.burst - 1;
  draft.http.push(
    `limit_req_zone ${key} zone=${zone}:${zoneSize(options.maxClients, CLIENT_BYTES)} rate=${text};`,
  );
  const status = 'limit_req_status 429;';
  if (!draft.server.includes(status)) draft.server.push(status);
  draft.server.push(`limit_req zone=${zone}${burst === 0 ? '' : ` burst=${burst} nodelay`};`);
};

const fixedLimit = ({ algorithm }: ConcurrencyConfig): number | null =>
  algorithm.name === 'fixed' ? algorithm.options.limit : null;

const loseQueue = (draft: Draft, key: 'concurrency' | 'globalConcurrency', status: number): void => {
  const concurrency = draft.config[key];
  if (concurrency === null) return;
  if (fixedLimit(concurrency) === null) {
    missing(draft, [key, 'adaptive'], 'nginx has fixed limits only, so there is none');
  } else if (key === 'concurrency') {
    otherwise(draft, [key], 'max_conns answers 502 where no server has room, not 503');
  }
  if (concurrency.queue > 0) {
    missing(draft, [key, 'queue'], `nobody waits: whoever finds no room is answered ${status} at once`);
  }
};

/** `limit_conn` of the whole gateway; a location that has one of its own has to say it again. */
export const globalLimitLines = ({ config }: Draft): string[] => {
  const limit = config.globalConcurrency && fixedLimit(config.globalConcurrency);
  return limit === null ? [] : [limitLine('all', limit)];
};

/** Requests at once. */
export const limitLine = (zone: string, limit: number): string =>
  `limit_conn ${zone} ${Math.min(MAX_AT_ONCE, limit)};`;

export const routeZone = (index: number): string => `route_${index + 1}`;

export const writeLimits = (draft: Draft): void => {
  const { config, http, server } = draft;
  const { rateLimit, globalConcurrency, routes } = config;
  const own = (routes ?? []).flatMap(({ concurrencyLimit }, index) =>
    concurrencyLimit === null ? [] : [index],
  );
  if (globalConcurrency !== null || own.length > 0 || rateLimit !== null) http.push('', '# Limits.');
  if (globalLimitLines(draft).length > 0) http.push(`limit_conn_zone all zone=all:${ONE_ENTRY};`);
  for (const index of own) {
    http.push(`limit_conn_zone ${routeZone(index)} zone=${routeZone(index)}:${ONE_ENTRY};`);
  }
  server.push(...globalLimitLines(draft));
  if (rateLimit !== null) {
    addRateLimit(draft, 'clients', '$binary_remote_addr', { options: rateLimit, path: ['rateLimit'] });
  }
  loseQueue(draft, 'concurrency', 502);
  loseQueue(draft, 'globalConcurrency', 503);
  if (config.admission !== null) {
    missing(draft, ['admission'], 'nginx does not refuse requests by how many of them fail');
  }
  if (config.criticality !== null)
    missing(draft, ['criticality'], 'nginx does not tell requests by who matters more');
};
