/** Flags of verbs that listen: where, and who may come. */
import { UserError } from '../core/errors.js';
import { isLoopbackHost } from '../core/http-address.js';
import { ADMIN_HOST } from '../gateway/admin.js';
import { flagValue } from './flags.js';

const MAX_PORT = 65_535;

/** @returns 0 for a free one. @throws UserError */
export const parsePort = (name: string, flag: unknown): number => {
  if (flag === undefined) return 0;
  const port = Number(flag);
  if (!Number.isInteger(port) || port < 0 || port > MAX_PORT) {
    throw new UserError('usage', `${name} takes a port, or 0 for a free one, got "${String(flag)}"`);
  }
  return port;
};

/** Of a flag that asks for something, with a port or without. @returns `null`: it is not asked for. @throws UserError */
export const parseOptionalPort = (name: string, flag: unknown): number | null => {
  if (flag === undefined || flag === false) return null;
  return flag === true ? 0 : parsePort(name, flagValue(flag));
};

/** @returns loopback by default. @throws UserError */
export const parseHost = (name: string, flag: unknown): string => {
  const host = flag === undefined ? ADMIN_HOST : String(flag);
  if (!/^[A-Za-z0-9.:-]+$/.test(host)) {
    throw new UserError('usage', `${name} takes an address such as 0.0.0.0, got "${host}"`);
  }
  return host;
};

/** Short enough to be typed, long enough not to be guessed by trying. */
const MIN_TOKEN_LENGTH = 16;

export interface TokenFlag {
  /** Of the flag, such as `--admin-token`. */
  readonly name: string;
  /** Where it is listened, and the flag that says so. */
  readonly host: string;
  readonly hostFlag: string;
}

/** @returns `null`: there is none, and none is needed. @throws UserError */
export const parseToken = (flag: unknown, { name, host, hostFlag }: TokenFlag): string | null => {
  if (flag === undefined) {
    if (isLoopbackHost(host)) return null;
    throw new UserError('usage', `${hostFlag} ${host} needs ${name}: others can reach it there`);
  }
  const variable = `BADGATEWAY_${name.slice(2).replaceAll('-', '_').toUpperCase()}`;
  // A text of digits alone has become a number on its way here, and perhaps another one.
  if (typeof flag !== 'string') {
    throw new UserError(
      'usage',
      `${name} takes a text, once, and not of digits alone; ${variable} takes those too`,
    );
  }
  if (!/^[\x21-\x7e]+$/.test(flag) || flag.length < MIN_TOKEN_LENGTH) {
    const what = `at least ${MIN_TOKEN_LENGTH} printable characters without spaces`;
    throw new UserError('usage', `${name} takes ${what}`);
  }
  return flag;
};
