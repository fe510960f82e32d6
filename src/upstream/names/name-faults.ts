/**
 * What can be wrong with a name: each a way in which a resolver has answered in an outage. The status codes are those of
 * RFC 1035 section 4.1.1 and RFC 2136. docs/names.md has them as a table.
 */

interface NameFaultSpec {
  /** What the resolver does. */
  readonly description: string;
  /** What a client gets on a new connection once the TTL is over, through a gateway that does nothing about it. */
  readonly clientSees: string;
  /** What the gateway has against it. */
  readonly helps: string;
  /** The real incidents it stands for. */
  readonly standsFor: string;
  /** What comes back, in place of the address; `null`: nothing at all. */
  readonly answer: { readonly rcode: number; readonly address: string | null } | null;
}

/** Response codes of DNS. */
export const RCODES = { noError: 0, formErr: 1, servFail: 2, nxDomain: 3, notImp: 4, refused: 5 } as const;

/**
 * On loopback, so that nothing leaves the machine, and an address that nobody takes: what connects to it on a worker's
 * port is refused.
 */
export const STALE_ADDRESS = '127.255.255.254';

export const NAME_FAULTS = {
  nxdomain: {
    description: 'there is no such name',
    clientSees: '502 `dns_error`',
    helps: '`serveStale`',
    standsFor: 'a name taken out of the zone by mistake',
    answer: { rcode: RCODES.nxDomain, address: null },
  },
  servfail: {
    description: 'the resolver failed',
    clientSees: '502 `dns_error`',
    helps: '`serveStale`',
    standsFor: 'OpenAI, 11 December 2024: discovery by DNS failed as caches ran out',
    answer: { rcode: RCODES.servFail, address: null },
  },
  refused: {
    description: 'the resolver does not want to answer',
    clientSees: '502 `dns_error`',
    helps: '`serveStale`',
    standsFor: 'a resolver whose access list forgot somebody',
    answer: { rcode: RCODES.refused, address: null },
  },
  empty: {
    description: 'the name is there and has no address',
    clientSees: '502 `dns_error`',
    helps: '`serveStale` with `refuseEmpty`',
    standsFor: 'Amazon DynamoDB, 20 October 2025: an empty record',
    answer: { rcode: RCODES.noError, address: null },
  },
  timeout: {
    description: 'no answer comes',
    clientSees: '502 `dns_error` after the lookup’s `timeout`',
    helps: '`timeout`, `serveStale`',
    standsFor: 'OpenAI, 4 December 2024: lookups that stalled for 30 s, and clients that gave up',
    answer: null,
  },
  'stale-address': {
    description: 'an address where nobody listens any more',
    clientSees: '502 `connection_refused`',
    helps: '`retry`, health checks, when others are well',
    standsFor: 'a record that nobody changed when the host moved',
    answer: { rcode: RCODES.noError, address: STALE_ADDRESS },
  },
} as const satisfies Record<string, NameFaultSpec>;

export type NameFault = keyof typeof NAME_FAULTS;

export const NAME_FAULT_NAMES = Object.keys(NAME_FAULTS) as readonly NameFault[];
