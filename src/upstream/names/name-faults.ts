/**
 * What can be wrong with a name: each a way in which a resolver has answered in an outage. The status codes are those of
 * RFC 1035 section 4.1.1 and RFC 2136; what stands for which incident is in docs/names.md.
 */

interface NameFaultSpec {
  /** What the resolver does. */
  readonly description: string;
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
    answer: { rcode: RCODES.nxDomain, address: null },
  },
  servfail: {
    description: 'the resolver failed',
    answer: { rcode: RCODES.servFail, address: null },
  },
  refused: {
    description: 'the resolver does not want to answer',
    answer: { rcode: RCODES.refused, address: null },
  },
  empty: {
    description: 'the name is there and has no address',
    answer: { rcode: RCODES.noError, address: null },
  },
  timeout: {
    description: 'no answer comes',
    answer: null,
  },
  'stale-address': {
    description: 'an address where nobody listens any more',
    answer: { rcode: RCODES.noError, address: STALE_ADDRESS },
  },
} as const satisfies Record<string, NameFaultSpec>;

export type NameFault = keyof typeof NAME_FAULTS;

export const NAME_FAULT_NAMES = Object.keys(NAME_FAULTS) as readonly NameFault[];
