/**
 * Header fields on their way through: what a proxy must not pass on (RFC 9110 section 7.6.1), what it adds, and the
 * marks by which a client tells the gateway's answers from an upstream's (`Proxy-Status`, RFC 9209).
 */
import type { IncomingMessage } from 'node:http';
import type { ErrorSpec } from '../core/errors.js';
import type { Headers } from '../policies/service.js';

/** The name of this proxy in `Proxy-Status`. */
export const PROXY_NAME = 'badgateway';

export const RAY_ID_HEADER = 'x-ray-id';

/** Fields that are about one connection and never go further. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * The client's fields made ready for an upstream, in place. reply-from has taken out `Connection` and what it names.
 * The client's own `Host` is kept, as HAProxy and Envoy keep it.
 */
export const prepareRequestHeaders = (raw: IncomingMessage, headers: Headers, rayId: string): Headers => {
  for (const name of HOP_BY_HOP) if (headers[name] !== undefined) headers[name] = undefined;
  // Node has answered `100 Continue` already, and undici refuses to send the field.
  if (headers.expect !== undefined) headers.expect = undefined;
  const client = raw.socket.remoteAddress ?? 'unknown';
  const before = headers['x-forwarded-for'];
  headers['x-forwarded-for'] = before === undefined ? client : `${before}, ${client}`;
  headers['x-forwarded-proto'] = 'http';
  headers['x-forwarded-host'] ??= raw.headers.host;
  headers.host = raw.headers.host;
  headers[RAY_ID_HEADER] = rayId;
  return headers;
};

/** An upstream's fields made ready for the client, as the flat list that `writeHead` takes without copying. */
export const relayedHeaders = (headers: Headers, rayId: string, upstreamId: string): string[] => {
  const flat: string[] = [];
  const connection = headers.connection;
  const named = typeof connection === 'string' ? connection.toLowerCase().split(/\s*,\s*/) : [];
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || HOP_BY_HOP.has(name) || name === RAY_ID_HEADER || named.includes(name))
      continue;
    if (typeof value === 'string') flat.push(name, value);
    else for (const one of value) flat.push(name, one);
  }
  flat.push(RAY_ID_HEADER, rayId);
  if (upstreamId !== '') flat.push('proxy-status', `${PROXY_NAME}; next-hop=${upstreamId}`);
  return flat;
};

/** `Proxy-Status` of an answer that the gateway made itself. */
export const proxyStatus = (spec: ErrorSpec, code: string): string =>
  `${PROXY_NAME}; error=${spec.proxyStatus}; details="${code}"`;
