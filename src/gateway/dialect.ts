/**
 * Status dialects: the same failure, with the status that another gateway would give it. The cause stays the same, and
 * `Proxy-Status` names it in every dialect.
 *
 * Sources: Envoy, "Access logging" and "Response code details"; HAProxy configuration manual, section 8.5; nginx,
 * `ngx_http_proxy_module`; and each of them measured against servers that fail that way.
 */
import { ERRORS, type ErrorCode } from '../core/errors.js';

export const STATUS_DIALECTS = ['standard', 'envoy', 'nginx', 'haproxy'] as const;

export type StatusDialect = (typeof STATUS_DIALECTS)[number];

/** Where a dialect differs from the standard. */
const DIFFERENCES: Readonly<Record<StatusDialect, Partial<Record<ErrorCode, number>>>> = {
  standard: {},
  // Envoy says 503 for whatever happened to the connection, and 502 only for a protocol error.
  envoy: {
    BGW_ERR_CONNECTION_REFUSED: 503,
    BGW_ERR_CONNECTION_RESET: 503,
    BGW_ERR_CONNECTION_CLOSED: 503,
    BGW_ERR_CONNECT_TIMEOUT: 503,
    BGW_ERR_DNS: 503,
  },
  // nginx has no upstream left: "no live upstreams" is a 502. Its limits answer 503, rate limits too.
  nginx: {
    BGW_ERR_NO_UPSTREAM: 502,
    BGW_ERR_CIRCUIT_OPEN: 502,
    BGW_ERR_RATE_LIMITED: 503,
  },
  // HAProxy says 503 whenever no connection came about, in time or at all.
  haproxy: {
    BGW_ERR_CONNECTION_REFUSED: 503,
    BGW_ERR_CONNECT_TIMEOUT: 503,
    BGW_ERR_DNS: 503,
  },
};

export const statusIn = (dialect: StatusDialect, code: ErrorCode): number =>
  DIFFERENCES[dialect][code] ?? ERRORS[code].statusCode;
