/** Addresses as Toxiproxy writes them: `127.0.0.1:8474`, `[::1]:8474`, or `:0` for any free port of this machine. */

export interface Address {
  readonly host: string;
  readonly port: number;
}

const ADDRESS = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/?#@\s]*)):(\d{1,5})$/i;

/** Only this machine: a link takes connections from nowhere else. */
const LOOPBACK = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|localhost)$/i;

/** What `:PORT` and `localhost:PORT` stand for. */
const LOOPBACK_HOST = '127.0.0.1';

const parse = (text: string): Address | null => {
  const [, bracketed, plain, digits] = ADDRESS.exec(text) ?? [];
  const port = Number(digits);
  return digits === undefined || port > 65_535 ? null : { host: bracketed ?? plain ?? '', port };
};

export const formatAddress = ({ host, port }: Address): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

/** @returns the address, or what is wrong with it. */
export const parseListen = (text: string): Address | string => {
  const address = parse(text === '' ? ':0' : text);
  if (address === null) return `must be HOST:PORT such as 127.0.0.1:0, got ${JSON.stringify(text)}`;
  if (address.host === '' || address.host.toLowerCase() === 'localhost') {
    return { host: LOOPBACK_HOST, port: address.port };
  }
  if (!LOOPBACK.test(address.host)) {
    return `must be an address of this machine's own, such as 127.0.0.1:${address.port}, got ${JSON.stringify(text)}`;
  }
  return address;
};

/** @returns the address, or what is wrong with it. */
export const parseUpstream = (text: string): Address | string => {
  const address = parse(text);
  if (address === null || address.port === 0) {
    return `must be HOST:PORT such as 127.0.0.1:8080, got ${JSON.stringify(text)}`;
  }
  return address.host === '' ? { ...address, host: LOOPBACK_HOST } : address;
};
