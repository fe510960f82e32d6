/**
 * Header fields on their way through: what a proxy must not pass on (RFC 9110 section 7.6.1), what it adds, and the
 * marks by which a client tells the gateway's answers from an upstream's (`Proxy-Status`, RFC 9209).
 */
import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';
import type { ErrorSpec } from '../core/errors.js';
import type { Headers } from '../policies/service.js';
import type { ForwardedConfig } from './config/listener.js';

/** The name of this proxy in `Proxy-Status` and `Via`. */
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

/** Whom the request is for: the target's own authority before any field (RFC 9112 section 3.2.2, RFC 9113 section 8.3.1). */
export const hostOf = ({ url = '', headers }: IncomingMessage): string | undefined => {
  if (!url.startsWith('/')) {
    const authority = /^https?:\/\/([^/?#]+)/i.exec(url)?.[1];
    if (authority !== undefined) return authority;
  }
  return (headers[':authority'] as string | undefined) ?? headers.host;
};

const appended = (before: string | string[] | undefined, value: string): string =>
  before === undefined ? value : `${before}, ${value}`;

/** An address as `Forwarded` writes it (RFC 7239 section 6). */
const node = (address: string): string => (isIPv6(address) ? `"[${address}]"` : address);

/** Takes the fields that `Connection` names out, in place; reply-from does it for all other requests. */
export const withoutConnectionFields = (headers: Headers): Headers => {
  for (const name of String(headers.connection ?? '').split(','))
    headers[name.trim().toLowerCase()] = undefined;
  return headers;
};

/**
 * The client's fields made ready for an upstream, in place. reply-from has taken out `Connection` and what it names.
 * The client's own `Host` is kept, as HAProxy and Envoy keep it.
 */
export const prepareRequestHeaders = (
  raw: IncomingMessage,
  headers: Headers,
  rayId: string,
  forwarded: ForwardedConfig,
): Headers => {
  for (const name of HOP_BY_HOP) if (headers[name] !== undefined) headers[name] = undefined;
  // `100 Continue` has been answered already, and undici refuses to send the field.
  if (headers.expect !== undefined) headers.expect = undefined;
  const host = hostOf(raw);
  headers.host = host;
  addForwarded(raw, headers, host, forwarded);
  const version = raw.httpVersionMajor === 2 ? '2' : raw.httpVersion;
  // RFC 9110 section 7.6.3: a gateway must say that a request has come by it.
  headers.via = appended(headers.via, `${version} ${PROXY_NAME}`);
  headers[RAY_ID_HEADER] = rayId;
  return headers;
};

const addForwarded = (
  { socket }: IncomingMessage,
  headers: Headers,
  host: string | undefined,
  { fields, trust }: ForwardedConfig,
): void => {
  const client = socket.remoteAddress ?? 'unknown';
  const proto = 'encrypted' in socket ? 'https' : 'http';
  if (!trust) {
    headers['x-forwarded-for'] = undefined;
    headers['x-forwarded-host'] = undefined;
    headers['x-forwarded-proto'] = undefined;
    headers.forwarded = undefined;
  }
  if (fields !== 'forwarded') {
    headers['x-forwarded-for'] = appended(headers['x-forwarded-for'], client);
    headers['x-forwarded-proto'] ??= proto;
    headers['x-forwarded-host'] ??= host;
  }
  if (fields !== 'x-forwarded') {
    const hop = `for=${node(client)};host="${host ?? ''}";proto=${proto}`;
    headers.forwarded = appended(headers.forwarded, hop);
  }
};

const NONE: readonly string[] = [];

/** The fields that an answer's `Connection` names, in lower case. */
const connectionFields = (connection: string | string[] | undefined): readonly string[] => {
  // What nearly all say, and what names nothing but fields that never go further.
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return NONE;
  return String(connection)
    .toLowerCase()
    .split(/\s*,\s*/);
};

/** An upstream's fields made ready for the client, as the flat list that `writeHead` takes without copying. */
export const relayedHeaders = (headers: Headers, rayId: string, upstreamId: string): string[] => {
  const flat: string[] = [];
  const named = connectionFields(headers.connection);
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
