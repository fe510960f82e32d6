/** TLS to upstreams, ready to connect with: whom to believe, and which name their certificates have to be for. */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { UserError } from '../../core/errors.js';
import type { UpstreamTlsConfig } from '../config/upstream-tls.js';

export interface UpstreamTls {
  /** `undefined`: those that Node brings along. */
  readonly ca: Buffer | undefined;
  readonly name: string;
  /** As the handshake says it: an address is no name there (RFC 6066 section 3). */
  readonly servername: string;
}

/** By the upstream's own host. */
export type UpstreamTlsOf = (host: string) => UpstreamTls;

/**
 * Reads the authorities, once.
 * @throws UserError when their file cannot be read.
 */
export const readUpstreamTls = (config: UpstreamTlsConfig): UpstreamTlsOf => {
  const ca = config.caPath === null ? undefined : readAuthorities(config.caPath);
  return (host) => {
    const name = config.name ?? host;
    return { ca, name, servername: isIP(name) === 0 ? name : '' };
  };
};

const readAuthorities = (path: string): Buffer => {
  try {
    return readFileSync(path);
  } catch (cause) {
    const message = `the certificate authorities in ${path} cannot be read: ${(cause as Error).message}`;
    throw new UserError('couldNotStart', message, { cause });
  }
};
