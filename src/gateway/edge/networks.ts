/** Whether an address is in one of several networks. */
import { BlockList, isIPv6 } from 'node:net';
import { parseNetwork } from '../config/networks.js';

/** On a socket that takes both, an address of IPv4 is written as one of IPv6 (RFC 4291 section 2.5.5.2). */
const MAPPED = /^::ffff:(?=\d+\.)/i;

/** Addresses of which the answer is remembered; then it is forgotten of all. */
const REMEMBERED = 1_000;

export class Networks {
  readonly #list = new BlockList();
  /** Node takes several microseconds to look, and the same addresses come again and again. */
  readonly #known = new Map<string, boolean>();

  /** @param texts addresses and networks, which have been checked. */
  constructor(texts: readonly string[]) {
    for (const text of texts) {
      const { address, prefix, family } = parseNetwork(text)!;
      this.#list.addSubnet(address, prefix, family);
    }
  }

  /** @param address of a socket, or one that has been checked; a text that is none is in no network. */
  has(address: string): boolean {
    let found = this.#known.get(address);
    if (found === undefined) {
      if (this.#known.size >= REMEMBERED) this.#known.clear();
      const plain = address.replace(MAPPED, '');
      found = this.#list.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
      this.#known.set(address, found);
    }
    return found;
  }
}
