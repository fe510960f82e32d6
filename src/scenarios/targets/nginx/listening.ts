/** The side of the clients: address, TLS, sizes and times. */
import { resolve } from 'node:path';
import { hostAndPort } from '../../../core/http-address.js';
import { resolveListener } from '../../../gateway/config/listener.js';
import { block } from '../text.js';
import { type Draft, missing, otherwise } from './draft.js';
import { literal, size, time } from './words.js';

/** What differs for everybody is said once, of `statusDialect`. */
const DEFAULTS = resolveListener();

/** nginx's own smallest buffer for a long header, and as many as anybody needs. */
const HEADER_BUFFER = { minBytes: 1024, maxBytes: 1024 ** 2, maxNumber: 64 };

/** Each connection has its place made ready. */
const MAX_CONNECTIONS = 65_536;

/** What nginx itself has open: listeners, channels, logs. */
const OWN_CONNECTIONS = 64;

/** nginx takes sizes of header fields as so many buffers of so many bytes, and none may be longer than one. */
const headerBuffers = (draft: Draft): string => {
  const { maxHeaderBytes, maxUrlBytes } = draft.config.listener;
  const { minBytes, maxBytes, maxNumber } = HEADER_BUFFER;
  const wanted = Math.ceil(maxUrlBytes / 1024) * 1024;
  const bytes = Math.min(maxBytes, Math.max(minBytes, wanted));
  const number = Math.min(maxNumber, Math.max(1, Math.round(maxHeaderBytes / bytes)));
  if (maxHeaderBytes !== DEFAULTS.maxHeaderBytes || maxUrlBytes !== DEFAULTS.maxUrlBytes) {
    const text = `${number} buffers of ${size(bytes)}, with no field longer than one; more is answered 400, not 431`;
    otherwise(draft, ['listener', 'maxHeaders'], text);
  }
  return `large_client_header_buffers ${number} ${size(bytes)};`;
};

/** Of one worker process: clients and upstreams together. */
export const workerConnections = (draft: Draft): number => {
  const { config, upstreams } = draft;
  const clients = config.listener.maxConnections;
  const behind = Math.min(clients, config.maxConnections * upstreams.length);
  const each = Math.ceil((clients + behind) / config.processes) + OWN_CONNECTIONS;
  return Math.min(MAX_CONNECTIONS, each);
};

const tlsLines = (draft: Draft): string[] => {
  const { listener } = draft.config;
  const { tls } = listener;
  if (tls === null) return [];
  const { purpose } = draft.site;
  const place = (path: string): string => literal(purpose === 'run' ? resolve(path) : path);
  // A name in a variable is read at every handshake, so that a new certificate is taken.
  draft.http.push(
    '',
    '# Certificates.',
    ...block('map $connection $tls_certificate', [`default ${place(tls.certificatePath)};`]),
    ...block('map $connection $tls_key', [`default ${place(tls.keyPath)};`]),
  );
  const text = 'a certificate is read at every handshake, so a bad one ends the connections at once';
  otherwise(draft, ['listener', 'tls', 'reload'], text);
  return [
    'ssl_certificate $tls_certificate;',
    'ssl_certificate_key $tls_key;',
    'ssl_protocols TLSv1.2 TLSv1.3;',
  ];
};

const listenLine = (draft: Draft): string => {
  const { tls, http2 } = draft.config.listener;
  const kinds = tls === null ? '' : http2 ? ' ssl http2' : ' ssl';
  return `listen ${hostAndPort(draft.site)}${kinds};`;
};

export const writeListener = (draft: Draft): void => {
  const { listener } = draft.config;
  draft.server.push(
    listenLine(draft),
    ...tlsLines(draft),
    '',
    '# Clients: sizes and times.',
    headerBuffers(draft),
    `client_max_body_size ${size(Math.max(1, listener.maxBodyBytes))};`,
    `client_header_timeout ${time(listener.headerTimeoutMs)};`,
    `client_body_timeout ${time(listener.bodyTimeoutMs)};`,
    `send_timeout ${time(listener.sendTimeoutMs)};`,
    `keepalive_timeout ${time(listener.keepAliveMs)};`,
    '# Paths and fields go upstream as they came.',
    'merge_slashes off;',
    'underscores_in_headers on;',
    'ignore_invalid_headers off;',
  );
  for (const key of ['headerTimeout', 'bodyTimeout'] as const) {
    if (listener[`${key}Ms`] === DEFAULTS[`${key}Ms`]) continue;
    otherwise(draft, ['listener', key], 'the connection is closed without an answer, and the log says 408');
  }
  if (listener.maxConnections !== DEFAULTS.maxConnections) {
    const text = 'worker_connections bounds connections of clients and to upstreams together';
    otherwise(draft, ['listener', 'maxConnections'], text);
  }
  if (listener.maxHeaderBytes > HEADER_BUFFER.maxBytes * HEADER_BUFFER.maxNumber) {
    missing(draft, ['listener', 'maxHeaders'], 'nginx takes no more than 64 MiB');
  }
};
