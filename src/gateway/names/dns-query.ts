/** Asks a DNS server for the addresses of a name (IPv4), by `node:dns`, which keeps no answers of its own. */
import { Resolver } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { Answer } from './name-record.js';

/** A lookup that came to nothing. `reason`: `nxdomain`, `servfail`, `refused`, `timeout`, `unreachable` or another. */
export class LookupError extends Error {
  override readonly name = 'LookupError';
  /** By which `codeOf` knows it. */
  readonly code = 'LOOKUP_FAILED';
  readonly reason: string;

  constructor(hostname: string, reason: string) {
    super(`${hostname} does not resolve: ${reason}`);
    this.reason = reason;
  }
}

/** The errors of c-ares in the words of DNS. */
const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'nxdomain',
  ESERVFAIL: 'servfail',
  EREFUSED: 'refused',
  ETIMEOUT: 'timeout',
  // The port of the resolver is closed.
  ECONNREFUSED: 'unreachable',
};

/** @param code of c-ares. */
export const lookupError = (hostname: string, code: string): LookupError =>
  new LookupError(hostname, REASONS[code] ?? code.toLowerCase());

/** There is the name, but no address of it. */
const NO_DATA = 'ENODATA';

export interface DnsQuery {
  /** Rejects with a `LookupError`. */
  ask(hostname: string): Promise<Answer>;
  close(): void;
}

/** A packet that was lost is sent again once: with one try, every lost packet would be a failed lookup. */
export const TRIES = 2;

/** How long c-ares waits for the first of them, in whole milliseconds. */
export const tryTimeoutMs = (timeoutMs: number): number => Math.max(1, Math.ceil(timeoutMs / TRIES));

/** @param server `null`: those of the system. @param timeoutMs over all tries. */
export const dnsQuery = (server: string | null, timeoutMs: number): DnsQuery => {
  const resolver = new Resolver({ timeout: tryTimeoutMs(timeoutMs), tries: TRIES });
  if (server !== null) resolver.setServers([server]);
  return {
    ask: (hostname) =>
      new Promise((resolve, reject) => {
        resolver.resolve4(hostname, { ttl: true }, (error, records) => {
          if (error !== null && error.code !== NO_DATA) {
            reject(lookupError(hostname, String(error.code)));
            return;
          }
          if (error !== null || records.length === 0) {
            resolve('empty');
            return;
          }
          const ttlMs = 1000 * Math.min(...records.map(({ ttl }) => ttl));
          resolve({ addresses: records.map(({ address }) => address), ttlMs });
        });
      }),
    close: () => resolver.cancel(),
  };
};

/** As Node does it for whoever says nothing about it, with another server: c-ares's 5 s and four tries, and no cache. */
export const plainLookup = (server: string): LookupFunction => {
  const resolver = new Resolver();
  resolver.setServers([server]);
  return (hostname, options, callback) => {
    resolver.resolve4(hostname, (error, addresses) => {
      const found = (addresses ?? []).map((address) => ({ address, family: 4 }));
      if (error !== null) callback(error, '');
      else if (options.all) callback(null, found);
      else callback(null, found[0]!.address, 4);
    });
  };
};
