/** The same failure in the words of others: what Envoy, HAProxy and nginx write into their logs for it, and RFC 9209. */
import { causeOf, ERRORS, type ErrorCode } from '../../core/errors.js';

export interface Elsewhere {
  /** RFC 9209 error type; '' where it has none. */
  readonly proxyStatus: string;
  /** Envoy's response flag. */
  readonly envoy: string;
  /** HAProxy's termination state: who ended it, and when. */
  readonly haproxy: string;
  /** From nginx's error log. */
  readonly nginx: string;
}

const NONE = 'nothing like it';

const LOGS: Readonly<Record<string, readonly [haproxy: string, nginx: string]>> = {
  connection_refused: ['SC', 'connect() failed (111: Connection refused) while connecting to upstream'],
  connection_reset: [
    'SH',
    'recv() failed (104: Connection reset by peer) while reading response header from upstream',
  ],
  connection_closed: [
    'SH',
    'upstream prematurely closed connection while reading response header from upstream',
  ],
  protocol: ['PH', 'upstream sent invalid header while reading response header from upstream'],
  headers_too_large: ['PH', 'upstream sent too big header while reading response header from upstream'],
  dns: ['SC', 'could not be resolved (3: Host not found)'],
  tls_certificate_error: ['SC', 'upstream SSL certificate verify error while SSL handshaking to upstream'],
  tls_protocol_error: ['SC', 'SSL_do_handshake() failed while SSL handshaking to upstream'],
  connect_timeout: ['sC', 'upstream timed out (110: Connection timed out) while connecting to upstream'],
  response_timeout: [
    'sH',
    'upstream timed out (110: Connection timed out) while reading response header from upstream',
  ],
  deadline: [
    'sH',
    'upstream timed out (110: Connection timed out) while reading response header from upstream',
  ],
  no_upstream: ['SC, <NOSRV>', 'no live upstreams while connecting to upstream'],
  concurrency_limit: ['sQ', 'no live upstreams while connecting to upstream (max_conns)'],
  queue_full: ['sQ', 'no live upstreams while connecting to upstream (max_conns)'],
  queue_timeout: ['sQ', 'no live upstreams while connecting to upstream (max_conns)'],
  connection_limit: ['sQ', 'no live upstreams while connecting to upstream (max_conns)'],
  // Neither has circuits: a server that answers badly is marked down, and none is left.
  circuit_open: [
    'SC, <NOSRV> (observe layer7, error-limit)',
    'no live upstreams while connecting to upstream (max_fails)',
  ],
  rate_limited: ['PR', 'limiting requests, excess: … by zone'],
  blocked: ['PR', 'access forbidden by rule'],
  bad_request: ['PR', 'client sent invalid request (400 in the access log)'],
  client_timeout: ['cR', 'client timed out (110: Connection timed out), 408 in the access log'],
  request_too_large: [NONE, 'client intended to send too large body'],
  uri_too_long: ['PR', 'client sent too long URI while reading client request line'],
  request_headers_too_large: ['PR', 'client sent too long header line while reading client request headers'],
  client_left: ['CH', 'client prematurely closed connection (499 in the access log)'],
  body_broken: ['SD', 'upstream prematurely closed connection while reading upstream'],
  body_timeout: ['sD', 'upstream timed out (110: Connection timed out) while reading upstream'],
};

/** An answer that a proxy passes on is no failure of its own: none has a word for it, but where it keeps the status. */
const UPSTREAM_RESPONSE: Elsewhere = {
  proxyStatus: 'none, and the worker in next-hop',
  envoy: '- (via_upstream)',
  haproxy: '--',
  nginx: 'nothing in the error log; the status is in $upstream_status of the access log',
};

/** @param cause as results name it, such as `connection_reset`. @returns `null`: nobody but a client knows of it. */
export const elsewhereOf = (cause: string): Elsewhere | null => {
  if (cause === 'upstream_response') return UPSTREAM_RESPONSE;
  const code = (Object.keys(ERRORS) as ErrorCode[]).find((one) => causeOf(one) === cause);
  if (code === undefined) return null;
  const { proxyStatus, envoyFlag } = ERRORS[code];
  const [haproxy, nginx] = LOGS[cause] ?? [NONE, NONE];
  return { proxyStatus, envoy: envoyFlag === '-' ? NONE : envoyFlag, haproxy, nginx };
};
