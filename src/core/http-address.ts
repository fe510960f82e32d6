/** Addresses of HTTP servers as people write them: `http://127.0.0.1:3000`, or `127.0.0.1:3000`. */

const PORTS = { http: 80, https: 443 } as const;

type Scheme = keyof typeof PORTS;

export interface HttpAddress {
  /** `null`: none was written. */
  readonly scheme: Scheme | null;
  /** A name or an address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** What is wrong with an address, for the person who wrote it. */
export class AddressError extends Error {
  override readonly name = 'AddressError';
}

const isScheme = (text: string): text is Scheme => Object.hasOwn(PORTS, text);

/** @throws AddressError for what is no address of a server, or more than that. */
export const parseHttpAddress = (text: string): HttpAddress => {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(text)?.[1]?.toLowerCase() ?? null;
  if (scheme !== null && !isScheme(scheme)) {
    throw new AddressError(`the gateway speaks http to upstreams, not ${scheme}`);
  }
  if (scheme === null && !/:\d+([/?#]|$)/.test(text)) throw new AddressError('it has no port');
  const written = scheme === null ? `http://${text}` : text;
  if (!URL.canParse(written)) throw new AddressError('it is no address');
  const url = new URL(written);
  if (url.username !== '' || url.password !== '') {
    throw new AddressError('it may not hold a user or a password');
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw new AddressError(
      'an upstream has no path of its own, since every request keeps the one it came with',
    );
  }
  if (url.port === '0') throw new AddressError('nothing listens on port 0');
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return { scheme, host, port: url.port === '' ? PORTS[scheme ?? 'http'] : Number(url.port) };
};

/** `127.0.0.1:3000`, `[::1]:3000`. */
export const hostAndPort = ({ host, port }: Pick<HttpAddress, 'host' | 'port'>): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

const LOOPBACK = /^(127(\.\d+){3}|::1|localhost)$/;

/** Whether an address can be reached from this machine alone. @param host IPv6 without brackets. */
export const isLoopbackHost = (host: string): boolean => LOOPBACK.test(host);
