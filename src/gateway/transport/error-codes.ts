/** What undici's errors and the system's mean for a request that has no answer yet. */
import type { ErrorCode } from '../../core/errors.js';
import { tlsErrorOf } from '../../core/tls-errors.js';

const CODES: Readonly<Record<string, ErrorCode>> = {
  ECONNREFUSED: 'BGW_ERR_CONNECTION_REFUSED',
  EHOSTUNREACH: 'BGW_ERR_CONNECTION_REFUSED',
  ENETUNREACH: 'BGW_ERR_CONNECTION_REFUSED',
  ECONNRESET: 'BGW_ERR_CONNECTION_RESET',
  EPIPE: 'BGW_ERR_CONNECTION_RESET',
  UND_ERR_SOCKET: 'BGW_ERR_CONNECTION_CLOSED',
  UND_ERR_CONNECT_TIMEOUT: 'BGW_ERR_CONNECT_TIMEOUT',
  ETIMEDOUT: 'BGW_ERR_CONNECT_TIMEOUT',
  ENOTFOUND: 'BGW_ERR_DNS',
  EAI_AGAIN: 'BGW_ERR_DNS',
  // Of our own lookups (names/dns-query.ts).
  LOOKUP_FAILED: 'BGW_ERR_DNS',
  // The way to the upstream was closed under the request: it has left the config.
  UND_ERR_DESTROYED: 'BGW_ERR_NO_UPSTREAM',
  UND_ERR_CLOSED: 'BGW_ERR_NO_UPSTREAM',
  UND_ERR_HEADERS_OVERFLOW: 'BGW_ERR_HEADERS_TOO_LARGE',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'BGW_ERR_PROTOCOL',
};

const TLS_CODES = {
  tls_certificate_error: 'BGW_ERR_TLS_CERTIFICATE_ERROR',
  tls_protocol_error: 'BGW_ERR_TLS_PROTOCOL_ERROR',
} as const satisfies Record<string, ErrorCode>;

/** @param error of undici or of the socket. */
export const codeOf = (error: unknown): ErrorCode => {
  const { code = '', message = '', name, syscall } = error as NodeJS.ErrnoException;
  // The parser's errors carry no code when the response does not even begin like HTTP.
  if (name === 'HTTPParserError') return 'BGW_ERR_PROTOCOL';
  // undici reports both of these as a socket error; they are answers, only not valid ones.
  if (message === 'bad response' || message === 'bad upgrade') return 'BGW_ERR_PROTOCOL';
  const ofTls = tlsErrorOf(code);
  if (ofTls !== null) return TLS_CODES[ofTls];
  const known = CODES[code] ?? 'BGW_ERR_INTERNAL';
  // A route that is gone, or a peer that is silent for too long, can also end a connection that had come about.
  const wasConnected = syscall === 'read' || syscall === 'write' || syscall === 'writev';
  return wasConnected && known !== 'BGW_ERR_INTERNAL' ? 'BGW_ERR_CONNECTION_RESET' : known;
};
