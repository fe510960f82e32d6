/**
 * What is wrong with a request that Node's parser lets through, but a gateway must not pass on: two parties that read
 * the same bytes differently are how requests are smuggled (RFC 9112 section 11.2).
 */
import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../../core/errors.js';
import type { ListenerConfig } from '../config/listener.js';
import { hostOf } from '../headers.js';

/**
 * What a client asked for in origin form (RFC 9112 section 3.2.1); a client that takes us for a forward proxy sends the
 * absolute form. `null` for a target that is no path, such as the `*` of OPTIONS.
 */
export const originForm = (target: string): string | null => {
  if (target.startsWith('/')) return target;
  const path = /^https?:\/\/[^/?#]+(.*)$/i.exec(target)?.[1];
  if (path === undefined) return null;
  return path.startsWith('/') ? path : `/${path}`;
};

const countOf = (name: string, { rawHeaders }: IncomingMessage): number => {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const field = rawHeaders[index]!;
    if (field.length === name.length && field.toLowerCase() === name) count++;
  }
  return count;
};

/**
 * A host, and perhaps a port (RFC 3986 section 3.2), without user information. Anything more would be a part of a path,
 * a field or a cache's key to somebody.
 */
const HOST = /^(\[[0-9a-f:.]+\]|[\w.~!$&'()*+,;=%-]*)(:\d*)?$/i;

/** Of the addressee; `null`: nothing is wrong. */
const hostProblem = (raw: IncomingMessage): string | null => {
  const host = hostOf(raw);
  if (host !== undefined && !HOST.test(host)) return `Host: ${host}`;
  const { ':authority': authority, host: field } = raw.headers;
  // RFC 9113 section 8.3.1.
  if (authority === undefined || field === undefined) return null;
  return field.toLowerCase() === String(authority).toLowerCase() ? null : 'Host is not :authority';
};

/** `null`: nothing is wrong. */
export const findRequestProblem = (
  raw: IncomingMessage,
  limits: Pick<ListenerConfig, 'maxUrlBytes' | 'maxBodyBytes'>,
): GatewayError | null => {
  const { url = '', headers, httpVersion } = raw;
  if (url.length > limits.maxUrlBytes) {
    return new GatewayError('BGW_ERR_URI_TOO_LONG', `${url.length} bytes`);
  }
  const length = headers['content-length'];
  if (length !== undefined && Number(length) > limits.maxBodyBytes) {
    return new GatewayError('BGW_ERR_REQUEST_TOO_LARGE', `${length} bytes`);
  }
  const host = hostProblem(raw);
  if (host !== null) return new GatewayError('BGW_ERR_BAD_REQUEST', host);
  // HTTP/2 has none of what follows: its frames carry the length, and its parser checks the rest.
  if (httpVersion === '2.0') return null;
  if (httpVersion === '0.9') return new GatewayError('BGW_ERR_BAD_REQUEST', 'HTTP/0.9');
  // RFC 9112 section 3.2.
  if (httpVersion === '1.1' && headers.host === undefined) {
    return new GatewayError('BGW_ERR_BAD_REQUEST', 'no Host');
  }
  const coding = headers['transfer-encoding'];
  if (coding !== undefined) {
    // RFC 9112 section 6.1: a server of HTTP/1.0 knows no codings, so this framing is faulty.
    if (httpVersion === '1.0') {
      return new GatewayError('BGW_ERR_BAD_REQUEST', 'Transfer-Encoding with HTTP/1.0');
    }
    // Another coding than the one we undo would be passed on as something that it is not.
    if (coding.toLowerCase() !== 'chunked') {
      return new GatewayError('BGW_ERR_BAD_REQUEST', `Transfer-Encoding: ${coding}`);
    }
  }
  // RFC 9112 section 3.2: several hosts are several addressees.
  if (countOf('host', raw) > 1) return new GatewayError('BGW_ERR_BAD_REQUEST', 'more than one Host');
  return null;
};
