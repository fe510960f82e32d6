/** The section `gateway.names`: how the names of upstreams are resolved, and what holds when they are not. */
import { isIP } from 'node:net';
import { Duration, OneOf, Optional, Section, type Static, Type } from '../../core/schema.js';
import { parseDurationMsOr } from '../../core/units.js';

export const NamesSchema = Section(
  {
    resolver: Optional(
      Type.String({
        minLength: 1,
        description: 'Address of the DNS server, such as 127.0.0.1:5353; default: those of the system.',
      }),
    ),
    timeout: Optional(Duration('How long a lookup may take; default 300ms.')),
    recheck: Optional(
      Duration('For how long a failed lookup is not tried again; default 1s. 0s: every connection tries.'),
    ),
    serveStale: Optional(
      OneOf(['on', 'off'], 'on: while lookups fail, the last address is used past its TTL; default off.'),
    ),
    maxStale: Optional(Duration('How far past its TTL; default 24h.')),
    refuseEmpty: Optional(
      OneOf(
        ['on', 'off'],
        'on: an answer without an address counts as a failed lookup; off (default): then there is no address.',
      ),
    ),
  },
  'Names of upstreams.',
);

export type NamesSection = Static<typeof NamesSchema>;

export interface NamesConfig {
  /** `null`: whichever the system has, or the gateway was started with. */
  readonly resolver: string | null;
  readonly timeoutMs: number;
  readonly recheckMs: number;
  readonly serveStale: boolean;
  readonly maxStaleMs: number;
  readonly refuseEmpty: boolean;
}

/**
 * Fills in the defaults. A resolver on the same network answers within milliseconds, so 300 ms leave room for a packet
 * that is lost and sent again, and a client with a second of patience still gets an answer. RFC 8767 section 5 rechecks
 * after 30 s; a gateway asks for its own upstreams only, so it can ask every second and be back soon. The same section
 * serves stale records for one to three days.
 */
export const resolveNames = (section: NamesSection = {}): NamesConfig => ({
  resolver: section.resolver ?? null,
  timeoutMs: parseDurationMsOr(section.timeout, 300),
  recheckMs: parseDurationMsOr(section.recheck, 1_000),
  serveStale: section.serveStale === 'on',
  maxStaleMs: parseDurationMsOr(section.maxStale, 24 * 60 * 60_000),
  refuseEmpty: section.refuseEmpty === 'on',
});

const MAX_PORT = 65_535;

/** `127.0.0.1`, `127.0.0.1:5353`, `::1` or `[::1]:5353`: what `node:dns` takes. */
const isServer = (text: string): boolean => {
  if (isIP(text) !== 0) return true;
  const [, ipv6, ipv4, port] = /^(?:\[(.+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (isIP(ipv6 ?? '') !== 6 && isIP(ipv4 ?? '') !== 4) return false;
  return port === undefined || (Number(port) > 0 && Number(port) <= MAX_PORT);
};

export interface NamesProblem {
  /** Below the section. */
  readonly path: readonly string[];
  readonly message: string;
}

/** What a schema cannot say. */
export const findNamesProblems = ({
  resolver,
  serveStale,
  maxStale,
  refuseEmpty,
}: NamesSection): NamesProblem[] => {
  const problems: NamesProblem[] = [];
  if (resolver !== undefined && !isServer(resolver)) {
    const message = `is "${resolver}"; write an address, such as 127.0.0.1:5353 or [::1]:53`;
    problems.push({ path: ['resolver'], message });
  }
  if (serveStale === 'on') return problems;
  const hint = 'means nothing without `serveStale: on`';
  if (maxStale !== undefined) problems.push({ path: ['maxStale'], message: hint });
  if (refuseEmpty === 'on')
    problems.push({ path: ['refuseEmpty'], message: `${hint}: nothing would be kept` });
  return problems;
};
