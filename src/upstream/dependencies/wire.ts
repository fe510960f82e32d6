/** What calls to dependencies have in common on their way: how an answer looks, and how a connection is lost. */
import { type ErrorCode, GatewayError } from '../../core/errors.js';
import type { ProxyResponse } from '../../policies/service.js';

/** An answer that is there as a whole. */
export const answered = (statusCode: number): ProxyResponse => ({
  statusCode,
  headers: {},
  relay: (sink) => sink.end(),
  resume: () => {},
  destroy: () => {},
  onEnd: (listener) => listener(null),
});

const CODES: Readonly<Record<string, ErrorCode>> = {
  ECONNREFUSED: 'BGW_ERR_CONNECTION_REFUSED',
  ECONNRESET: 'BGW_ERR_CONNECTION_RESET',
  EPIPE: 'BGW_ERR_CONNECTION_RESET',
};

/** What a connection's error comes to. */
export const lostBy = (error: NodeJS.ErrnoException): GatewayError =>
  new GatewayError(CODES[error.code ?? ''] ?? 'BGW_ERR_CONNECTION_CLOSED', error.message);
