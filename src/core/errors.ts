/**
 * Every way a gateway can fail a request, once: the code, the status a client gets, the words other tools have for it.
 * `docs/errors.md` explains each row to a reader.
 *
 * Status and Proxy-Status error types follow RFC 9110 section 15.6 and RFC 9209 section 2.3; the flag is Envoy's
 * response flag (Envoy documentation, "Access logging").
 */

/** Who is to blame, as far as limits and breakers are concerned. */
export type Blame = 'upstream' | 'gateway' | 'client';

export interface ErrorSpec {
  readonly statusCode: number;
  /** RFC 9209 error type. */
  readonly proxyStatus: string;
  readonly envoyFlag: string;
  readonly blame: Blame;
  readonly title: string;
}

export const ERRORS = {
  BGW_ERR_CONNECTION_REFUSED: {
    statusCode: 502,
    proxyStatus: 'connection_refused',
    envoyFlag: 'UF',
    blame: 'upstream',
    title: 'The upstream refused the connection',
  },
  BGW_ERR_CONNECTION_RESET: {
    statusCode: 502,
    proxyStatus: 'connection_terminated',
    envoyFlag: 'UC',
    blame: 'upstream',
    title: 'The upstream reset the connection before it answered',
  },
  BGW_ERR_CONNECTION_CLOSED: {
    statusCode: 502,
    proxyStatus: 'connection_terminated',
    envoyFlag: 'UC',
    blame: 'upstream',
    title: 'The upstream closed the connection before it answered',
  },
  BGW_ERR_PROTOCOL: {
    statusCode: 502,
    proxyStatus: 'http_protocol_error',
    envoyFlag: 'UPE',
    blame: 'upstream',
    title: 'The upstream answered with something that is not valid HTTP',
  },
  BGW_ERR_HEADERS_TOO_LARGE: {
    statusCode: 502,
    proxyStatus: 'http_response_header_section_size',
    envoyFlag: 'UPE',
    blame: 'upstream',
    title: "The upstream's response headers were too large",
  },
  BGW_ERR_DNS: {
    statusCode: 502,
    proxyStatus: 'dns_error',
    envoyFlag: 'DF',
    blame: 'upstream',
    title: "The upstream's name did not resolve",
  },
  BGW_ERR_TLS_CERTIFICATE_ERROR: {
    statusCode: 502,
    proxyStatus: 'tls_certificate_error',
    envoyFlag: 'UF',
    blame: 'upstream',
    title: "The upstream's certificate is not to be trusted",
  },
  BGW_ERR_TLS_PROTOCOL_ERROR: {
    statusCode: 502,
    proxyStatus: 'tls_protocol_error',
    envoyFlag: 'UF',
    blame: 'upstream',
    title: 'The upstream does not speak TLS as the gateway does',
  },
  BGW_ERR_CONNECT_TIMEOUT: {
    statusCode: 504,
    proxyStatus: 'connection_timeout',
    envoyFlag: 'UF',
    blame: 'upstream',
    title: 'The upstream did not accept the connection in time',
  },
  BGW_ERR_RESPONSE_TIMEOUT: {
    statusCode: 504,
    proxyStatus: 'http_response_timeout',
    envoyFlag: 'UT',
    blame: 'upstream',
    title: 'The upstream did not answer in time',
  },
  BGW_ERR_DEADLINE: {
    statusCode: 504,
    proxyStatus: 'http_response_timeout',
    envoyFlag: 'UT',
    blame: 'gateway',
    title: "The request's deadline passed",
  },
  BGW_ERR_NO_UPSTREAM: {
    statusCode: 503,
    proxyStatus: 'destination_unavailable',
    envoyFlag: 'UH',
    blame: 'gateway',
    title: 'No upstream is available',
  },
  BGW_ERR_CONNECTION_LIMIT: {
    statusCode: 503,
    proxyStatus: 'connection_limit_reached',
    envoyFlag: 'UO',
    blame: 'gateway',
    title: 'The upstream has as many connections as it may have',
  },
  BGW_ERR_CONCURRENCY_LIMIT: {
    statusCode: 503,
    proxyStatus: 'connection_limit_reached',
    envoyFlag: 'UO',
    blame: 'gateway',
    title: 'The upstream has as many requests in flight as it may have',
  },
  BGW_ERR_QUEUE_FULL: {
    statusCode: 503,
    proxyStatus: 'connection_limit_reached',
    envoyFlag: 'UO',
    blame: 'gateway',
    title: 'The queue for the upstream is full',
  },
  BGW_ERR_QUEUE_TIMEOUT: {
    statusCode: 503,
    proxyStatus: 'connection_limit_reached',
    envoyFlag: 'UO',
    blame: 'gateway',
    title: 'The request waited too long in the queue for the upstream',
  },
  BGW_ERR_SHED: {
    statusCode: 503,
    proxyStatus: 'connection_limit_reached',
    envoyFlag: 'UO',
    blame: 'gateway',
    title: 'The gateway shed the request to protect more important ones',
  },
  BGW_ERR_HEDGE_LOST: {
    statusCode: 503,
    proxyStatus: 'destination_unavailable',
    envoyFlag: '-',
    blame: 'gateway',
    title: 'Another attempt at the same request answered first',
  },
  BGW_ERR_CIRCUIT_OPEN: {
    statusCode: 503,
    proxyStatus: 'destination_unavailable',
    envoyFlag: 'UO',
    blame: 'gateway',
    title: 'The circuit of the upstream is open',
  },
  BGW_ERR_RATE_LIMITED: {
    statusCode: 429,
    proxyStatus: 'http_request_denied',
    envoyFlag: 'RL',
    blame: 'client',
    title: 'The client sends more requests than it may',
  },
  BGW_ERR_BLOCKED: {
    statusCode: 403,
    proxyStatus: 'http_request_denied',
    envoyFlag: '-',
    blame: 'client',
    title: 'A rule of the gateway does not let the request in',
  },
  BGW_ERR_BAD_REQUEST: {
    statusCode: 400,
    proxyStatus: 'http_request_error',
    envoyFlag: 'DPE',
    blame: 'client',
    title: 'The request is not valid HTTP',
  },
  BGW_ERR_NO_ROUTE: {
    statusCode: 404,
    proxyStatus: 'destination_not_found',
    envoyFlag: 'NR',
    blame: 'client',
    title: 'No route leads where the request wants to go',
  },
  BGW_ERR_CLIENT_TIMEOUT: {
    statusCode: 408,
    proxyStatus: 'http_request_error',
    envoyFlag: 'SI',
    blame: 'client',
    title: 'The client was too slow in sending its request',
  },
  BGW_ERR_REQUEST_TOO_LARGE: {
    statusCode: 413,
    proxyStatus: 'http_request_error',
    envoyFlag: '-',
    blame: 'client',
    title: "The request's body is larger than the gateway takes",
  },
  BGW_ERR_URI_TOO_LONG: {
    statusCode: 414,
    proxyStatus: 'http_request_error',
    envoyFlag: '-',
    blame: 'client',
    title: "The request's address is longer than the gateway takes",
  },
  BGW_ERR_REQUEST_HEADERS_TOO_LARGE: {
    statusCode: 431,
    proxyStatus: 'http_request_error',
    envoyFlag: '-',
    blame: 'client',
    title: "The request's headers are larger than the gateway takes",
  },
  BGW_ERR_BODY_TIMEOUT: {
    statusCode: 504,
    proxyStatus: 'http_response_timeout',
    envoyFlag: 'UT',
    blame: 'upstream',
    title: 'The response body stood still for too long',
  },
  BGW_ERR_BODY_BROKEN: {
    statusCode: 502,
    proxyStatus: 'http_response_incomplete',
    envoyFlag: 'UC',
    blame: 'upstream',
    title: 'The response body broke off after its headers had been sent',
  },
  BGW_ERR_CLIENT_LEFT: {
    statusCode: 499,
    proxyStatus: 'http_request_error',
    envoyFlag: 'DC',
    blame: 'client',
    title: 'The client left before it was answered',
  },
  BGW_ERR_INTERNAL: {
    statusCode: 500,
    proxyStatus: 'proxy_internal_error',
    envoyFlag: '-',
    blame: 'gateway',
    title: 'The gateway itself failed',
  },
} as const satisfies Record<string, ErrorSpec>;

export type ErrorCode = keyof typeof ERRORS;

/** The cause as results and metrics name it: `BGW_ERR_NO_UPSTREAM` → `no_upstream`. */
export const causeOf = (code: ErrorCode): string => code.slice('BGW_ERR_'.length).toLowerCase();

/** A request that failed for a reason of the table above. Policies reject with this and nothing else. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: ErrorCode;
  readonly spec: ErrorSpec;

  /** @param detail what happened in this case, for logs; never shown to a client. */
  constructor(code: ErrorCode, detail?: string, options?: ErrorOptions) {
    super(detail ?? ERRORS[code].title, options);
    this.code = code;
    this.spec = ERRORS[code];
  }
}

/** What a command ends with; the numbers are those of k6 where it has one. */
export const EXIT_CODES = {
  pass: 0,
  internal: 1,
  usage: 2,
  inconclusive: 98,
  failed: 99,
  couldNotStart: 103,
  invalidScenario: 104,
  interrupted: 105,
} as const;

export type ExitReason = keyof typeof EXIT_CODES;

/** An error that is the user's or the machine's, not ours: printed without a stack, and it decides the exit code. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly reason: ExitReason;

  constructor(reason: ExitReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** What a person said wrongly on the command line, or in a file that it names. */
export const usageError = (message: string): UserError => new UserError('usage', message);
