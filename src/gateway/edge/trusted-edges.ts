/**
 * Who asked, where an edge brings the request: an edge that is trusted says from where it came, and under which Ray ID it
 * sent it on. Of anybody else that is only what a client says.
 */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { RAY_ID_HEADER } from '../headers.js';
import { Networks } from './networks.js';

/** Who asked for something. */
export interface Asker {
  readonly address: string;
  /** Whether an edge brought it. */
  readonly viaEdge: boolean;
}

const RAY_ID = /^[0-9a-f]{16}$/;

/** The nodes of `Forwarded` (RFC 7239 section 4), without their ports. Bounded: a client may have written the field. */
const FOR = /(?:^|[;,\s])for=(?:"?\[([^\]]{0,45})\]|"?([^";,\s:]{0,45}))/gi;

const textOf = (field: string | string[] | undefined): string => (field === undefined ? '' : String(field));

/** Whom each hop saw, the first one first. */
const chainOf = ({ headers }: IncomingMessage): string[] => {
  const plain = textOf(headers['x-forwarded-for']);
  if (plain !== '') return plain.split(',').map((one) => one.trim());
  return [...textOf(headers.forwarded).matchAll(FOR)].map(([, v6, other]) => v6 ?? other ?? '');
};

export class TrustedEdges {
  /** `null`: none is. */
  readonly #networks: Networks | null;

  /** @param networks of edges. */
  constructor(networks: readonly string[]) {
    this.#networks = networks.length === 0 ? null : new Networks(networks);
  }

  /** The Ray ID that the edge gave it; `null`: no edge did. */
  rayIdOf({ socket, headers }: IncomingMessage): string | null {
    if (this.#networks === null || !this.#networks.has(socket?.remoteAddress ?? '')) return null;
    const rayId = textOf(headers[RAY_ID_HEADER]);
    return RAY_ID.test(rayId) ? rayId : null;
  }

  /**
   * From the last hop back to the first address that is no edge's. What is before that one is its own word, and an
   * address that is none ends the chain.
   */
  askerOf(raw: IncomingMessage): Asker {
    let address = raw.socket?.remoteAddress ?? 'unknown';
    if (this.#networks === null || !this.#networks.has(address)) return { address, viaEdge: false };
    const chain = chainOf(raw);
    let viaEdge = false;
    for (let at = chain.length - 1; at >= 0 && isIP(chain[at]!) !== 0; at--) {
      address = chain[at]!;
      viaEdge = true;
      if (!this.#networks.has(address)) break;
    }
    return { address, viaEdge };
  }
}
