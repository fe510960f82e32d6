/**
 * Who may talk to the lab. On loopback it trusts whoever can connect from this machine, but for pages of other sites that
 * a browser here shows: those can send requests to loopback, with an `Origin` of their own, under a name of theirs that
 * leads here, or as a form. Elsewhere it asks for a token.
 */
import type { IncomingMessage } from 'node:http';
import { isLoopbackHost } from '../../core/http-address.js';
import { isSameText } from '../../core/same-text.js';

/** What a browser keeps the token in, once it was in the address of the page. */
export const TOKEN_COOKIE = 'badgateway-token';

export interface Refusal {
  readonly status: 401 | 403 | 415;
  readonly detail: string;
}

const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

const JSON_TYPE = /^application\/json\s*(;|$)/i;

/** Of `Host`, without the port and the brackets of IPv6. */
const nameOf = (host: string): string => host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');

const cookieOf = ({ cookie = '' }: IncomingMessage['headers'], name: string): string =>
  cookie
    .split(';')
    .map((one) => one.trim())
    .find((one) => one.startsWith(`${name}=`))
    ?.slice(name.length + 1) ?? '';

const hasToken = ({ headers }: Pick<IncomingMessage, 'headers'>, token: string): boolean =>
  isSameText(headers.authorization ?? '', `Bearer ${token}`) ||
  isSameText(cookieOf(headers, TOKEN_COOKIE), encodeURIComponent(token));

/**
 * @param token `null`: loopback is trusted.
 * @param isPage whether the page itself is asked for, which a link of another site may lead to.
 * @returns why not; `null`: it may.
 */
export const refusalOf = (
  request: Pick<IncomingMessage, 'headers' | 'method'>,
  token: string | null,
  isPage: boolean,
): Refusal | null => {
  const { headers, method = 'GET' } = request;
  const { origin, host = '', 'sec-fetch-site': site = 'none', 'content-type': type = '' } = headers;
  if (origin !== undefined && origin !== `http://${host}`) {
    return { status: 403, detail: `requests of ${origin} are not taken` };
  }
  if (!isPage && site !== 'none' && site !== 'same-origin') {
    return { status: 403, detail: 'requests of pages of other sites are not taken' };
  }
  if (token === null) {
    if (!isLoopbackHost(nameOf(host))) return { status: 403, detail: `${host} is not this machine` };
  } else if (!hasToken(request, token)) {
    return { status: 401, detail: 'the lab asks for its token: Authorization: Bearer …, or /?token=… once' };
  }
  // A form of another site can send anything but JSON.
  if (WITH_BODY.has(method) && !JSON_TYPE.test(type)) {
    return { status: 415, detail: 'orders are JSON: content-type: application/json' };
  }
  return null;
};
