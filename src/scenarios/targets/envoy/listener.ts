/** The side of the clients: Envoy's listener and its HTTP connection manager. */
import { DEFAULTS } from '../loss-list.js';
import { httpFilters } from './filters.js';
import { virtualHost } from './routes.js';
import { count, duration, extension, type Fields, type Parts } from './words.js';

export const ACCESS_LOG = 'access.log';

/** The name under which the file of routes is asked for. */
export const ROUTES = 'routes';

/** What one line of the access log says; Envoy leaves `-` where there is nothing. */
const LOGGED = {
  ray: '%RESP(X-RAY-ID)%',
  method: '%REQ(:METHOD)%',
  path: '%REQ(:PATH)%',
  status: '%RESPONSE_CODE%',
  flags: '%RESPONSE_FLAGS%',
  details: '%RESPONSE_CODE_DETAILS%',
  upstream: '%UPSTREAM_HOST%',
  failure: '%UPSTREAM_TRANSPORT_FAILURE_REASON%',
  attempts: '%UPSTREAM_REQUEST_ATTEMPT_COUNT%',
  duration_ms: '%DURATION%',
};

const accessLog = (folder: string): Fields =>
  extension('envoy.access_loggers.file', 'envoy.extensions.access_loggers.file.v3.FileAccessLog', {
    path: `${folder}/${ACCESS_LOG}`,
    log_format: { json_format: LOGGED },
  });

/** Routes, with what is told to upstreams of the time they have. */
export const routeConfig = (parts: Parts): Fields => {
  const {
    state: { config },
    losses,
    note,
  } = parts;
  const { deadlineHeader, profile } = config;
  const told = profile === 'naive' ? null : deadlineHeader;
  if (told !== null) {
    losses.otherwise(
      ['deadlineHeader'],
      'upstreams are told the time of one attempt unless the client says another; what is left is in x-envoy-expected-rq-timeout-ms',
    );
  }
  return {
    name: ROUTES,
    virtual_hosts: [virtualHost(parts)],
    ...(told !== null && {
      ...note('deadlineHeader'),
      request_headers_to_add: [
        {
          header: {
            key: told,
            value: String(
              Math.max(1, Math.round(Math.min(config.attemptTimeoutMs, config.requestTimeoutMs))),
            ),
          },
          append_action: 'ADD_IF_ABSENT',
        },
      ],
    }),
  };
};

/** Envoy counts in KiB, up to 8 MiB. */
const headerKib = (bytes: number): number => Math.max(1, Math.min(8_192, Math.ceil(bytes / 1_024)));

const limits = ({
  state: {
    config: { listener, profile },
  },
  note,
}: Parts): Fields =>
  profile === 'naive'
    ? {}
    : {
        ...note('listener'),
        max_request_headers_kb: headerKib(listener.maxHeaderBytes),
        request_headers_timeout: duration(listener.headerTimeoutMs),
        common_http_protocol_options: { idle_timeout: duration(listener.keepAliveMs) },
      };

const manager = (routes: Fields, parts: Parts): Fields => {
  const { site } = parts;
  return extension(
    'envoy.filters.network.http_connection_manager',
    'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    {
      stat_prefix: 'ingress',
      codec_type: 'AUTO',
      ...limits(parts),
      use_remote_address: true,
      // Nobody is internal: everybody gets a request ID of Envoy's, and nobody may set its timeouts.
      internal_address_config: {},
      ...routes,
      http_filters: httpFilters(parts),
      ...(site.purpose === 'run' && { access_log: [accessLog(site.folder)] }),
    },
  );
};

const connectionLimit = ({
  state: {
    config: { listener },
  },
  note,
}: Parts): Fields[] =>
  listener.maxConnections === DEFAULTS.listener.maxConnections
    ? []
    : [
        {
          ...note('listener.maxConnections'),
          ...extension(
            'envoy.filters.network.connection_limit',
            'envoy.extensions.filters.network.connection_limit.v3.ConnectionLimit',
            { stat_prefix: 'ingress', max_connections: count(listener.maxConnections) },
          ),
        },
      ];

const downstreamTls = ({
  state: {
    config: { listener },
  },
  note,
}: Parts): Fields => {
  if (listener.tls === null) return {};
  const { certificatePath, keyPath } = listener.tls;
  return {
    ...note('listener.tls'),
    transport_socket: extension(
      'envoy.transport_sockets.tls',
      'envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
      {
        common_tls_context: {
          alpn_protocols: listener.http2 ? ['h2', 'http/1.1'] : ['http/1.1'],
          tls_certificates: [
            { certificate_chain: { filename: certificatePath }, private_key: { filename: keyPath } },
          ],
        },
      },
    ),
  };
};

/** @param routes either in here, or where they are to be read. */
export const listenerFields = (routes: Fields, parts: Parts): Fields => ({
  name: 'ingress',
  address: { socket_address: { address: parts.site.host, port_value: parts.site.port } },
  filter_chains: [{ filters: [...connectionLimit(parts), manager(routes, parts)], ...downstreamTls(parts) }],
});
